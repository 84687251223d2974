"""What the rooms of forecasts and money keep of a book of any size, written straight into their tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

CHANNELS = ("Web", "展示会", "紹介", "パートナー", "広告", "")
SELLERS = tuple(f"seller{n}@bench.example" for n in range(30))
TOPICS = ("howto", "bug", "billing", "speed", "access", "")
OFFERS = (
    ("higher_plan", "plan"),
    ("more_seats", "seats"),
    ("related_product", "product"),
    ("longer_term", "term"),
)
BANDS = ("good", "fair", "poor", "")
BATCH = 2_000
AXES = [
    {
        "id": name, "en": title, "ja": ja, "points": 40.0, "share": 0.33, "tenths": 133,
        "inputs": [
            {
                "id": f"{name}{n}", "en": "Contacts known", "ja": "把握している関係者", "text_en": "3 people", "text_ja": "3人",
                "points": 40.0, "share": 0.1, "tenths": 40, "source": "metric", "at": "sale",
            }
            for n in range(3)
        ],
    }
    for name, title, ja in (
        ("success", "Success within reach", "成功への到達しやすさ"),
        ("importance", "Importance of the product", "製品の重要度"),
        ("size", "Size of the business", "事業の規模"),
    )
]  # fmt: skip
SIGNS = [
    {"id": f"sign{n}", "en": "Seats are used by 96%", "ja": "ライセンスの96%を利用", "weight": 1.0, "facts": "usage", "value": 0.96, "since": "2026-11-01"}
    for n in range(2)
]  # fmt: skip
REASON = {
    "code": "left_early",
    "en": "Decided to leave 3 months after the sale",
    "ja": "販売から3か月で解約を決定",
}


def fill_judgements(n: int, now: datetime, seed: int = 11) -> None:
    """A judgement of every kind for each of ``n`` accounts."""
    random, day = Random(seed), now.date()
    for fill in (_fits, _offers, _relations, _texts, _values, _risks):
        fill(n, day, now, random)


def _create(rows: Iterator[Any], model: Any) -> None:
    """Unless an earlier filling that was cut off has brought them."""
    if model.objects.exists():
        return
    model.objects.bulk_create(rows, batch_size=BATCH)


def _fits(n: int, day: date, now: datetime, random: Random) -> None:
    from enishi.accounts.models import Account
    from enishi.definitions.models import DefinitionVersion
    from enishi.fit.models import AccountFit, FitRun

    for channel in CHANNELS:
        chosen = [number for number in range(1, n + 1) if CHANNELS[number % len(CHANNELS)] == channel]
        for first in range(0, len(chosen), 500):
            Account.objects.filter(pk__in=chosen[first : first + 500]).update(channel=channel)
    version = DefinitionVersion.objects.get(definition__kind="fit", status="published")
    if AccountFit.objects.exists():
        return
    run = FitRun.objects.create(day=day, status="done", version=version, accounts=n, finished_at=now)
    _create((_fit(number, run, day, random) for number in range(1, n + 1)), AccountFit)


def _fit(number: int, run: Any, day: date, random: Random) -> Any:
    from enishi.fit.models import AccountFit

    band, regret = random.choices(BANDS, (4, 4, 2, 1))[0], random.random() < 0.05
    return AccountFit(
        account_id=number, run=run, sold_on=day - timedelta(days=random.randrange(2000)), seller=random.choice((*SELLERS, "")),
        sale_tenths=random.randrange(100, 950), sale_band=band, sale_coverage=0.8, sale_axes=AXES, stated_on=day,
        tenths=random.randrange(100, 950), band=band, coverage=0.8, axes=AXES, regret=regret,
        reasons=[REASON] if regret else [], facts={"sale_on": 20_000, "sale": {"seats": 5, "mrr": 10_000}},
    )  # fmt: skip


def _offers(n: int, day: date, now: datetime, random: Random) -> None:
    from enishi.growth.models import GrowthRun, Readiness

    GrowthRun.objects.create(day=day, accounts=n, started_at=now, finished_at=now)
    _create((row for number in range(1, n + 1) for row in _readiness(number, day, random)), Readiness)


def _readiness(number: int, day: date, random: Random) -> Iterator[Any]:
    from enishi.growth.models import Readiness

    chosen = [offer for offer in OFFERS if random.random() < 0.25]
    for at, (offer, kind) in enumerate(chosen):
        later, expected = random.random() < 0.4, random.randrange(2_000_000)
        yield Readiness(
            account_id=number, offer=offer, kind=kind, status="later" if later else "ready", first=at == 0,
            on=day + timedelta(days=random.randrange(200) if later else 0), since=day, day=day, signs=SIGNS, weight=2.0,
            probability=random.random() / 3, low=0.01, high=0.5, uplift=expected // 10, expected=expected, place=expected,
            shown=at == 0 or later,
        )  # fmt: skip


def _relations(n: int, day: date, now: datetime, random: Random) -> None:
    from enishi.stakeholders.models import AccountRelationship, RelationshipRun

    RelationshipRun.objects.create(day=day, accounts=n, started_at=now, finished_at=now)
    rows = (
        AccountRelationship(
            account_id=number, day=day, people=random.randrange(20), strength=random.randrange(100),
            their_threads=random.randrange(5), our_threads=random.randrange(3), single_thread=random.random() < 0.2,
            silent=random.random() < 0.1, executives=random.randrange(3), executive_on=day - timedelta(days=random.randrange(300)),
            last_two_way=day - timedelta(days=random.randrange(300)), champions=random.randrange(3),
            key_leaving=random.choice((0, 0, 0, 30, 70)), leaving=random.choice((0, 0, 30, 70)), missing=["champion"],
        )
        for number in range(1, n + 1)
    )  # fmt: skip
    _create(rows, AccountRelationship)


def _texts(n: int, day: date, now: datetime, random: Random) -> None:
    """Three texts of each account: the newest tell the page's size, not how many a company has."""
    from enishi.texts.models import TextJudgement, TextModel

    model = TextModel.objects.filter(status="in_use").first() or TextModel.objects.create(
        number=1, status="in_use"
    )
    rows = (
        TextJudgement(
            kind="ticket", record_id=1_000_000 + 3 * number + k, account_id=number, language="ja", model=model,
            written_at=now - timedelta(minutes=random.randrange(1_000_000)), tone=random.choice(("positive", "negative", "neutral", "")),
            topic=random.choice(TOPICS), tone_confidence=0.9, topic_confidence=0.8, digest="0" * 16,
        )
        for number in range(1, n + 1)
        for k in range(3)
    )  # fmt: skip
    _create(rows, TextJudgement)


def _values(n: int, day: date, now: datetime, random: Random) -> None:
    from enishi.value.models import AccountValue, ValueRun

    run = ValueRun.objects.create(day=day, status="done", progress=100, accounts=n, finished_at=now)
    _create((_value(number, run, day, random) for number in range(1, n + 1)), AccountValue)


def _value(number: int, run: Any, day: date, random: Random) -> Any:
    from enishi.value.models import AccountValue

    worth, months = random.randrange(100_000, 20_000_000), random.randrange(60)
    return AccountValue(
        account_id=number, day=day, run=run, simple=worth, contractual=worth, contractual_low=worth // 2,
        contractual_high=2 * worth, residual=worth, residual_low=worth // 2, residual_high=2 * worth, chosen=worth,
        chosen_by="residual", margin=worth // 40, service=1_000, acquisition=200_000, earned=worth // 3, months=months,
        even_month=7, months_left=30.0, since=day - timedelta(days=30 * months), curve=[worth // 40 * k for k in range(months)],
        detail={"mrr": worth // 30, "leaves_in": None, "multiplier": 1.0},
    )  # fmt: skip


def _risks(n: int, day: date, now: datetime, random: Random) -> None:
    from enishi.risk.models import AccountRisk

    rows = (
        AccountRisk(
            account_id=number, horizon=horizon, day=day, probability=chance, low=chance / 2, high=min(1, 2 * chance),
            base_rate=0.05, rank=chance,
        )
        for number in range(1, n + 1)
        for horizon in (30, 90, 180, 0)
        if (chance := random.random() ** 4) is not None
    )  # fmt: skip
    _create(rows, AccountRisk)


def fill_contracts(n: int, now: datetime, seed: int = 12) -> None:
    """One contract of each account in the store, two years of beginnings, one in ten ended: what forecasts of revenue read."""
    from enishi.kit.home import Home
    from enishi.store.testing import publish

    random, day = Random(seed), now.date()
    publish(
        Home.from_environment(),
        "record_subscription",
        [_contract(number, day, random) for number in range(1, n + 1)],
    )


def _contract(number: int, day: date, random: Random) -> dict[str, Any]:
    began = day - timedelta(days=random.randrange(30, 1000))
    terms = {
        "record_id": 10**7 + number, "account_id": number, "outside_id": f"s{number}", "product": "desk", "plan": "Business",
        "amount": Decimal(random.randrange(10_000, 500_000)), "currency": "JPY", "interval": "month", "recurring": True,
        "seats": 10, "started_on": began, "effective_on": began, "valid_on": began, "known_on": began,
    }  # fmt: skip
    if random.random() < 0.1:
        left = began + timedelta(days=random.randrange(20, 900))
        if left < day:
            terms |= {"notice_on": left - timedelta(days=15), "ended_on": left}
    return terms
