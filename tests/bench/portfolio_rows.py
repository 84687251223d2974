"""A book of any size, written straight into the tables the portfolio reads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random

from enishi.accounts.models import Account, Member, search_text
from enishi.signals.models import AccountState, Signal

INDUSTRIES = ("製造", "小売", "金融", "医療", "教育", "物流", "建設", "情報通信", "不動産", "飲食")
REGIONS = ("北海道", "東北", "関東", "中部", "近畿", "中国", "四国", "九州")
SIZES = ("大企業", "中堅", "中小")
STAGES = ("onboarding", "adoption", "established", "advocacy")
CAUSES = ("disvaluation", "disconnection", "disengagement", "downturn")
ALERTS = ("power_users_falling", "champion_gone", "outage_suffered", "payment_late", "use_stopped")
METRICS = (
    "active_users_28", "active_days_28", "events_28", "events_90", "logins_28", "days_since_last_seen", "stickiness",
    "feature_breadth_28", "usage_trend_28", "power_users", "licence_utilisation", "tickets_open", "days_overdue",
    "nps_latest", "csat_latest", "days_since_contact", "decision_makers", "champions", "mrr", "orders_90",
)  # fmt: skip
MEASURES = 22


def accounts(n: int, owners: list[Member], random: Random) -> Iterator[Account]:
    for number in range(1, n + 1):
        name = f"株式会社{random.choice('青赤白黒緑金銀')}{random.choice('山川海空森野原')}商事{number}"
        kana = f"カブシキガイシャショウジ{number}"
        yield Account(
            pk=number,
            name=name,
            name_kana=kana,
            search=search_text(name, kana, f"shouji{number}"),
            industry=random.choice(INDUSTRIES),
            size=random.choices(SIZES, (1, 4, 20))[0],
            region=random.choice(REGIONS),
            stage=random.choice(STAGES),
            owner=random.choice(owners),
            source="bench",
            outside_id=f"a{number}",
        )


def _line(measure: int) -> dict[str, object]:
    return {
        "measure": f"measure_{measure}", "group": "usage", "value": 12.5, "points": 70, "weight": 1 / MEASURES,
        "tenths": 32, "status": "ok", "title_en": "Active users in 28 days", "title_ja": "28日間の利用者数",
        "text_en": "12 people active, 3 more than the month before", "text_ja": "12名が利用。前月より3名増",
        "href_kind": "usage",
    }  # fmt: skip


LINES = [_line(n) for n in range(MEASURES)]


def states(n: int, day: date, random: Random) -> Iterator[AccountState]:
    for number in range(1, n + 1):
        tenths = min(1000, max(0, int(random.gauss(640, 180))))
        before = min(1000, max(0, tenths + int(random.gauss(0, 40))))
        mrr = int(random.paretovariate(1.2) * 30_000)
        cause = random.choice(CAUSES) if tenths < 500 else ""
        yield AccountState(
            account_id=number,
            day=day,
            tenths=tenths,
            band=_band(tenths),
            computed_tenths=tenths,
            coverage=random.random(),
            tenths_week_ago=before,
            band_week_ago=_band(before),
            trend=random.choice(("up", "down", "flat", "")),
            lines=LINES,
            main_cause=cause,
            causes=[{"cause": cause, "strength": 60, "tag": "", "since": str(day), "evidence": []}] if cause else [],
            metrics={name: round(random.random() * 100, 2) for name in METRICS},
            mrr=mrr,
            ltv=mrr * 40,
            at_stake=mrr * 12 if tenths < 500 else 0,
            renewal_on=day + timedelta(days=random.randrange(400)),
            seats=random.randrange(1, 400),
            active_users=random.randrange(0, 300),
            last_seen_on=day - timedelta(days=random.randrange(90)),
            stage=random.choice(STAGES),
            tier=random.choices(("high", "low", "tech"), (1, 4, 20))[0],
        )  # fmt: skip


def signals(n: int, day: date, random: Random) -> Iterator[Signal]:
    for number in range(1, n + 1):
        if random.random() < 0.1:
            yield Signal(account_id=number, type=f"alert:{random.choice(ALERTS)}", since=day)


def _band(tenths: int) -> str:
    return "green" if tenths >= 700 else "yellow" if tenths >= 450 else "red"


def fill_book(n: int, owners: int = 40, seed: int = 7) -> Member:
    """Write ``n`` accounts with states and alerts, owned by ``owners`` members; return one who sees all."""
    random = Random(seed)
    day = datetime.now(UTC).date()
    chief = Member.objects.create(email="chief@bench.example", role="manager", scope="all")
    members = [Member.objects.create(email=f"csm{i}@bench.example", role="csm") for i in range(owners)]
    Account.objects.bulk_create(accounts(n, members, random), batch_size=2_000)
    AccountState.objects.bulk_create(states(n, day, random), batch_size=2_000)
    Signal.objects.bulk_create(signals(n, day, random), batch_size=2_000)
    return chief
