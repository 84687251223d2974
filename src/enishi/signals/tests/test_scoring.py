"""The daily pass on published facts: states, history, signals; and that what was once said stays said."""

from __future__ import annotations

import importlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.apps import apps as django_apps

from enishi.accounts.models import Account, Member, RecordVersion
from enishi.definitions.actions import install_defaults, save_draft
from enishi.definitions.actions import publish as publish_version
from enishi.definitions.models import Definition, DefinitionVersion
from enishi.definitions.reads import default_body
from enishi.kit.errors import EnishiError, NotFound
from enishi.kit.home import Home
from enishi.signals import api
from enishi.signals.bands import GREEN, RED, YELLOW
from enishi.signals.filling import history_days
from enishi.signals.models import AccountState, HealthScore, ManualMeasure, Override, ScoringRun, Signal
from enishi.signals.scoring import bands_before
from enishi.signals.tests.world import ACCOUNTS, NOW, TODAY, record
from enishi.store.manifest import read_manifest, write_manifest
from enishi.store.testing import publish

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("accounts"), pytest.mark.slow]
DAY = timedelta(days=1)


def tenths_on(day: date) -> dict[int, int | None]:
    return dict(HealthScore.objects.filter(day=day).values_list("account_id", "tenths"))


def test_a_pass_writes_a_whole_state_per_account(home: Home) -> None:
    told: list[float] = []
    run = api.score_day(TODAY, now=NOW, home=home, progress=lambda done, total: told.append(done / total))
    assert (run.status, run.accounts, run.progress) == ("done", ACCOUNTS, 100)
    assert told[-1] == 1
    states = list(AccountState.objects.all())
    assert len(states) == ACCOUNTS
    for state in states:
        assert state.tenths is not None
        assert sum(line["tenths"] for line in state.lines) == state.tenths
        assert state.tenths_week_ago is not None
        assert sum(change["tenths"] for change in state.changes) == state.tenths - state.tenths_week_ago
        assert {"text_ja", "text_en", "href_kind", "status"} <= set(state.lines[0])
        assert state.metrics["events_90"] is not None
        assert state.stage == "adoption"
    bands = {state.pk: state.band for state in states}
    assert bands[3] == "red"  # stopped a year ago
    assert bands[4] == "green"
    stopped = AccountState.objects.get(pk=3)
    assert stopped.main_cause == "disengagement"
    assert stopped.causes[0]["evidence"][0]["kind"] == "usage"
    assert stopped.last_seen_on is not None
    assert stopped.last_seen_on < TODAY - timedelta(days=180)


def test_the_same_day_again_changes_nothing(home: Home) -> None:
    api.score_day(TODAY, now=NOW, home=home)
    AccountState.objects.filter(pk=1).update(tier="high")
    before = list(
        AccountState.objects.order_by("pk").values("pk", "tenths", "lines", "causes", "alerts", "tier")
    )
    signals = Signal.objects.count()
    api.score_day(TODAY, now=NOW + timedelta(hours=1), home=home)
    after = list(
        AccountState.objects.order_by("pk").values("pk", "tenths", "lines", "causes", "alerts", "tier")
    )
    assert after == before
    assert Signal.objects.count() == signals
    assert HealthScore.objects.count() == ACCOUNTS


def test_what_was_said_of_a_day_stays_when_late_events_arrive(home: Home) -> None:
    past = TODAY - timedelta(days=3)
    api.score_day(past, now=NOW, home=home)
    said, explained = tenths_on(past), api.explain(3, past, home=home)["tenths"]
    late = {"group_no": 3, "user_no": 30, "event": "Report Made", "product": "P", "n": 50, "known_on": TODAY}
    publish(home, "usage", [{**late, "day": past - DAY * k} for k in range(20)])
    api.score_day(TODAY, now=NOW, home=home)
    assert tenths_on(past) == said
    AccountState.objects.all().delete()
    assert api.explain(3, past, home=home)["tenths"] == explained == said[3]
    assert tenths_on(TODAY)[3] > said[3]  # type: ignore[operator]


@pytest.mark.both
def test_the_past_is_filled_once_and_read_as_it_was_known(home: Home) -> None:
    start = TODAY - timedelta(days=120)
    written = api.backfill_scores(TODAY - DAY, start, now=NOW, home=home)
    days = history_days(start, TODAY - DAY)
    assert len(days) == 95
    assert written == len(days) * ACCOUNTS
    assert api.backfill_scores(TODAY - DAY, start, now=NOW, home=home) == 0
    assert Signal.objects.filter(type="cause:disengagement", until=None).exists()
    past = days[-30]
    scores = api.scores_as_of(past, home=home)
    assert len(scores) == ACCOUNTS
    lines = api.lines_of(scores[3], home=home)
    assert sum(line["tenths"] for line in lines) == scores[3].tenths
    weekly = api.lines_of(HealthScore.objects.get(account=3, day=TODAY - DAY), home=home)
    assert sum(line["tenths"] for line in weekly) == tenths_on(TODAY - DAY)[3]
    assert "点" in weekly[0]["text_ja"]


def test_a_day_to_come_is_not_judged_and_what_was_kept_of_one_goes(home: Home) -> None:
    tomorrow = TODAY + DAY
    for judging in (api.scores_as_of, api.score_day):
        with pytest.raises(EnishiError) as caught:
            judging(tomorrow, home=home, now=NOW)
        assert caught.value.code == "future_day"
    assert not HealthScore.objects.filter(day__gt=TODAY).exists()
    api.score_day(TODAY, now=NOW, home=home)
    HealthScore.objects.update(day=tomorrow)
    assert api.drop_future_scores(NOW) == ACCOUNTS
    assert not HealthScore.objects.exists()


def test_a_day_never_scored_is_computed_when_asked_for(home: Home) -> None:
    past = TODAY - timedelta(days=40)
    scores = api.scores_as_of(past, home=home, now=NOW)
    assert len(scores) == ACCOUNTS
    explained = api.explain(1, past, home=home)
    assert explained["tenths"] == scores[1].tenths
    assert explained["band"] == scores[1].band
    assert (
        sum(c["tenths"] for c in explained["changes"]) == explained["tenths"] - explained["tenths_week_ago"]
    )
    with pytest.raises(NotFound):
        api.explain(999, past, home=home)
    assert api.explain(1, home=home)["account_id"] == 1  # no score of today yet: from the facts


def test_a_past_day_has_one_judgement_whoever_asks_first_and_asking_leaves_no_trace(home: Home) -> None:
    """Between two kept days: the list, the account and the day's scores say the same, and the history stays as it is."""
    api.backfill_scores(TODAY - DAY, TODAY - timedelta(days=130), now=NOW, home=home)
    kept = set(HealthScore.objects.values_list("account", "day", "tenths", "band"))
    days = {day for _account, day, _tenths, _band in kept}
    asked = next(d for k in range(100, 120) if (d := TODAY - timedelta(days=k)) not in days)
    explained = {n: api.explain(n, asked, home=home) for n in range(1, 9)}
    book = api.book_as_of(asked, home=home, now=NOW).set_index("account_id")
    scores = api.scores_as_of(asked, home=home, now=NOW)
    for number, told in explained.items():
        said = (told["tenths"], told["computed_band"])
        assert said == (scores[number].tenths, scores[number].band)
        assert said == (book.loc[number, "tenths"], book.loc[number, "band"])
        assert told["tenths_week_ago"] == told["tenths"] - book.loc[number, "change"]
        assert {n: api.explain(n, asked, home=home) for n in (number,)} == {number: told}
    assert set(book["version"]) == {1}
    assert set(HealthScore.objects.values_list("account", "day", "tenths", "band")) == kept


def test_the_arrow_follows_the_stored_weeks(home: Home) -> None:
    api.backfill_scores(TODAY - DAY, TODAY - timedelta(days=89), now=NOW, home=home)
    api.score_day(TODAY, now=NOW, home=home)
    arrows = set(AccountState.objects.values_list("trend", flat=True))
    assert arrows <= {"up", "down", "flat", ""}
    assert "flat" in arrows


def keep(account: int, day: date, scorecard: str, **more: Any) -> None:
    version = DefinitionVersion.objects.get(definition__slug="default", definition__kind="scorecard")
    HealthScore.objects.create(
        account_id=account,
        day=day,
        scorecard=scorecard,
        version=version,
        coverage=1,
        **{"band": "green"} | more,
    )


def test_the_step_to_another_scorecard_is_no_change_of_the_account(home: Home) -> None:
    install_defaults("system", NOW)
    for account in (7, 8):
        for week in range(1, 13):
            keep(account, TODAY - 7 * week * DAY, "default", tenths=990 + week % 2)
    body = default_body("scorecard", "default") | {"priority": 1, "applies_to": {"stages": ["onboarding"]}}
    publish_version(save_draft("scorecard", "young", body, actor="system", now=NOW), actor="system", now=NOW)
    publish(home, "record_account", [record(7, None, TODAY, name="Company 7", stage="onboarding")])
    api.score_day(TODAY, now=NOW, home=home)
    trends = dict(AccountState.objects.filter(pk__in=(7, 8)).values_list("pk", "trend"))
    assert trends == {7: "", 8: "down"}


def test_the_band_held_is_the_account_s_own_whatever_card_gave_it(home: Home) -> None:
    install_defaults("system", NOW)
    keep(7, TODAY - 2 * DAY, "default", band="yellow")
    keep(7, TODAY - DAY, "retired", band="green")
    keep(7, TODAY - DAY, "default", band="red", own=False)  # before it was moved, or a product's
    assert bands_before(TODAY, {7, 8}) == {7: GREEN}
    assert bands_before(TODAY, {7}, "default") == {7: RED}
    assert bands_before(TODAY - DAY, {7}) == {7: YELLOW}


@pytest.mark.parametrize(
    ("table", "rows", "alert", "kind"),
    [
        ("record_contact", [record(901, 1, TODAY, role="champion", left_on=TODAY)], "champion_gone", "contact"),
        ("record_invoice", [record(902, 1, TODAY - DAY * 40, issued_on=TODAY - DAY * 40, due_on=TODAY - DAY * 9, amount=1)], "payment_late", "invoice"),
        ("record_incident", [record(903, None, TODAY, started_at=datetime(2026, 6, 29, 1, tzinfo=UTC), ended_at=datetime(2026, 6, 29, 2, tzinfo=UTC), minutes=60)], "outage_suffered", "incident"),
    ],
)  # fmt: skip
@pytest.mark.both
def test_an_alert_fires_at_once_with_its_record(
    home: Home, table: str, rows: list[dict[str, Any]], alert: str, kind: str
) -> None:
    api.score_day(TODAY - DAY, now=NOW, home=home)
    assert not Signal.objects.filter(type=f"alert:{alert}").exists()
    publish(home, table, rows)
    opened = api.check_alerts([1, 2], TODAY, now=NOW, home=home)
    assert (1, f"alert:{alert}") in {(s.account_id, s.type) for s in opened}
    state = AccountState.objects.get(pk=1)
    (shown,) = [a for a in state.alerts if a["alert"] == alert]
    assert shown["since"] == TODAY.isoformat()
    assert (shown["evidence"][0]["kind"], shown["evidence"][0]["record_id"]) == (kind, rows[0]["record_id"])
    assert api.check_alerts([1, 2], TODAY, now=NOW, home=home) == []
    assert api.check_alerts([], TODAY, now=NOW, home=home) == []


def test_one_event_under_a_mistyped_id_makes_no_customer_in_danger(home: Home) -> None:
    stranger, there = 99, {"valid_on": TODAY - DAY, "known_on": TODAY - DAY}
    Account.objects.create(pk=stranger, name="C999999", source="product", outside_id="C999999")
    lead = {"record_id": 99, "account_id": stranger, "value": "C999999", "target": "account", "system": "product"}  # fmt: skip
    publish(home, "link", [{**lead, "valid_on": date(1970, 1, 1), "known_on": date(1970, 1, 1)}])
    publish(home, "record_account", [{"record_id": stranger, "name": "C999999", "outside_id": "C999999", **there}])  # fmt: skip
    publish(home, "groups", [{"group_no": stranger, "group_id": "C999999", "first_day": TODAY - DAY}])
    used = {"group_no": stranger, "user_no": 990, "day": TODAY - DAY, "event": "Logged In", "product": "P", "n": 1}  # fmt: skip
    publish(home, "usage", [used])
    publish(home, "record_ticket", [record(901, 1, TODAY - DAY * 9, opened_at=NOW - DAY * 9)])
    api.score_day(TODAY, now=NOW, home=home)
    state = AccountState.objects.get(pk=stranger)
    assert (state.band, state.tenths, state.metrics["tickets_open"]) == ("unknown", None, None)
    assert state.band_week_ago == ""
    told = api.limit_of(state.scorecard, state.tenths, state.coverage, state.lines)
    assert getattr(told, "code", None) == "stranger"
    assert not AccountState.objects.exclude(pk=stranger).filter(tenths=None).exists()
    assert not AccountState.objects.exclude(pk=stranger).filter(metrics__tickets_open=None).exists()
    api.score_day(TODAY, now=NOW, home=home, accounts=[stranger])
    assert AccountState.objects.get(pk=stranger).band == "unknown"


def test_a_signal_ends_when_its_fact_does(home: Home) -> None:
    invoice = record(902, 1, TODAY - DAY * 40, issued_on=TODAY - DAY * 40, due_on=TODAY - DAY * 9, amount=1)
    publish(home, "record_invoice", [invoice])
    api.check_alerts([1], TODAY - DAY, now=NOW, home=home)
    publish(home, "record_invoice", [{**invoice, "paid_on": TODAY, "known_on": TODAY}])
    api.score_day(TODAY, now=NOW, home=home)
    signal = Signal.objects.get(account=1, type="alert:payment_late")
    assert (signal.since, signal.until) == (TODAY - DAY, TODAY)
    assert AccountState.objects.get(pk=1).alerts == []


@pytest.mark.both
def test_an_override_stands_over_the_computed_band_until_it_expires(home: Home) -> None:
    given = {"account_id": 4, "band": "red", "reason": "決裁者から解約の示唆", "made_at": NOW}
    Override.objects.create(**given, expires_on=TODAY + DAY)
    Override.objects.create(**given | {"account_id": 14, "ended_at": NOW}, expires_on=TODAY + DAY)
    api.score_day(TODAY, now=NOW, home=home)
    state = AccountState.objects.get(pk=4)
    assert (state.band, state.computed_band) == ("red", "green")
    assert state.tenths == state.computed_tenths
    assert AccountState.objects.get(pk=14).band == "green"
    assert HealthScore.objects.get(account=4, day=TODAY).band == "green"
    api.score_day(TODAY + 2 * DAY, now=NOW + 2 * DAY, home=home)
    assert AccountState.objects.get(pk=4).band == "green"


def test_a_stated_measure_counts_until_it_expires(home: Home) -> None:
    ManualMeasure.objects.create(account_id=1, measure="pulse", value=0, made_at=NOW, expires_on=TODAY + DAY)
    api.score_day(TODAY, now=NOW, home=home)
    line = next(line for line in AccountState.objects.get(pk=1).lines if line["measure"] == "pulse")
    assert (line["points"], line["status"]) == (0, "ok")
    api.score_day(TODAY + 3 * DAY, now=NOW + 3 * DAY, home=home)
    later = next(line for line in AccountState.objects.get(pk=1).lines if line["measure"] == "pulse")
    assert (later["points"], later["status"]) == (None, "missing")


def test_states_of_accounts_that_are_gone_go_too(home: Home) -> None:
    api.score_day(TODAY, now=NOW, home=home)
    Account.objects.filter(pk=5).update(deleted_at=NOW)
    api.score_day(TODAY, now=NOW, home=home)
    assert not AccountState.objects.filter(pk=5).exists()


def test_a_failed_pass_says_why(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr("enishi.signals.scoring.read_frame", fail)
    with pytest.raises(RuntimeError):
        api.score_day(TODAY, now=NOW, home=home)
    run = ScoringRun.objects.get()
    assert (run.status, run.error) == ("failed", "RuntimeError: disk full")


def test_new_records_are_looked_at_as_they_become_readable(home: Home) -> None:
    api.score_day(TODAY - DAY, now=NOW, home=home)
    assert api.check_new_records(now=NOW, home=home) == []  # begins to follow from here
    head = {"source": "crm", "valid_on": TODAY, "known_at": NOW, "recorded_at": NOW}
    RecordVersion.objects.create(kind="contact", record_id=901, account_id=1, outside_id="k", **head)
    RecordVersion.objects.create(kind="interaction", record_id=902, account_id=2, outside_id="i", **head)
    publish(home, "record_contact", [record(901, 1, TODAY, role="champion", left_on=TODAY)])
    assert api.check_new_records(now=NOW, home=home) == []  # not carried yet
    carried = RecordVersion.objects.latest("id").pk
    write_manifest(home.published, msgspec.structs.replace(read_manifest(home.published), versions=carried))
    opened = api.check_new_records(now=NOW, home=home)
    assert {(s.account_id, s.type) for s in opened} >= {(1, "alert:champion_gone")}
    assert {s.account_id for s in opened} == {1}
    assert api.check_new_records(now=NOW, home=home) == []
    incident = RecordVersion.objects.create(kind="incident", record_id=903, outside_id="x", **head)
    minutes = {"started_at": NOW, "ended_at": NOW + timedelta(hours=1), "minutes": 60}
    publish(home, "record_incident", [record(903, None, TODAY, **minutes)])
    write_manifest(
        home.published, msgspec.structs.replace(read_manifest(home.published), versions=incident.pk)
    )
    hit = [s for s in api.check_new_records(now=NOW, home=home) if s.type == "alert:outage_suffered"]
    assert len(hit) == ACCOUNTS


def test_a_product_s_scorecard_stands_beside_the_account_s_score(home: Home) -> None:
    install_defaults("system", NOW)
    body = default_body("scorecard", "default")
    for slug, product in (("product_p", "P"), ("product_q", "Q")):
        draft = save_draft("scorecard", slug, {**body, "product": product}, actor="system", now=NOW)
        publish_version(draft, actor="system", now=NOW)
    publish(home, "usage", [
        {"group_no": n, "user_no": 90 + n, "day": TODAY - DAY * k, "event": "Sold", "product": "Q", "n": 3}
        for n in range(1, 12) for k in range(1, 60, 2)
    ])  # fmt: skip
    api.score_day(TODAY, now=NOW, home=home)
    assert set(AccountState.objects.values_list("scorecard", flat=True)) == {"default"}
    of = {slug: HealthScore.objects.filter(scorecard=slug) for slug in ("default", "product_p", "product_q")}
    assert (of["default"].count(), of["product_q"].count()) == (ACCOUNTS, 11)
    stopped = of["product_q"].get(account=3).tenths
    assert stopped > of["product_p"].get(account=3).tenths  # type: ignore[operator]
    assert set(HealthScore.objects.filter(own=True).values_list("scorecard", flat=True)) == {"default"}
    AccountState.objects.filter(pk=3).update(
        scorecard="another", day=TODAY + DAY
    )  # moved to another card since
    assert api.scores_as_of(TODAY, home=home, now=NOW)[3].scorecard == "default"
    HealthScore.objects.filter(scorecard="product_p").update(scorecard="a_product")  # before any other name
    told = api.explain(3, TODAY, home=home)
    assert (told["scorecard"], told["tenths"]) == ("default", of["default"].get(account=3).tenths)


def test_a_stage_s_own_scorecard_comes_first(home: Home) -> None:
    install_defaults("system", NOW)
    body = default_body("scorecard", "default") | {"priority": 1, "applies_to": {"stages": ["onboarding"]}}
    draft = save_draft("scorecard", "young", body, actor="system", now=NOW)
    publish_version(draft, actor="system", now=NOW)
    publish(home, "record_account", [record(7, None, TODAY, name="Company 7", stage="onboarding")])
    api.score_day(TODAY, now=NOW, home=home)
    chosen = dict(AccountState.objects.values_list("pk", "scorecard"))
    assert (chosen[7], chosen[8]) == ("young", "default")


def test_an_account_has_one_score_of_its_own_a_day_and_keeps_it_when_it_moves_to_another_card(
    home: Home,
) -> None:
    install_defaults("system", NOW)
    api.score_day(TODAY - DAY, now=NOW, home=home)
    api.score_day(TODAY, now=NOW, home=home)
    said = HealthScore.objects.get(account=7, day=TODAY - DAY)
    body = default_body("scorecard", "default") | {"priority": 1, "applies_to": {"stages": ["onboarding"]}}
    publish_version(save_draft("scorecard", "young", body, actor="system", now=NOW), actor="system", now=NOW)
    publish(home, "record_account", [record(7, None, TODAY, name="Company 7", stage="onboarding")])
    api.score_day(TODAY, now=NOW, home=home)
    kept = HealthScore.objects.filter(account=7, day=TODAY).values_list("scorecard", "own")
    assert set(kept) == {("default", False), ("young", True)}
    assert api.scores_as_of(TODAY, home=home, now=NOW)[7].scorecard == "young"
    assert api.scores_as_of(TODAY - DAY, home=home, now=NOW)[7] == said
    past = api.explain(7, TODAY - DAY, home=home)
    assert (past["scorecard"], past["tenths"]) == ("default", said.tenths)
    boss = Member.objects.create_user("boss@x.example", role="admin", scope="all")
    assert [day for day, _tenths, _band in api.score_history(boss, 7, TODAY)] == [TODAY - DAY, TODAY]


def test_scores_kept_before_there_was_a_mark_are_marked(home: Home) -> None:
    install_defaults("system", NOW)
    api.score_day(TODAY, now=NOW, home=home)
    kept = HealthScore.objects.get(account=7, day=TODAY)
    product = Definition.objects.create(kind="scorecard", slug="a_product")
    version = product.versions.create(number=1, status="published", body={"product": "P"})
    for card, of, at in (("a_product", version, NOW + DAY), ("older", kept.version, NOW - DAY)):
        HealthScore.objects.create(
            account=kept.account,
            day=TODAY,
            scorecard=card,
            version=of,
            band="red",
            coverage=1,
            computed_at=at,
        )
    mark = importlib.import_module("enishi.signals.migrations.0007_own_score").mark
    mark(django_apps, None)
    assert HealthScore.objects.get(account=7, own=True) == kept
    assert HealthScore.objects.filter(own=True).count() == ACCOUNTS


def test_a_company_s_own_metric_is_scored_like_a_shipped_one(home: Home) -> None:
    metric = {
        "id": "exports_28",
        "title": {"en": "Exports", "ja": "出力回数"},
        "type": "count",
        "events": ["Export Made"],
    }
    publish_version(
        save_draft("metric", "exports_28", metric, actor="system", now=NOW), actor="system", now=NOW
    )
    body = default_body("scorecard", "default")
    own = {
        "id": "exports",
        "group": "usage",
        "metric": "exports_28",
        "weight": 50,
        "mapping": {"type": "percentile"},
    }
    changed = {**body, "measures": [*body["measures"], own]}
    install_defaults("system", NOW)
    publish_version(
        save_draft("scorecard", "default", changed, actor="system", now=NOW), actor="system", now=NOW
    )
    api.score_day(TODAY, now=NOW, home=home)
    state = AccountState.objects.get(pk=4)
    line = next(line for line in state.lines if line["measure"] == "exports")
    assert line["value"] == state.metrics["exports_28"] > 0
    assert line["text_ja"].startswith("出力回数 ")
    assert sum(line["tenths"] for line in state.lines) == state.tenths


def test_a_source_gone_quiet_is_no_churn_of_everyone(home: Home) -> None:
    later = TODAY + timedelta(days=30)
    api.score_day(later, now=NOW + timedelta(days=30), home=home)
    assert set(AccountState.objects.values_list("band", flat=True)) == {"unknown"}
    assert not Signal.objects.filter(type="alert:use_stopped").exists()
    line = AccountState.objects.get(pk=4).lines[0]
    assert (line["status"], line["points"]) == ("stale", None)
    assert "情報が古いため除外" in line["text_ja"]


def test_an_edited_scorecard_is_shown_line_by_line_beside_the_one_in_force(home: Home) -> None:
    install_defaults("system", NOW)
    body = default_body("scorecard", "default")
    for measure in body["measures"][::2]:
        measure["weight"] = 10 * measure.get("weight", 1)
    found = api.preview_lines(body, TODAY, [1, 2, 999], home=home)
    assert set(found) == {1, 2}
    for shown in found.values():
        assert sum(line["before"] or 0 for line in shown["lines"]) == shown["before"]
        assert sum(line["after"] or 0 for line in shown["lines"]) == shown["after"]
    assert any(line["changed"] for shown in found.values() for line in shown["lines"])


def test_the_first_day_of_knowledge_is_that_of_the_first_fact(home: Home, tmp_path: Path) -> None:
    first = api.first_known_day(home)
    assert first is not None
    assert len(api.book_as_of(first, home=home, now=NOW)) > 0
    assert api.book_as_of(first - DAY, home=home, now=NOW).empty
    assert api.first_known_day(Home(tmp_path / "empty")) is None


def test_a_past_book_says_what_was_stored_and_known_then(home: Home) -> None:
    day = TODAY - 60 * DAY
    api.score_day(day, now=NOW, home=home)
    book = api.book_as_of(day, home=home, now=NOW).set_index("account_id")
    assert tenths_on(day) == {int(a): int(t) for a, t in book["tenths"].items()}
    HealthScore.objects.filter(day=day, account=1).update(tenths=123)
    again = api.book_as_of(day, home=home, now=NOW).set_index("account_id")
    assert again.loc[1, "tenths"] == 123
    assert all(seen is None or seen <= day for seen in again["last_seen_on"])
    assert again.loc[1, "name"] == "Company 1"
    assert again.loc[1, "stage"] == "adoption"


def test_a_past_score_is_explained_by_the_version_that_made_it(home: Home) -> None:
    install_defaults("system", NOW)
    past = TODAY - 2 * DAY
    api.score_day(past, now=NOW, home=home)
    said = api.explain(3, past, home=home)
    body = default_body("scorecard", "default")
    alone = {
        **body,
        "measures": [{**m, "weight": 9 if m["id"] == "recency" else 0} for m in body["measures"]],
    }
    draft = save_draft(
        "scorecard", "default", {**alone, "minimum_coverage": 0, "caps": []}, actor="system", now=NOW
    )
    publish_version(draft, actor="system", now=NOW)
    api.score_day(TODAY, now=NOW, home=home)
    now, then = api.explain(3, home=home), api.explain(3, past, home=home)
    assert (then["version"], now["version"]) == (1, 2)
    assert (then["tenths"], then["band"]) == (said["tenths"], said["band"])
    assert sum(line["tenths"] for line in then["lines"]) == said["tenths"]
    assert [line["measure"] for line in now["lines"] if line["weight"]] == ["recency"]
