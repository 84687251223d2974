"""The shared cast: one company, a member of each role, and accounts each in a plain, known condition.

``make_world()`` writes it all to the test database. The day is :data:`TODAY`; every date hangs on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.test import Client

from enishi.accounts.models import (
    Account,
    Company,
    Contact,
    Member,
    OutsideId,
    Record,
    RecordVersion,
    Role,
    Scope,
    Team,
    search_text,
)
from enishi.definitions.api import default_body
from enishi.definitions.models import Definition, DefinitionVersion
from enishi.kit.clock import HandClock
from enishi.signals.models import AccountState, HealthScore, Signal

TODAY = date(2026, 11, 20)
TOKYO = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)  # 09:30 in Tokyo, a Friday

# measure, group, title en, title ja, points, share of the weight
MEASURES = (
    ("active_users", "usage", "Active users", "利用者数", 0.30),
    ("usage_trend", "usage", "Usage trend", "利用の傾向", 0.20),
    ("days_since_contact", "relationship", "Last two-way contact", "最終対応からの日数", 0.20),
    ("tickets_severe_open", "support", "Severe tickets open", "重大な未解決の問い合わせ", 0.15),
    ("days_overdue", "commercial", "Late payment", "支払いの遅れ", 0.15),
)


def sign_in(member: Member) -> Client:
    """A browser in which the member is signed in."""
    client = Client()
    client.force_login(member)
    return client


def days_ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def at_hour(day: date, hour: int = 10) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=TOKYO).astimezone(UTC)


@dataclass
class World:
    """The cast by name."""

    company: Company
    clock: HandClock = field(default_factory=lambda: HandClock(NOW))
    teams: dict[str, Team] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    contacts: dict[str, Contact] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        for group in ("members", "accounts", "contacts", "teams"):
            if name in self.__dict__.get(group, {}):
                return self.__dict__[group][name]
        raise AttributeError(name)


def make_world() -> World:
    """Everyone and everything. About forty rows; fast enough for each test."""
    company, _ = Company.objects.update_or_create(
        pk=1, defaults={"name": "株式会社ソラテック", "currency": "JPY", "time_zone": "Asia/Tokyo"}
    )
    world = World(company)
    _add_members(world)
    _add_accounts(world)
    _add_contacts(world)
    _add_records(world)
    _add_judgements(world)
    return world


def make_member(
    email: str, role: str, scope: str = Scope.ALL, team: Team | None = None, **fields: Any
) -> Member:
    """A member without a usable password (tests sign in with ``force_login``)."""
    member = Member(email=email, role=role, scope=scope, team=team, **fields)
    member.set_unusable_password()
    member.save()
    return member


def make_account(name: str, **fields: Any) -> Account:
    """An account with its search text, and a first version so that as-of questions know it."""
    fields.setdefault("outside_id", f"acc-{Account.objects.count() + 1}")
    fields.setdefault("source", "crm")
    account = Account.objects.create(
        name=name, search=search_text(name, fields.get("name_kana", ""), fields["outside_id"]), **fields
    )
    OutsideId.objects.create(
        system=account.source, value=account.outside_id, target=OutsideId.Target.ACCOUNT, account=account
    )
    RecordVersion.objects.create(
        kind="account",
        record_id=account.pk,
        account_id=account.pk,
        source=account.source,
        outside_id=account.outside_id,
        valid_on=account.since or TODAY,
        known_at=at_hour(account.since or TODAY),
        data={"name": name, "stage": account.stage},
        backfill=True,
    )
    return account


def make_record(account: Account, kind: str, happened: datetime, **data: Any) -> Record:
    """A record and its version, happened and known at the same instant."""
    contact = data.pop("contact", None)
    number = Record.objects.count() + 1
    record = Record.objects.create(
        kind=kind,
        account=account,
        contact=contact,
        source="test",
        outside_id=f"{kind}-{number}",
        happened_at=happened,
        data=data,
    )
    RecordVersion.objects.create(
        kind=kind,
        record_id=record.pk,
        account_id=account.pk,
        contact_id=contact.pk if contact else None,
        source="test",
        outside_id=record.outside_id,
        valid_on=happened.astimezone(TOKYO).date(),
        known_at=happened,
        data=data,
        backfill=True,
    )
    return record


def make_lines(tenths: int, missing: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Driver lines in AccountState's shape whose tenths add up to ``tenths``."""
    present = [measure for measure in MEASURES if measure[0] not in missing]
    total = sum(measure[4] for measure in present)
    shares = [round(tenths * measure[4] / total) for measure in present]
    shares[0] += tenths - sum(shares)
    given = {measure[0]: share for measure, share in zip(present, shares, strict=True)}
    return [_line(measure, given.get(measure[0]), total) for measure in MEASURES]


def _line(measure: tuple[str, str, str, str, float], tenths: int | None, total: float) -> dict[str, Any]:
    name, group, title_en, title_ja, share = measure
    weight = share / total if tenths is not None else 0.0
    return {
        "measure": name,
        "group": group,
        "value": None if tenths is None else 12.0,
        "points": None if tenths is None else round(min(100.0, tenths / 10 / weight), 1),
        "weight": round(weight, 4),
        "tenths": tenths or 0,
        "status": "missing" if tenths is None else "ok",
        "title_en": title_en,
        "title_ja": title_ja,
        "text_en": "No data yet" if tenths is None else f"{title_en}: 12",
        "text_ja": "データがありません" if tenths is None else f"{title_ja}: 12",
        "href_kind": {"usage": "usage", "relationship": "interaction", "support": "ticket"}.get(
            group, "invoice"
        ),
    }


def make_evidence(en: str, ja: str, on: date, kind: str = "", record_id: int | None = None) -> dict[str, Any]:
    return {"en": en, "ja": ja, "on": on.isoformat(), "kind": kind, "record_id": record_id}


def make_cause(
    cause: str, strength: int, since: date, *evidence: dict[str, Any], tag: str = ""
) -> dict[str, Any]:
    return {
        "cause": cause,
        "strength": strength,
        "tag": tag,
        "since": since.isoformat(),
        "evidence": list(evidence),
    }


def make_alert(alert: str, since: date, *evidence: dict[str, Any]) -> dict[str, Any]:
    return {"alert": alert, "since": since.isoformat(), "evidence": list(evidence)}


def scorecard_version() -> DefinitionVersion:
    definition, _ = Definition.objects.get_or_create(
        kind="scorecard", slug="default", defaults={"builtin": True}
    )
    version, _ = DefinitionVersion.objects.get_or_create(
        definition=definition,
        number=1,
        defaults={"status": "published", "body": default_body("scorecard", "default"), "published_at": NOW},
    )
    return version


def make_state(
    account: Account,
    band: str,
    tenths: int | None,
    *,
    week_ago: int | None = None,
    causes: Sequence[dict[str, Any]] = (),
    alerts: Sequence[dict[str, Any]] = (),
    **fields: Any,
) -> AccountState:
    """An account's state with lines, changes, a year of weekly scores, and its signals."""
    week_ago = tenths if week_ago is None else week_ago
    lines = make_lines(tenths) if tenths is not None else make_lines(0, [m[0] for m in MEASURES[1:]])
    state = AccountState.objects.create(
        account=account,
        day=TODAY,
        scorecard="default",
        tenths=tenths,
        computed_tenths=tenths,
        band=band,
        computed_band=band,
        coverage=0.9 if tenths is not None else 0.1,
        tenths_week_ago=week_ago,
        band_week_ago=fields.pop("band_week_ago", band),
        lines=lines,
        changes=_changes(tenths, week_ago),
        main_cause=causes[0]["cause"] if causes else "",
        causes=list(causes),
        alerts=list(alerts),
        stage=account.stage,
        computed_at=NOW - timedelta(hours=6),
        **fields,
    )
    _write_scores(account, band, tenths, week_ago)
    _write_signals(account, causes, alerts)
    return state


def _changes(tenths: int | None, week_ago: int | None) -> list[dict[str, Any]]:
    if tenths is None or week_ago is None or tenths == week_ago:
        return []
    before = {line["measure"]: line for line in make_lines(week_ago)}
    return [
        {
            "measure": line["measure"],
            "group": line["group"],
            "tenths": line["tenths"] - before[line["measure"]]["tenths"],
            "before": before[line["measure"]]["points"],
            "after": line["points"],
            "title_en": line["title_en"],
            "title_ja": line["title_ja"],
        }
        for line in make_lines(tenths)
    ]


def _write_scores(account: Account, band: str, tenths: int | None, week_ago: int | None) -> None:
    version, scores = scorecard_version(), []
    for weeks in range(26, -1, -1):
        value = tenths if weeks == 0 else week_ago
        if value is not None and weeks > 1:
            value = min(1000, value + weeks * 5)
        score = HealthScore(
            account=account,
            scorecard="default",
            version=version,
            day=days_ago(weeks * 7),
            tenths=value,
            band=band if weeks < 4 or value is None else "green",
            coverage=0.9,
            lines=make_lines(value) if value is not None else [],
        )
        scores.append(score)
    HealthScore.objects.bulk_create(scores)


def _write_signals(
    account: Account, causes: Sequence[dict[str, Any]], alerts: Sequence[dict[str, Any]]
) -> None:
    for cause in causes:
        Signal.objects.create(
            account=account,
            type=f"cause:{cause['cause']}",
            strength=cause["strength"],
            tag=cause["tag"],
            evidence=cause["evidence"],
            since=date.fromisoformat(cause["since"]),
            seen_at=NOW,
        )
    for alert in alerts:
        Signal.objects.create(
            account=account,
            type=f"alert:{alert['alert']}",
            evidence=alert["evidence"],
            since=date.fromisoformat(alert["since"]),
            seen_at=NOW - timedelta(hours=6),
        )


def _add_members(world: World) -> None:
    east = world.teams["east"] = Team.objects.create(name="東日本チーム")
    west = world.teams["west"] = Team.objects.create(name="西日本チーム")
    cast = (
        ("sato", Role.ADMIN, Scope.ALL, None, "佐藤", "直子", "サトウ ナオコ", "ja"),
        ("suzuki", Role.MANAGER, Scope.ALL, east, "鈴木", "一郎", "スズキ イチロウ", "ja"),
        ("takahashi", Role.CSM, Scope.TEAM, east, "高橋", "美咲", "タカハシ ミサキ", "ja"),
        ("smith", Role.CSM, Scope.OWN, east, "Smith", "Alice", "", "en"),
        ("tanaka", Role.CSM, Scope.OWN, west, "田中", "健", "タナカ ケン", "ja"),
        ("ito", Role.SALES, Scope.ALL, None, "伊藤", "翔", "イトウ ショウ", "ja"),
        ("watanabe", Role.VIEWER, Scope.ALL, None, "渡辺", "結衣", "ワタナベ ユイ", "ja"),
    )
    for name, role, scope, team, family, given, kana, language in cast:
        world.members[name] = make_member(
            f"{name}@soratech.example",
            role,
            scope,
            team,
            family_name=family,
            given_name=given,
            name_kana=kana,
            language=language,
        )


def _add_accounts(world: World) -> None:
    takahashi, smith, tanaka = (world.members[name] for name in ("takahashi", "smith", "tanaka"))
    world.accounts.update(
        sakura=make_account(
            "株式会社さくら商事", name_kana="サクラショウジ", owner=takahashi, language="ja", industry="卸売",
            stage="established", employees=420, since=days_ago(700), domain="sakura.example",
        ),
        fuji=make_account(
            "富士精機株式会社", name_kana="フジセイキ", owner=takahashi, language="ja", industry="製造",
            stage="adoption", employees=1200, since=days_ago(300),
        ),
        hokuto=make_account(
            "北斗情報システム株式会社", name_kana="ホクトジョウホウシステム", owner=takahashi, language="ja",
            stage="established", since=days_ago(900),
        ),
        minato=make_account(
            "みなと不動産株式会社", name_kana="ミナトフドウサン", owner=takahashi, language="ja",
            stage="onboarding", since=days_ago(20),
        ),
        acme=make_account(
            "Acme Corporation", owner=smith, language="en", industry="Software", country="US",
            stage="adoption", since=days_ago(500),
        ),
        naniwa=make_account(
            "浪速物産株式会社", name_kana="ナニワブッサン", owner=tanaka, language="ja",
            stage="established", since=days_ago(800),
        ),
    )  # fmt: skip
    old = make_account("さくら商事 大阪支店", owner=takahashi, since=days_ago(600))
    old.merged_into = world.accounts["sakura"]
    old.save()
    world.accounts["sakura_osaka"] = old


def _add_contacts(world: World) -> None:
    cast = (
        ("yamamoto", "sakura", "山本", "太一", "ヤマモト タイチ", "decision_maker", "執行役員", {}),
        ("nakamura", "sakura", "中村", "優", "ナカムラ ユウ", "champion", "課長", {"left_on": days_ago(12)}),
        ("kobayashi", "sakura", "小林", "葵", "コバヤシ アオイ", "user", "", {"bounced_on": days_ago(30)}),
        ("kato", "fuji", "加藤", "誠", "カトウ マコト", "champion", "部長", {}),
        ("brown", "acme", "Brown", "Carol", "", "decision_maker", "VP Operations", {"language": "en"}),
    )
    for name, account, family, given, kana, role, title, fields in cast:
        world.contacts[name] = Contact.objects.create(
            account=world.accounts[account],
            family_name=family,
            given_name=given,
            name_kana=kana,
            search=search_text(f"{family} {given}", kana),
            email=f"{name}@{account}.example",
            role=role,
            title=title,
            outside_id=name,
            since=days_ago(300),
            **fields,
        )


def _add_records(world: World) -> None:
    for name, amount, seats in (("sakura", "800000", 120), ("fuji", "300000", 40), ("hokuto", "150000", 20),
                                ("acme", "500000", 60), ("naniwa", "900000", 80)):  # fmt: skip
        account = world.accounts[name]
        make_record(
            account, "subscription", at_hour(account.since or TODAY), product="ソラデスク", plan="Business",
            amount=amount, currency="JPY", interval="month", recurring=True, seats=seats,
            started_on=(account.since or TODAY).isoformat(), renewal_on=(TODAY + timedelta(days=45)).isoformat(),
        )  # fmt: skip
    sakura, acme = world.accounts["sakura"], world.accounts["acme"]
    make_record(
        sakura, "ticket", at_hour(days_ago(9)), subject="帳票の出力が遅い", body="月次の帳票が10分かかります。",
        opened_at=at_hour(days_ago(9)).isoformat(), severity="high", category="performance",
    )  # fmt: skip
    make_record(
        sakura, "interaction", at_hour(days_ago(75)), type="meeting", two_way=True, minutes=60,
        occurred_at=at_hour(days_ago(75)).isoformat(), member=world.members["takahashi"].email,
        subject="定例会", contact=world.contacts["nakamura"],
    )  # fmt: skip
    make_record(
        sakura, "incident", at_hour(days_ago(40)), title="ログイン障害", minutes=95, severity="urgent",
        started_at=at_hour(days_ago(40)).isoformat(),
    )  # fmt: skip
    make_record(
        sakura, "survey_answer", at_hour(days_ago(60)), measure="nps", score=6,
        comment="以前より使いにくくなりました。", answered_at=at_hour(days_ago(60)).isoformat(),
        contact=world.contacts["nakamura"],
    )  # fmt: skip
    make_record(
        acme, "invoice", at_hour(days_ago(50)), amount="1500000", currency="JPY",
        issued_on=days_ago(50).isoformat(), due_on=days_ago(20).isoformat(), paid=False,
    )  # fmt: skip


def _add_judgements(world: World) -> None:
    ticket = Record.objects.get(account=world.accounts["sakura"], kind="ticket")
    gone = make_evidence("Champion 中村 優 left", "推進者の中村 優さんが異動されました", days_ago(12), "contact",
                         world.contacts["nakamura"].pk)  # fmt: skip
    make_state(
        world.accounts["sakura"], "red", 384, week_ago=521, band_week_ago="yellow", trend="down",
        causes=[
            make_cause("disconnection", 82, days_ago(12), gone,
                       make_evidence("No two-way contact for 75 days", "お客様とのやり取りが75日ありません", TODAY)),
            make_cause("disvaluation", 45, days_ago(60),
                       make_evidence("Severe ticket open: slow reports", "重大な問い合わせが未解決: 帳票の出力が遅い",
                                     days_ago(9), "ticket", ticket.pk),
                       {**make_evidence("Speaks of slow reports", "帳票の遅さに触れています", days_ago(9), "ticket", ticket.pk),
                        "tag": "product"}, tag="product"),
        ],
        alerts=[make_alert("champion_gone", days_ago(12), gone)],
        mrr=800_000, at_stake=9_600_000, renewal_on=TODAY + timedelta(days=45), seats=120, active_users=38,
        last_contact_on=days_ago(75), tenure_days=700, tier="high", metrics={"active_users_28": 38, "mrr": 800000},
    )  # fmt: skip
    make_state(
        world.accounts["fuji"], "yellow", 558, week_ago=602, trend="down",
        causes=[make_cause("disengagement", 64, days_ago(25),
                           make_evidence("Active users fell from 31 to 17", "利用者が31人から17人に減りました", days_ago(2), "usage"))],
        alerts=[make_alert("power_users_falling", days_ago(1),
                           make_evidence("Power users fell from 6 to 2", "パワーユーザーが6人から2人に減りました", days_ago(1), "usage"))],
        mrr=300_000, at_stake=3_600_000, renewal_on=TODAY + timedelta(days=130), seats=40, active_users=17,
        last_contact_on=days_ago(10), tenure_days=300, tier="low",
    )  # fmt: skip
    make_state(
        world.accounts["hokuto"], "green", 861, week_ago=850, trend="flat", mrr=150_000, at_stake=1_800_000,
        renewal_on=TODAY + timedelta(days=60), seats=20, active_users=19, tenure_days=900, tier="low",
    )  # fmt: skip
    make_state(world.accounts["minato"], "unknown", None, mrr=None, tenure_days=20, tier="tech")
    make_state(
        world.accounts["acme"], "red", 410, week_ago=430,
        causes=[make_cause("downturn", 71, days_ago(20),
                           make_evidence("Invoice 20 days overdue", "請求が20日延滞しています", days_ago(20), "invoice"))],
        alerts=[make_alert("payment_late", days_ago(13),
                           make_evidence("Invoice 20 days overdue", "請求が20日延滞しています", days_ago(20), "invoice"))],
        mrr=500_000, at_stake=6_000_000, renewal_on=TODAY + timedelta(days=80), seats=60, active_users=44,
        tenure_days=500, tier="high",
    )  # fmt: skip
    make_state(
        world.accounts["naniwa"], "red", 300, week_ago=320,
        causes=[make_cause("disengagement", 90, days_ago(30),
                           make_evidence("Nobody signed in for 21 days", "21日間ログインがありません", days_ago(21), "usage"))],
        mrr=900_000, at_stake=10_800_000, seats=80, active_users=0, tenure_days=800, tier="high",
    )  # fmt: skip
