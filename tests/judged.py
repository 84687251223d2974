"""A row of each kind the rooms of forecasts and money keep of an account, so that their lists show somebody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from enishi.accounts.models import Account

LISTS = (
    "/accounts/relations/", "/accounts/relations/export/", "/growth/", "/growth/export/", "/growth/record/",
    "/growth/next-product/", "/revenue/forecast/", "/revenue/forecast/moved/", "/revenue/forecast/export/",
    "/revenue/fit/", "/revenue/fit/accounts/", "/revenue/fit/export/", "/revenue/value/", "/revenue/value/accounts/",
    "/revenue/value/export/", "/revenue/value/accounts/export/", "/health/texts/", "/health/texts/corrections/",
    "/health/forecast/",
)  # fmt: skip
NAMING = frozenset(LISTS) - {
    "/revenue/forecast/moved/", "/revenue/fit/", "/revenue/value/", "/revenue/value/export/", "/health/forecast/",
    "/growth/next-product/",
}  # fmt: skip
"""Those that name each account they are about, by a text a test can look for."""


def make_judged(accounts: Sequence[Account], day: date, now: datetime) -> None:
    """Judgements of each account as of a day."""
    _relationships(accounts, day, now)
    _fits(accounts, day)
    _values(accounts, day)
    _offers(accounts, day, now)
    _texts(accounts, now)
    _risks(accounts, day)


def _relationships(accounts: Sequence[Account], day: date, now: datetime) -> None:
    from enishi.stakeholders.models import AccountRelationship, RelationshipRun

    RelationshipRun.objects.create(day=day, accounts=len(accounts), started_at=now, finished_at=now)
    for account in accounts:
        AccountRelationship.objects.update_or_create(
            account=account, defaults={"day": day, "people": 1, "single_thread": True}
        )


def _fits(accounts: Sequence[Account], day: date) -> None:
    from enishi.fit.models import AccountFit, FitRun

    run = FitRun.objects.create(day=day, status="done", accounts=len(accounts))
    for account in accounts:
        AccountFit.objects.create(
            account=account, run=run, sold_on=day - timedelta(days=400), sale_tenths=300, sale_band="poor",
            stated_on=day, tenths=300, band="poor", regret=True,
        )  # fmt: skip


def _values(accounts: Sequence[Account], day: date) -> None:
    from enishi.value.models import AccountValue, ValueRun

    run = ValueRun.objects.create(day=day, status="done", progress=100, accounts=len(accounts))
    for account in accounts:
        AccountValue.objects.create(
            account=account,
            day=day,
            run=run,
            simple=100,
            contractual=100,
            residual=100,
            chosen=100,
            chosen_by="contractual",
            since=day - timedelta(days=400),
            margin=10,
            detail={"mrr": 100, "leaves_in": None, "multiplier": 1.0},
        )


def _offers(accounts: Sequence[Account], day: date, now: datetime) -> None:
    from enishi.growth.models import GrowthRun, NextItems, Readiness

    GrowthRun.objects.create(day=day, accounts=len(accounts), started_at=now, finished_at=now)
    for account in accounts:
        Readiness.objects.create(
            account=account, offer="more_seats", kind="seats", status="ready", first=True, on=day, since=day, day=day,
            shown=True,
        )  # fmt: skip
        NextItems.objects.create(account=account, day=day, last_on=day)


def _texts(accounts: Sequence[Account], now: datetime) -> None:
    from enishi.texts.models import TextCorrection, TextJudgement, TextModel

    model = TextModel.objects.order_by("-number").first() or TextModel.objects.create(
        number=1, status="in_use"
    )
    for account in accounts:
        TextJudgement.objects.create(
            kind="note", record_id=10_000 + account.pk, account=account, written_at=now, language="ja", model=model,
            tone="negative", tone_confidence=0.9, digest="0" * 16,
        )  # fmt: skip
        TextCorrection.objects.create(
            kind="note", record_id=10_000 + account.pk, account=account, language="ja", digest="0" * 16, tone="neutral",
        )  # fmt: skip


def _risks(accounts: Sequence[Account], day: date) -> None:
    from enishi.risk.models import AccountRisk

    for account in accounts:
        AccountRisk.objects.create(account=account, horizon=90, day=day, rank=0.9, base_rate=0.05)
