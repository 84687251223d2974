"""One valid body for every address that writes, so that a refusal for the body can never hide a missing check of
the role; and what stands in the database for each of them to change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.core.files.uploadedfile import SimpleUploadedFile

from enishi.kit.clock import system_clock

if TYPE_CHECKING:
    from tests.world import World

CSV = "id,name\nw-1,株式会社ひとつ\nw-2,株式会社ふたつ\n".encode()
METRIC = {"id": "clicks", "title:en": "Clicks", "title:ja": "クリック", "type": "count", "a:events": "Click"}
# The name of the own metric, scorecard and rules the writes are tried on.
OWN_METRIC, OWN_CARD = "own_clicks", "own_card"


@dataclass
class Stage:
    """What the writes fall on: numbers by name, and those that are each member's own."""

    world: World
    now: datetime
    numbers: dict[str, int] = field(default_factory=dict)
    own: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def today(self) -> date:
        return self.now.date()

    def ahead(self, days: int) -> str:
        return (self.today + timedelta(days=days)).isoformat()

    @property
    def sakura(self) -> int:
        return self.world.accounts["sakura"].pk


Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Write:
    """What is sent. ``values`` fill the address, ``query`` follows it; ``json`` is for the API.

    Args:
        before: sets the scene for this write alone.
        changes: whether it changes rows of the database; False where it only answers (a preview, a file).
    """

    data: Callable[[Stage], Body] = lambda stage: {}
    values: Callable[[Stage, str], Body] = lambda stage, column: {}
    query: Callable[[Stage], str] = lambda stage: ""
    before: Callable[[Stage], None] = lambda stage: None
    json: bool = False
    changes: bool = True


def number(name: str) -> Callable[[Stage, str], Body]:
    """The address names a row of the stage; where each member has one of their own, that one."""
    return lambda stage, column: {"number": str(stage.own.get((name, column)) or stage.numbers.get(name, 0))}


def card(stage: Stage, column: str) -> Body:
    return {"slug": OWN_CARD}


def metric(stage: Stage, column: str) -> Body:
    return {"slug": OWN_METRIC}


def bulk(**more: str) -> Callable[[Stage], Body]:
    return lambda stage: {"account": [str(stage.sakura)], "due_on": stage.ahead(3), **more}


def suzuki(stage: Stage) -> str:
    return str(stage.world.members["suzuki"].pk)


def pick(stage: Stage) -> Body:
    return {"pick": ["1:app\tgroup-x"], "account-1": f"x #{stage.sakura}"}


def pair(stage: Stage) -> Body:
    fuji = stage.world.accounts["fuji"].pk
    return {"account": f"f #{fuji}", "survivor": f"s #{stage.sakura}", "bond": "duplicates"}


def company(stage: Stage) -> Body:
    return {
        "name": "改名株式会社", "language": "ja", "time_zone": "Asia/Tokyo", "week_start": "0", "fiscal_year_start": "4",
        "currency": "JPY", "gross_margin": "70", "holiday_country": "JP", "extra_holidays": "2026-12-29 休業",
        "factor_rule": "off", "factor_grace_days": "0",
    }  # fmt: skip


def rights(stage: Stage) -> Body:
    return {"family_name": "改名", "role": "csm", "scope": "own", "language": "ja"}


def lock_tanaka(stage: Stage) -> None:
    from enishi.web import locks

    locks.lock(stage.world.members["tanaka"].email)


def give_tanaka_a_factor(stage: Stage) -> None:
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    TOTP.activate(stage.world.members["tanaka"], generate_totp_secret())


def rules(stage: Stage) -> Body:
    from enishi.definitions.api import as_yaml, default_body

    body = {**default_body("causes", "default"), "title": {"en": "Own causes", "ja": "自社の原因"}}
    return {"text": as_yaml("causes", "default", body), "act": "publish"}


def definition(stage: Stage) -> Body:
    from enishi.definitions.api import as_yaml

    text = as_yaml("metric", "brought_in", {**own_metric(), "id": "brought_in"})
    return {"file": SimpleUploadedFile("brought_in.yaml", text.encode()), "act": "publish"}


def own_metric() -> dict[str, Any]:
    return {
        "id": OWN_METRIC,
        "title": {"en": "Own", "ja": "自社"},
        "type": "count",
        "events": ["Click"],
        "window": 28,
    }


def mapping(stage: Stage) -> Body:
    return {"kind": "account", "system": "crm", "col-id": "id", "col-name": "name"}


def alike(stage: Stage) -> Body:
    """A name for the one company of the stage's file that has none."""
    from enishi.ingest.models import Reject

    row = Reject.objects.get(pk=stage.numbers["row"])
    return {
        "kind": row.kind, "source": row.source, "reason": row.reason, "place": row.place, "act": "values",
        "from-0": "", "to-0": "株式会社なおった",
    }  # fmt: skip


def alike_tried(stage: Stage) -> Body:
    from enishi.web.pages.rejects.mend_views import tried_digest

    return {**alike(stage), "seen": tried_digest(alike(stage))}


def offer(stage: Stage, column: str) -> Body:
    return {"number": str(stage.sakura), "offer": "more_seats"}


def offer_slug(stage: Stage, column: str) -> Body:
    return {"slug": "more_seats"}


def offer_text() -> Body:
    from enishi.definitions.api import as_yaml, default_body

    body = {**default_body("offer", "more_seats"), "priority": 5}
    return {"text": as_yaml("offer", "more_seats", body), "act": "publish"}


def fit_text() -> Body:
    from enishi.definitions.api import as_yaml, default_body

    return {
        "text": as_yaml("fit", "default", {**default_body("fit", "default"), "minimum_coverage": 0.3}),
        "act": "publish",
    }


def growth_fit() -> int:
    """An earlier fit of a kind beside the one in use."""
    from enishi.growth.models import Propensity

    day = date(2026, 11, 1)
    Propensity.objects.get_or_create(kind="seats", in_use=True, defaults={"horizon": 180, "day": day})
    return Propensity.objects.create(kind="seats", in_use=False, horizon=180, day=day).pk


def fit_told(stage: Stage) -> int:
    from enishi.fit.models import FitOpinion

    told, _new = FitOpinion.objects.get_or_create(
        account_id=stage.sakura, input="success_stated", withdrawn_on=None,
        defaults={"points": 80, "reason": "役員の後押しがある", "stated_on": stage.today},
    )  # fmt: skip
    return told.pk


def nothing_offered() -> None:
    from enishi.growth.models import Proposal

    Proposal.objects.all().delete()


def renewal_said(stage: Stage) -> Body:
    return {"category": "at_risk", "reason": "責任者の異動", "expires_on": stage.ahead(30)}


def renewal_judged(stage: Stage) -> None:
    from enishi.outlook.models import RenewalCall

    RenewalCall.objects.get_or_create(
        account_id=stage.sakura, ended_at=None, renewal_on=stage.today, category="at_risk", computed="commit",
        defaults={"expires_on": stage.today + timedelta(days=30)},
    )  # fmt: skip


def churn_versions(stage: Stage) -> None:
    from enishi.risk.models import ForecastModel

    for version in (1, 2):
        ForecastModel.objects.update_or_create(
            horizon=90, version=version, defaults={"kind": "logistic", "outcome": "churn:90", "as_of": stage.today, "status": "retired"},
        )  # fmt: skip


def nothing_learned() -> None:
    from enishi.risk.models import ForecastRun

    ForecastRun.objects.filter(status="queued").delete()


def nothing_forecast() -> None:
    from enishi.outlook.models import Forecast

    Forecast.objects.filter(status="queued").delete()


def fiscal_year(stage: Stage) -> str:
    from enishi.metrics.periods import period_of

    return period_of(stage.today, "year", 4).start.isoformat()


def effort(stage: Stage) -> Body:
    return {
        "churn": "12", "expansion": "8", "new": "0", "margin": "80", "months": "24", "churn_minutes": "1000",
        "expansion_minutes": "900", "floor": "2", "ceiling": "40",
    }  # fmt: skip


ACTS: dict[str, Callable[[Stage], Body]] = {
    "log": lambda s: {"type": "call", "occurred_on": s.today.isoformat(), "minutes": "15", "two_way": "on"},
    "task": lambda s: {"title": "電話する", "due_on": s.ahead(3), "assignee": str(s.world.members["takahashi"].pk)},
    "delegate": lambda s: {"title": "電話する", "due_on": s.ahead(3), "assignee": str(s.numbers["colleague"])},
    "snooze": lambda s: {"until": "date", "day": s.ahead(5), "reason": "返事待ち"},
    "override": lambda s: {"band": "green", "reason": "更新が決まった", "expires_on": s.ahead(30)},
    "measure": lambda s: {"measure": measure_name(), "value": "70", "note": "良好", "expires_on": s.ahead(30)},
    "stage": lambda s: {"stage": "adoption"},
    "owner": lambda s: {"owner": suzuki(s)},
    "tier": lambda s: {"tier": "tech", "reason": "重要"},
}  # fmt: skip


def measure_name() -> str:
    from enishi.work.api import manual_measures

    return next(iter(manual_measures()))


# Addresses whose verb decides who may: each verb is a row of its own.
VERBS: dict[str, dict[str, Callable[[Stage], Body]]] = {
    "account-act": ACTS,
    "portfolio-bulk": {
        "owner": lambda s: bulk(owner=suzuki(s))(s),
        "stage": bulk(stage="adoption"),
        "tier": bulk(tier="tech", reason="重要"),
        "task": bulk(title="電話する"),
        "snooze": lambda s: bulk(until=s.ahead(7))(s),
        "unsnooze": lambda s: bulk(at=s.now.isoformat())(s),
        "tag": bulk(tag="重点"),
        "untag": bulk(untag="更新前"),
    },
}

WRITES: dict[str, Write] = {
    "language": Write(lambda s: {"language": "en"}),
    "account_logout": Write(changes=False),
    "today-undo": Write(values=number("attention")),
    "account-done": Write(),
    "account-override-end": Write(),
    "account-note-add": Write(lambda s: {"body": "打ち合わせの要点"}),
    "account-task": Write(values=lambda s, c: {"number": str(s.numbers["task"]), "verb": "done"}),
    "account-note-edit": Write(lambda s: {"body": "書き直し"}, number("note")),
    "account-note-act": Write(values=lambda s, c: {**number("note")(s, c), "verb": "pin"}),
    "stakeholder-opinion": Write(lambda s: {"role": "champion"}, lambda s, c: {"number": str(s.sakura), "contact": str(s.world.contacts["kobayashi"].pk)}),
    "stakeholder-undo": Write(values=number("assessment")),
    "stakeholder-move": Write(values=lambda s, c: {**number("move")(s, c), "verb": "confirm"}),
    "portfolio-view-save": Write(lambda s: {"name": "私の一覧", "back": "?band=red"}),
    "portfolio-view-default": Write(lambda s: {"view": str(s.numbers["shared"])}),
    "portfolio-view-delete": Write(values=number("view")),
    "portfolio-export": Write(lambda s: {"format": "csv", "back": ""}),
    "portfolio-export-file": Write(values=number("export"), changes=False),
    "growth-propose": Write(lambda s: {"title": "提案する", "assignee": str(s.world.members["takahashi"].pk)}, offer, before=lambda s: nothing_offered()),
    "growth-aside": Write(lambda s: {"reason": "予算が決まってから", "until": s.ahead(60)}, offer),
    "growth-result": Write(lambda s: {"won": "0", "reason": "今期は予算がない"}, number("proposal")),
    "value-run": Write(),
    "value-settings": Write(lambda s: {"discount_rate": "12", "horizon_years": "8", "hour_cost": "5000", "ticket_cost": "", "ranking": "auto"}),
    "growth-undo": Write(values=number("proposal")),
    "growth-version-use": Write(values=lambda s, c: {"number": str(growth_fit())}),
    "growth-hour-declare": Write(effort),
    "executive-pdf": Write(),
    "outlook-make": Write(before=lambda s: nothing_forecast()),
    "outlook-judge": Write(renewal_said),
    "outlook-withdraw": Write(before=lambda s: renewal_judged(s)),
    "outlook-thresholds": Write(lambda s: {"commit": "8", "at_risk": "25"}),
    "targets-set": Write(lambda s: {f"nrr:year:{fiscal_year(s)}": "104"}),
    "targets-import": Write(lambda s: {"file": SimpleUploadedFile("targets.csv", b"measure,period,value\nnrr,FY2030,104\n")}),
    "fit-axes": Write(changes=False),  # the axes as they stand: nothing is put in force
    "fit-axes-preview": Write(changes=False),
    "fit-axes-text": Write(lambda s: fit_text()),
    "fit-axes-rollback": Write(lambda s: {"number": "1"}),
    "account-fit-state": Write(lambda s: {"input": "success_stated", "points": "80", "reason": "役員の後押しがある"}),
    "account-fit-withdraw": Write(values=lambda s, c: {"number": str(fit_told(s))}),
    "growth-offer-new": Write(),
    "growth-offer": Write(values=offer_slug, changes=False),  # the offer as it stands: nothing is put in force
    "growth-offer-text": Write(lambda s: offer_text(), offer_slug),
    "growth-offer-rollback": Write(lambda s: {"number": "1"}, offer_slug),
    "growth-offer-retire": Write(values=offer_slug),
    "health-card-new": Write(lambda s: {"source": "default", "title": "別のカード"}),
    "health-card-preview": Write(values=card, changes=False),
    "health-card-draft": Write(lambda s: {"card:title:en": "New title", "card:title:ja": "新しい名前"}, card),
    "health-card-discard": Write(values=card),
    "health-card-test": Write(values=card),
    "health-card-publish": Write(lambda s: {"note": "理由"}, card),
    "health-card-rollback": Write(lambda s: {"number": "1"}, card),
    "health-card-retire": Write(values=card),
    "health-metric-new": Write(lambda s: METRIC),
    "health-metric-preview": Write(lambda s: METRIC, changes=False),
    "health-metric-edit": Write(lambda s: {**METRIC, "id": OWN_METRIC, "title:en": "Other"}, metric),
    "health-metric-retire": Write(values=metric),
    "health-rules-edit": Write(changes=False),  # the rules as they stand: nothing is put in force
    "health-rules-text": Write(rules),
    "health-rules-rollback": Write(lambda s: {"number": "1"}),
    "health-definitions-import": Write(definition),
    "forecast-learn": Write(before=lambda s: nothing_learned()),
    "forecast-use": Write(values=lambda s, c: {"horizon": "90", "version": "1"}, before=lambda s: churn_versions(s)),
    "texts-learn": Write(),
    "texts-version-use": Write(values=number("text version")),
    "text-correct": Write(lambda s: {"tone": "neutral", "topic": "usability"}, number("text")),
    "text-withdraw": Write(values=number("text")),
    "setup-write-key": Write(before=lambda s: revoke_all()),
    "setup-sample": Write(),
    "setup-score": Write(),
    "company": Write(company),
    "names": Write(lambda s: {"events:Click:ja": "クリック", "events:Click:en": "Click"}),
    "privacy-retention": Write(lambda s: {"raw_months": "24"}),
    "privacy-erasure": Write(lambda s: {"reason": "本人からの請求"}, number("contact")),
    "import-new": Write(lambda s: {"file": SimpleUploadedFile("new.csv", CSV), "kind": "account"}),
    "mapping-forget": Write(values=number("mapping")),
    "import-change": Write(mapping, number("import")),
    "import-try": Write(mapping, number("import")),
    "import-run": Write(mapping, number("import")),
    "import-discard": Write(values=number("import")),
    "import-row": Write(
        lambda s: {"cell-0": "w-9", "cell-1": "株式会社なおった"},
        lambda s, c: {"number": str(s.numbers["done"]), "reject": str(s.numbers["row"])},
    ),
    "import-undo": Write(values=number("done")),
    "write-key-new": Write(lambda s: {"name": "新しいキー", "system": "app"}),
    "write-key": Write(lambda s: {"name": "改名", "system": "app"}, number("write_key")),
    "write-key-revoke": Write(lambda s: {"name": "web"}, number("write_key")),
    "api-key-new": Write(lambda s: {"name": "新しいAPIキー", "system": "crm", "scopes": ["read:ticket"]}),
    "api-key-revoke": Write(lambda s: {"name": "warehouse"}, number("api_key")),
    "rejects-many": Write(lambda s: {"pick": [str(s.numbers["row"])], "verb": "discard"}),
    "rejects-reopen": Write(query=lambda s: f"items={s.numbers['discarded']}"),
    "rejects-alike-try": Write(alike, changes=False),
    "rejects-alike-apply": Write(alike_tried),
    "correction-forget": Write(values=number("correction")),
    "correction-again": Write(values=number("stopped")),
    "reject-replay": Write(lambda s: {"cell-0": "w-9", "cell-1": "株式会社なおった"}, number("row")),
    "reject-discard": Write(values=number("row")),
    "identity-groups": Write(pick),
    "identity-users-settle": Write(pick),
    "identity-id-new": Write(lambda s: {"system": "erp", "value": "e-1", "account": f"x #{s.sakura}"}),
    "identity-unlink": Write(values=number("link")),
    "identity-merge": Write(pair),
    "identity-unmerge": Write(values=number("merge")),
    "member-invite": Write(lambda s: {**rights(s), "email": "new@soratech.example"}),
    "member": Write(rights),
    "member-invitation": Write(values=number("invited")),
    "member-revoke": Write(values=number("invited")),
    "member-deactivate": Write(lambda s: {"heir": suzuki(s)}),
    "member-reactivate": Write(values=number("inactive")),
    "member-hand-over": Write(lambda s: {"heir": suzuki(s)}),
    "handed-over": Write(values=number("handed")),
    "member-unlock": Write(before=lock_tanaka),
    "member-factor": Write(before=give_tanaka_a_factor),
    "teams": Write(lambda s: {"name": "新しいチーム"}),
    "team": Write(lambda s: {"name": "改名"}),
    "team-delete": Write(),
    "me": Write(lambda s: {"family_name": "改名", "language": "ja"}),
    "outbox-again": Write(values=number("dead")),
    "outbox-cancel": Write(values=number("queued")),
}  # fmt: skip

# Of the API, by method and row of the table; those of the kinds of record are made by :func:`write_of_kind`.
API_WRITES: dict[tuple[str, str], Write] = {
    ("POST", "/api/v1/erasures"): Write(lambda s: {"contact": "api-1"}, json=True),
    ("POST", "/api/v1/events"): Write(
        lambda s: {"records": [{"occurred_at": "2026-01-05T00:00:00Z", "event": "X", "user": "u"}]},
        json=True,
        changes=False,  # it goes into the inbox
    ),
    ("POST", "/api/v1/merges"): Write(
        lambda s: {"account": s.world.accounts["fuji"].pk, "survivor": s.sakura}, json=True
    ),
    ("DELETE", "/api/v1/merges/<int:number>"): Write(values=number("merge"), json=True),
}


def write_of_kind(method: str, slug: str) -> Write:
    """A record made by the API, or the stage's own deleted."""
    if method == "DELETE":
        return Write(values=lambda s, c: {"outside_id": "api-1"}, json=True)
    return Write(lambda s: {"records": [{**api_row(kind_of(slug), s), "id": "api-2"}]}, json=True)


def kind_of(slug: str) -> Any:
    from enishi.store.kinds import KINDS
    from enishi.web.rest.shapes import slug_of

    return next((kind for kind in KINDS.values() if slug_of(kind) == slug), None)


def revoke_all() -> None:
    from enishi.ingest.models import WriteKey

    WriteKey.objects.update(revoked_at=system_clock())


# Answered whatever the method, and without reading what is sent.
DEAF = frozenset({"openapi-json"})
# Pages of the sign-in whose forms are tried in their own tests: nothing of a company stands behind them.
SIGN_IN = frozenset(
    {
        "account_login", "mfa_authenticate", "account_reset_password", "account_reset_password_from_key",
        "account_change_password", "account_set_password", "account_reauthenticate", "mfa_reauthenticate",
        "mfa_activate_totp", "mfa_deactivate_totp", "mfa_generate_recovery_codes", "mfa_view_recovery_codes",
        "mfa_download_recovery_codes", "mfa_index", "usersessions_list", "invitation",
    }
)  # fmt: skip


def api_row(kind: Any, stage: Stage) -> dict[str, Any]:
    """A record of a kind that the API takes."""
    texts = {
        "text": "x", "integer": 1, "number": 1.5, "money": "100", "currency": "JPY", "boolean": True,
        "date": "2026-01-05", "instant": "2026-01-05T00:00:00Z", "email": "x@sakura.example",
    }  # fmt: skip
    row: dict[str, Any] = {"id": "api-1"}
    for spec in kind.fields:
        if spec.name == "account":
            row["account"] = stage.world.accounts["sakura"].outside_id
        elif spec.required and spec.name != "id":
            row[spec.name] = spec.choices[0][0] if spec.choices else texts[str(spec.type.value)]
    return row
