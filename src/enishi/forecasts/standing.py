"""What contracts say on a day of the months that follow: what is certain, and when the next decision falls due.

Announced changes of terms and ends that somebody gave notice of are certain; they are part of ``path``. All else is a
matter of probability (:mod:`enishi.forecasts.turnover`, :mod:`enishi.forecasts.simulation`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from enishi.metrics.periods import add_months
from enishi.metrics.renewing import next_renewals
from enishi.metrics.revenue import EPOCH, number_of, without_rate
from enishi.metrics.spans import FOREVER

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

NOTICE_DAYS = 31  # after which a contract without a date ends, where notice was given and no end is stated
FIRST_YEAR = 365
SIZES = 3


@dataclass(frozen=True, slots=True)
class Grid:
    """Months ahead of a day: month ``k`` is ``[edges[k], edges[k + 1])`` in day numbers; the first is the rest of the
    running one (or the next, where the day is a month's last). ``share``: how much of a month each is."""

    day: date
    edges: Ints
    share: Floats

    @property
    def months(self) -> int:
        return len(self.edges) - 1

    @property
    def ends(self) -> list[date]:
        """The first day after each month."""
        return [date.fromordinal(int(edge) + EPOCH) for edge in self.edges[1:]]

    @property
    def elapsed(self) -> Floats:
        """Months gone by at the end of each."""
        return np.cumsum(self.share)


def month_grid(day: date, months: int) -> Grid:
    """The ``months`` months that follow the end of a day."""
    first = day + timedelta(days=1)
    starts = [add_months(first.replace(day=1), k + 1) for k in range(months)]
    edges = np.array([number_of(first), *(number_of(start) for start in starts)], dtype=np.int64)
    whole = np.array([number_of(end) - number_of(add_months(end, -1)) for end in starts], dtype=float)
    return Grid(day, edges, np.diff(edges) / whole)


@dataclass(frozen=True, slots=True)
class Standing:
    """Customers with recurring money on a day, or signed for a later one, ordered by number.

    Args:
        accounts: their numbers (N).
        now: MRR at the end of the day, whole minor units (N).
        path: MRR at the end of each month if nobody decides anything: announced changes and ends alone (N x M).
        renewal: day number of the next renewal of the account's largest contract; ``FOREVER`` where it has none
            and may be left at any time (N).
        term: months between renewals (N).
        noticed: whether the end of all its contracts is announced (N).
        tenure: days since the first contract began (N).
    """

    grid: Grid
    accounts: Ints
    now: Ints
    path: Ints
    renewal: Ints
    term: Ints
    noticed: npt.NDArray[np.bool_]
    tenure: Ints

    def __len__(self) -> int:
        return len(self.accounts)

    @property
    def rolling(self) -> npt.NDArray[np.bool_]:
        """Who may leave at any time, as no renewal date is known."""
        return self.renewal >= FOREVER

    def of(self, accounts: Any) -> Standing:
        """Only these of the customers."""
        return self.where(np.isin(self.accounts, np.asarray(accounts, dtype=np.int64)))

    def where(self, chosen: npt.NDArray[np.bool_] | Ints) -> Standing:
        """These rows: marked, or by place."""
        return Standing(
            self.grid, self.accounts[chosen], self.now[chosen], self.path[chosen], self.renewal[chosen], self.term[chosen],
            self.noticed[chosen], self.tenure[chosen],
        )  # fmt: skip

    def renewal_months(self) -> Ints:
        """Month of the grid in which the next renewal falls; the number of months where it is none of them (N)."""
        place = np.searchsorted(self.grid.edges, self.renewal, side="right") - 1
        return np.where(self.renewal < self.grid.edges[0], self.grid.months, place).astype(np.int64)


def standing(stretches: pd.DataFrame, day: date, months: int) -> Standing:
    """The customers of a day and what is certain of their money.

    Args:
        stretches: :func:`enishi.metrics.subscriptions.subscription_periods` as known at the end of ``day``.
        months: how many months ahead.
    """
    grid, today = month_grid(day, months), number_of(day)
    known = without_rate(stretches)[0]
    known = known[(known["stop"] > today) & (known["start"] < grid.edges[-1])]
    due, term = next_renewals(known, today)
    stop = _announced_stops(known, due, today)
    accounts, row = np.unique(known["account_id"].to_numpy(dtype=np.int64), return_inverse=True)
    money, start = known["mrr"].to_numpy(dtype=np.int64), known["start"].to_numpy(dtype=np.int64)

    def held(at: int) -> Ints:
        there = (start <= at) & (at < stop)
        return np.bincount(row[there], money[there], len(accounts)).round().astype(np.int64)

    now = held(today)
    path = (
        np.column_stack([held(int(edge) - 1) for edge in grid.edges[1:]]) if len(accounts) else now[:, None]
    )
    begun = known["started_on"].to_numpy(dtype=np.int64)
    tenure = np.full(len(accounts), np.iinfo(np.int64).max)
    np.minimum.at(tenure, row, np.minimum(begun, start))
    main = _largest(row, np.where(start <= today, money, -1), due, term, len(accounts))
    ends = np.zeros(len(accounts), dtype=np.int64)
    np.maximum.at(ends, row, stop)
    paying = (now > 0) | (path > 0).any(axis=1) if len(accounts) else np.zeros(0, dtype=bool)
    found = Standing(
        grid,
        accounts,
        now,
        path,
        main[0],
        main[1],
        (ends < FOREVER) & (now > 0),
        np.maximum(0, today - tenure),
    )
    return found.where(paying)


def _largest(row: Ints, weight: Ints, due: Ints, term: Ints, count: int) -> tuple[Ints, Ints]:
    """Renewal and term of each account's largest contract."""
    order = np.lexsort((weight, row))
    last = np.full(count, -1, dtype=np.int64)
    last[row[order]] = order  # the last one written is the largest
    return due[last], term[last]


def _announced_stops(known: pd.DataFrame, due: Ints, today: int) -> Ints:
    """When each stretch stops for certain: as stated; where notice was given without an end, at the next renewal, or a
    month on where there is none."""
    stop, notice = known["stop"].to_numpy(dtype=np.int64), known["notice"].to_numpy(dtype=np.int64)
    open_ended = (stop >= FOREVER) & (notice <= today)
    return np.where(open_ended, np.where(due < FOREVER, due, today + NOTICE_DAYS), stop)
