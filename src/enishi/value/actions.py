"""Valuing every account, and changing what is assumed. One verb, one transaction, one audit line."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
from django.db import transaction
from django.db.models import OuterRef, Subquery

from enishi.accounts.audit import write_audit
from enishi.accounts.company import company_day
from enishi.accounts.models import Account, Member
from enishi.kit.errors import EnishiError
from enishi.kit.home import Home
from enishi.kit.text import Text
from enishi.metrics.revenue import day_of_number
from enishi.signals.models import AccountState
from enishi.value.contracts import Valuation
from enishi.value.facts import assumptions, read_book
from enishi.value.models import (
    AccountValue,
    Ranking,
    SegmentValue,
    Valued,
    ValueRun,
    ValueSettings,
    ValueStatement,
)
from enishi.value.reads import get_settings, running_run
from enishi.value.rules import value_book

BATCH = 2000
RUNS_KEPT = 60
MOST_YEARS = 30
_SAID = [f.name for f in Valued._meta.fields]
_WHOLE = ("margin", "service", "acquisition", "earned", "even_month")

Progress = Callable[[float, float], None]


def value_accounts(
    day: date | None = None,
    *,
    now: datetime,
    home: Home | None = None,
    asked_by: Member | None = None,
    progress: Progress | None = None,
) -> ValueRun:
    """Value every account as of a day, as known at its end.

    Of today, the present values are replaced and one statement a month is kept; of a past day only the statements are
    written: what nobody had said then is said now from what was known then.

    Args:
        day: today unless given.
    """
    today = company_day(now)
    day = min(day or today, today)
    run = ValueRun.objects.create(day=day, started_at=now, asked_by=asked_by)
    try:
        _value(run, today, home, progress or (lambda done, total: None))
    except Exception as error:
        ValueRun.objects.filter(pk=run.pk).update(status="failed", error=f"{error}"[-2000:], finished_at=now)
        raise
    return run


def _value(run: ValueRun, today: date, home: Home | None, tell: Progress) -> None:
    assumed = assumptions(get_settings())
    tell(5, 100)
    book, generation = read_book(run.day, today=today, home=home)
    tell(40, 100)
    valuation = value_book(book, assumed)
    tell(75, 100)
    run.assumptions, run.fits = assumed.as_json(), _without_nan(valuation.fitted.figures)
    run.facts_generation = generation
    run.accounts = _write(run, valuation, run.day >= today)
    run.status, run.progress, run.finished_at = "done", 100, run.started_at
    run.save()
    tell(100, 100)


def _without_nan(values: Any) -> Any:
    if isinstance(values, dict):
        return {name: _without_nan(value) for name, value in values.items()}
    return None if isinstance(values, float) and not math.isfinite(values) else values


@transaction.atomic
def _write(run: ValueRun, valuation: Valuation, present: bool) -> int:
    living = Account.objects.filter(merged_into=None).exclude(deleted_at__isnull=False)
    ids = set(living.values_list("pk", flat=True))
    accounts = valuation.accounts[valuation.accounts.index.isin(ids)]
    _keep_statements(run, accounts)
    if not present:
        return len(accounts)
    for begin in range(0, len(accounts), BATCH):
        rows = [_present(run, account, row) for account, row in _rows(accounts.iloc[begin : begin + BATCH])]
        names = [f.name for f in AccountValue._meta.fields if f.name != "account"]
        AccountValue.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["account"], update_fields=names
        )
    AccountValue.objects.exclude(run=run).delete()
    SegmentValue.objects.exclude(run=run).delete()
    SegmentValue.objects.bulk_create(_segment(run, asdict(one)) for one in valuation.segments)
    _tell_states()
    old = ValueRun.objects.filter(statements=None, values=None).order_by("-day", "-started_at")
    ValueRun.objects.filter(pk__in=list(old.values_list("pk", flat=True)[RUNS_KEPT:])).delete()
    return len(accounts)


def _rows(accounts: pd.DataFrame) -> list[tuple[int, dict[str, Any]]]:
    rows: list[dict[str, Any]] = [{str(k): v for k, v in row.items()} for row in accounts.to_dict("records")]
    return list(zip(accounts.index.tolist(), rows, strict=True))


def _whole(value: Any) -> int | None:
    return None if value is None or not math.isfinite(value) else round(value)


def _fraction(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None


def _said(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] if name == "chosen_by" else _whole(row[name]) for name in _SAID}


def _present(run: ValueRun, account: int, row: dict[str, Any]) -> AccountValue:
    return AccountValue(
        account_id=account,
        day=run.day,
        run=run,
        months=int(row["months"]),
        months_left=_fraction(row["months_left"]),
        near_term=bool(row["near_term"]),
        since=day_of_number(int(row["start"])),
        left=bool(row["left"]),
        order_soon=_fraction(row["order_soon"]),
        order_year=_fraction(row["order_year"]),
        curve=row["curve"],
        detail={
            "leaves_in": _fraction(row["leaves_in"]),
            "mrr": _whole(row["mrr"]),
            "multiplier": _fraction(row["multiplier"]),
            "age": _fraction(row["age"]),
            "near": {days: _fraction(said) for days, said in (row["near"] or {}).items()},
        },
        **_said(row),
        **{name: _whole(row[name]) for name in _WHOLE},
    )


def _keep_statements(run: ValueRun, accounts: pd.DataFrame) -> None:
    """The first valuation of a month is kept."""
    month = ValueStatement.objects.filter(day__year=run.day.year, day__month=run.day.month)
    if month.exists():
        return
    for begin in range(0, len(accounts), BATCH):
        rows = _rows(accounts.iloc[begin : begin + BATCH])
        ValueStatement.objects.bulk_create(
            ValueStatement(account_id=account, day=run.day, run=run, **_said(row)) for account, row in rows
        )


def _segment(run: ValueRun, found: dict[str, Any]) -> SegmentValue:
    middle, low, high = found.pop("multiplier") or (None, None, None)
    return SegmentValue(run=run, multiplier=middle, multiplier_low=low, multiplier_high=high, **found)


def _tell_states() -> None:
    """Lists and tiers show the chosen lifetime value from now on; see ``apps.py`` for later scorings."""
    chosen = AccountValue.objects.filter(account=OuterRef("account"), chosen__isnull=False)
    told = AccountState.objects.filter(account__value__chosen__isnull=False)
    told.update(ltv=Subquery(chosen.values("chosen")[:1]))


@transaction.atomic
def ask_valuation(member: Member, today: date, now: datetime) -> ValueRun:
    """Have the worker value everybody now; one that waits or runs already is not asked for twice."""
    from enishi.value.jobs import run_valuation

    waiting = running_run(now)
    if waiting is not None:
        return waiting
    run = ValueRun.objects.create(day=today, status="queued", started_at=now, asked_by=member)
    write_audit(member, "valuation_asked", "value")
    transaction.on_commit(lambda: run_valuation.enqueue(run.pk))
    return run


@transaction.atomic
def save_settings(actor: Member | str, changes: dict[str, Any], now: datetime) -> ValueSettings:
    """Change what is assumed; the next valuation follows it.

    Args:
        changes: ``discount_rate`` (a year, 0 to 1), ``horizon_years``, ``hour_cost`` and ``ticket_cost`` (minor units;
            None: not stated), ``ranking``; only what is given changes.
    """
    _check(changes)
    settings = ValueSettings.objects.filter(pk=1).first() or ValueSettings(pk=1)
    before = {name: getattr(settings, name) for name in changes}
    detail = {
        name: [_written(before[name]), _written(value)]
        for name, value in changes.items()
        if before[name] != value
    }
    if not detail:
        return settings
    for name, value in changes.items():
        setattr(settings, name, value)
    settings.changed_at = now
    settings.save()
    write_audit(actor, "value_settings_changed", "value", detail=detail)
    return settings


def _written(value: Any) -> str:
    """A setting as the audit log keeps it."""
    return "" if value is None else str(value)


_RANGES: dict[str, tuple[Decimal, Decimal]] = {
    "discount_rate": (Decimal(0), Decimal(1)),
    "horizon_years": (Decimal(1), Decimal(MOST_YEARS)),
    "hour_cost": (Decimal(0), Decimal(10**12)),
    "ticket_cost": (Decimal(0), Decimal(10**12)),
}


def _check(changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        if name == "ranking":
            valid = value in Ranking.values
        else:
            least, most = _RANGES[name]
            valid = (value is None and name.endswith("_cost")) or (
                value is not None and least <= Decimal(value) <= most
            )
        if not valid:
            message = Text(f"“{value}” cannot be the {name}.", f"{name} に「{value}」は指定できません。")
            raise EnishiError("value_setting_invalid", message, fields={name: message})
