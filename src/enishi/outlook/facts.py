"""Contracts as the outlook reads them: as known at the end of any day, kept while they do not change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from django.core.cache import cache

from enishi.accounts.company import get_company
from enishi.forecasts.late import honest_facts
from enishi.forecasts.simulation import Cohorts
from enishi.forecasts.standing import Standing, standing
from enishi.forecasts.turnover import AHEAD
from enishi.kit.home import Home
from enishi.metrics.api import FactSettings, duckdb_facts
from enishi.metrics.periods import add_months
from enishi.metrics.revenue import day_of_number, movements, number_of, without_rate
from enishi.metrics.subscriptions import periods_known, subscription_periods
from enishi.store.api import Published

PAST_MONTHS = 36
TOGETHER = 12  # days read at a time
KEEP_SECONDS = 3600
_CONTRACTS = ("record_subscription", "record_exchange_rate", "merge")


@dataclass(frozen=True, slots=True)
class Past:
    """Contracts as known at the end of each past month and of the day itself."""

    day: date
    known: dict[date, pd.DataFrame]

    @property
    def month_ends(self) -> list[date]:
        return sorted(day for day in self.known if day < self.day and (day + timedelta(days=1)).day == 1)

    def books(self, until: date) -> list[Standing]:
        """The books of the months that had ended before a day."""
        return [standing(self.known[end], end, AHEAD) for end in self.month_ends if end < until]

    def moves(self, day: date) -> pd.DataFrame:
        return movements(self.known[day])


def stamp(day: date) -> str:
    """Changes whenever anything the outlook reads of contracts does."""
    published = Published(Home.from_environment())
    changed = max(published.changed(table) for table in _CONTRACTS)
    return f"{changed}:{get_company().currency}:{day}"


def read_past(day: date, tell: Callable[[float], None] = lambda share: None) -> Past:
    """Contracts as known at the end of a day and of up to 36 months before, from the first contract on."""
    settings = FactSettings(currency=get_company().currency)
    with honest_facts(Home.from_environment(), settings) as facts:
        known = {day: subscription_periods(facts, day)}
        ends = list(_month_ends(known[day], day))
        for place in range(0, len(ends), TOGETHER):
            known |= periods_known(facts, ends[place : place + TOGETHER])
            tell(min(1.0, (place + TOGETHER) / len(ends)))
    return Past(day, known)


def _month_ends(stretches: pd.DataFrame, day: date) -> Iterable[date]:
    if stretches.empty:
        return
    first = day_of_number(int(stretches["start"].min())) or day
    start = max(add_months(first.replace(day=1), 1), add_months(day.replace(day=1), -PAST_MONTHS))
    while start <= day:
        yield start - timedelta(days=1)
        start = add_months(start, 1)


def read_moves(day: date) -> pd.DataFrame:
    """Movements of MRR, as known at the end of a day."""
    key = f"outlook:moves:{stamp(day)}"
    found: pd.DataFrame | None = cache.get(key)
    if found is None:
        settings = FactSettings(currency=get_company().currency)
        with duckdb_facts(Home.from_environment(), settings) as facts:
            found = movements(subscription_periods(facts, day))
        cache.set(key, found, KEEP_SECONDS)
    return found


def cohorts_of(book: Standing, moves: pd.DataFrame) -> Cohorts:
    """The customers of twelve months before each month's end: what of their MRR then can still be there."""
    day, months = book.grid.day, book.grid.months
    opening, total = np.zeros((len(book), months), dtype=np.int64), np.zeros(months, dtype=np.int64)
    moves = moves[moves["day"] <= number_of(day)]
    for month, end in enumerate(book.grid.ends):
        start = add_months(end, -12)
        if start > day:
            break
        at = number_of(start)
        held = moves[moves["day"] < at].groupby("account_id")["amount"].sum()
        held = held[held > 0]
        total[month] = int(held.sum())
        gone = moves[(moves["kind"] == "churn") & (moves["day"] >= at)]["account_id"]
        held = held[~held.index.isin(gone)]
        opening[:, month] = held.reindex(book.accounts).fillna(0).to_numpy(dtype=np.int64)
    return Cohorts(opening, total)


def cohort_totals(moves: pd.DataFrame, ends: Iterable[date], day: date) -> np.ndarray:
    """MRR of the customers of twelve months before each end; 0 where that day is still to come."""
    found = []
    for end in ends:
        start = add_months(end, -12)
        if start > day:
            found.append(0)
            continue
        held = moves[moves["day"] < number_of(start)].groupby("account_id")["amount"].sum()
        found.append(int(held[held > 0].sum()))
    return np.array(found, dtype=np.int64)


def lacking_rates(stretches: pd.DataFrame) -> int:
    """Contracts left out for want of an exchange rate."""
    return int(without_rate(stretches)[1]["record_id"].nunique())
