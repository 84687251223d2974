"""Judging every customer by itself, once a day after scoring and whenever the axes change."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
from django.db import transaction

from enishi.accounts.company import company_day, get_company
from enishi.accounts.models import Account
from enishi.definitions.api import get_fit, list_custom_metrics
from enishi.definitions.fit import Fit
from enishi.definitions.reads import Published as InForce
from enishi.fit import facts as read
from enishi.fit.contracts import Book, Judged, Told
from enishi.fit.models import AccountFit, FitOpinion, FitRun, FitStatement
from enishi.fit.rules import judge_book, metrics_of
from enishi.fit.sellers import seller_of
from enishi.forecasts.late import honest_facts
from enishi.kit.home import Home
from enishi.metrics.api import REGISTRY, Facts, FactSettings, Metric, compile_metric
from enishi.metrics.revenue import day_of_number, number_of
from enishi.metrics.spans import FOREVER
from enishi.store.api import Published
from enishi.value.api import values

BATCH = 2_000
RUNS_KEPT = 60
ANEW = timedelta(days=7)
"""How old a reading of the past may be: history imported since may have changed what was known at a sale."""


def renew(now: datetime) -> bool:
    """Judge today where that was not done, or where axes or stated values have changed since; whether it did."""
    today, axes = company_day(now), get_fit()
    if axes is None or Published(Home.from_environment()).generation == 0:
        return False
    last = last_run()
    if (
        last is not None
        and last.day >= today
        and last.version_id == axes.version.pk
        and not _stated_since(last)
    ):
        return False
    judge_fit(axes, today, now)
    return True


def last_run() -> FitRun | None:
    """The newest judging that came to its end."""
    return FitRun.objects.filter(status="done").select_related("version").first()


def _stated_since(last: FitRun) -> bool:
    newest = FitOpinion.objects.order_by("-made_at").values_list("made_at", flat=True).first()
    withdrawn = FitOpinion.objects.filter(withdrawn_on__gte=last.day, made_at__lt=last.started_at)
    return (newest is not None and newest > last.started_at) or (
        withdrawn.exists() and last.record.get("withdrawn") != withdrawn.count()
    )


def judge_fit(axes: InForce, today: date, now: datetime) -> FitRun:
    """Judge every customer by the axes as of today."""
    run = FitRun.objects.create(day=today, version=axes.version, started_at=now)
    try:
        _judge(run, axes.body, today, now)
    except Exception as error:
        FitRun.objects.filter(pk=run.pk).update(status="failed", error=f"{error}"[-2000:], finished_at=now)
        raise
    return run


def _judge(run: FitRun, fit: Fit, today: date, now: datetime) -> None:
    own = {name: compile_metric(body) for name, body in list_custom_metrics().items()}
    known = {name: (m.unit, m.title) for name, m in {**REGISTRY, **own}.items()}
    run.read_anew = not _has_recent_reading(now)
    with honest_facts(Home.from_environment(), FactSettings(currency=get_company().currency)) as facts:
        run.facts_generation = facts.files.generation
        book = read_book(facts, fit, own, today, anew=run.read_anew)
    judged = judge_book(book, fit, known)
    with transaction.atomic():
        _write(run, book, judged, today)
        run.record, run.suggestion = _plain(judged.record), _plain(judged.suggestion)
        run.record["withdrawn"] = FitOpinion.objects.filter(withdrawn_on__gte=today, made_at__lt=now).count()
        run.observed_from = day_of_number(book.first_loss) if book.first_loss is not None else None
        run.accounts, run.status, run.finished_at = len(book.sold), "done", now
        run.save()
        _forget_old_runs()


def _has_recent_reading(now: datetime) -> bool:
    return FitRun.objects.filter(status="done", read_anew=True, started_at__gt=now - ANEW).exists()


def _forget_old_runs() -> None:
    old = FitRun.objects.filter(fits=None).order_by("-started_at").values_list("pk", flat=True)[RUNS_KEPT:]
    FitRun.objects.filter(pk__in=list(old)).delete()


def read_book(facts: Facts, fit: Fit, own: Mapping[str, Metric], today: date, *, anew: bool) -> Book:
    """The book as known today; what was known at each sale is taken from the last reading where that has it."""
    day = number_of(today)
    living = Account.objects.filter(merged_into=None, deleted_at=None)
    people = {
        pk: (since, seller or seller_of(extra))
        for pk, since, seller, extra in living.values_list("pk", "since", "seller", "extra")
    }
    stretches, moves = read.read_money(facts, today)
    sold = read.sales(moves, {account: since for account, (since, _seller) in people.items()}, day)
    notices = read.notices_of(stretches, moves, day)
    kept = [] if anew else list(AccountFit.objects.values_list("account_id", "sold_on", "facts"))
    here, paid = _here(stretches, sold, day)
    now_metrics = _metrics([*metrics_of(fit, "sale"), *read.ALWAYS], own)
    start_metrics = _metrics([*metrics_of(fit, "start"), *read.ALWAYS, *read.OF_START], own)
    present = pd.Series(day, index=pd.Index(sorted(here), dtype="int64"))
    return Book(
        day=day,
        sold=sold,
        here=frozenset(here),
        at_sale=_remembered(facts, sold, kept, "sale", now_metrics),
        at_start=_remembered(facts, read.ends_of_start(sold, day), kept, "start", start_metrics),
        now=read.read_all(facts, present, now_metrics),
        stated=read_stated(),
        moves=moves[~moves["account_id"].isin(list(read.unpriced(stretches)))],
        notices=notices,
        first_loss=read.first_loss(moves, notices, day),
        sellers={account: seller for account, (_since, seller) in people.items()},
        earned=_earned(paid),
    )


def _here(stretches: pd.DataFrame, sold: pd.Series[Any], day: int) -> tuple[set[int], set[int]]:
    """Who is a customer on the day: with a contract in force, or never with one on record. And who ever had one."""
    ever = {int(account) for account in stretches["account_id"].unique()}
    held = stretches[(stretches["start"] <= day) & (day < stretches["stop"])]
    never = {int(account) for account in sold.index if int(account) not in ever}
    return {int(a) for a in held["account_id"].unique() if int(a) in sold.index} | never, ever


def _metrics(names: Sequence[str], own: Mapping[str, Metric]) -> list[Metric | str]:
    return [own.get(name, name) for name in dict.fromkeys(names)]


def _id(metric: Metric | str) -> str:
    return metric if isinstance(metric, str) else metric.id


def _remembered(
    facts: Facts, wanted: pd.Series[Any], kept: Sequence[Any], which: str, metrics: Sequence[Metric | str]
) -> pd.DataFrame:
    """What was known on each account's day: from the last reading where it has every metric and the sale has not moved."""
    names = {_id(metric) for metric in metrics}
    good = [
        (account, facts_of)
        for account, _sold_on, facts_of in kept
        if account in wanted.index
        and facts_of.get(f"{which}_on") == int(wanted[account])
        and names <= set(facts_of.get(which) or {})
    ]
    found = read.as_rows(good, which)
    missing = wanted[~wanted.index.isin(found.index)]
    if not len(missing):
        return found
    fresh = read.read_on_days(facts, missing, metrics)
    return pd.concat([found, fresh]) if len(found) else fresh


def read_stated() -> pd.DataFrame:
    """Every value stated, with the days from and to which it held."""
    rows = [
        {
            "account_id": one.account_id, "input": one.input, "points": float(one.points), "from": number_of(one.stated_on),
            "to": min(_last(one.expires_on), _last(one.withdrawn_on) - (one.withdrawn_on is not None)),
        }
        for one in FitOpinion.objects.order_by("made_at")
    ]  # fmt: skip
    columns = ["account_id", "input", "points", "from", "to"]
    return pd.DataFrame(rows, columns=columns)


def _last(on: date | None) -> int:
    return FOREVER if on is None else number_of(on)


def _earned(paid: set[int]) -> pd.Series[Any]:
    """What each customer brought, less what winning it cost; missing where nothing is known."""
    known = values().set_index("account_id")
    known = known[known.index.isin(list(paid))]
    return known["earned"] - known["acquisition"].fillna(0)


# ---------------------------------------------------------------------------------------------------- keeping


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _whole(value: Any) -> int | None:
    return None if value is None or not math.isfinite(float(value)) else int(value)


def _write(run: FitRun, book: Book, judged: Judged, today: date) -> None:
    before = {
        account: (band, version)
        for account, band, version in AccountFit.objects.values_list("account_id", "band", "run__version_id")
    }
    sale_facts, start_facts, now_facts = (
        table.to_dict("index") for table in (book.at_sale, book.at_start, book.now)
    )
    rows = []
    for account, day in book.sold.items():
        facts = {
            "sale_on": int(day), "sale": _plain(sale_facts.get(account)),
            "start_on": int(day) + 90, "start": _plain(start_facts.get(account)), "now": _plain(now_facts.get(account)),
        }  # fmt: skip
        rows.append(_row(run, book, judged, int(account), facts, today))  # type: ignore[call-overload]
    names = [f.name for f in AccountFit._meta.fields if f.name != "account"]
    for begin in range(0, len(rows), BATCH):
        AccountFit.objects.bulk_create(
            rows[begin : begin + BATCH], update_conflicts=True, unique_fields=["account"], update_fields=names
        )
    AccountFit.objects.exclude(run=run).delete()
    _keep_statements(run, rows, before, today)


def _row(
    run: FitRun, book: Book, judged: Judged, account: int, facts: dict[str, Any], today: date
) -> AccountFit:
    sale, reasons = judged.sale, judged.reasons.get(account, [])
    left = _whole(judged.after["left_on"].get(account))
    row = AccountFit(
        account_id=account, run=run, sold_on=day_of_number(int(book.sold[account])), seller=book.sellers.get(account, ""),
        sale_tenths=_whole(sale.tenths[account]), sale_band=sale.band[account], sale_axes=sale.axes[account],
        sale_coverage=float(sale.coverage[account]), left_on=day_of_number(left) if left is not None else None,
        reasons=reasons, regret=bool(reasons) and sale.band[account] == "poor", facts=facts,
    )  # fmt: skip
    if account in judged.now.tenths.index:
        _add_now(row, judged.now, account, today)
    return row


def _add_now(row: AccountFit, told: Told, account: int, today: date) -> None:
    row.stated_on, row.tenths, row.band = today, _whole(told.tenths[account]), str(told.band[account])
    row.coverage, row.axes = float(told.coverage[account]), told.axes[account]


def _keep_statements(
    run: FitRun, rows: Sequence[AccountFit], before: Mapping[int, tuple[str, int | None]], today: date
) -> None:
    """Keep what changed, and everything once a month."""
    month = today.replace(day=1)
    said = set(FitStatement.objects.filter(day__gte=month).values_list("account_id", flat=True))
    changed = [
        row
        for row in rows
        if row.stated_on is not None
        and (row.account_id not in said or before.get(row.account_id) != (row.band, run.version_id))
    ]
    statements = [
        FitStatement(
            account_id=row.account_id, day=today, version=run.version, tenths=row.tenths, band=row.band,
            coverage=row.coverage, axes=row.axes, sale_tenths=row.sale_tenths, sale_band=row.sale_band,
        )
        for row in changed
    ]  # fmt: skip
    names = ["version", "tenths", "band", "coverage", "axes", "sale_tenths", "sale_band"]
    FitStatement.objects.bulk_create(
        statements,
        update_conflicts=True,
        unique_fields=["account", "day"],
        update_fields=names,
        batch_size=BATCH,
    )
