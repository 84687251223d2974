"""What contracts say on a day of the months that follow: what is certain, and when the next decision falls due.

Announced changes of terms and ends that somebody gave notice of are certain; they are part of ``path``. All else is a
matter of probability (:mod:`enishi.forecasts.turnover`, :mod:`enishi.forecasts.simulation`).

What is decided is a contract, or several of a customer that renew on one day. Most customers hold one such; those who hold
several decide more than once, and are lost with the last of them (:attr:`Standing.parts`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from enishi.metrics.following import GRACE_DAYS, OVERLAP_DAYS
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
        renewal: day number of the next renewal; ``FOREVER`` where there is none and they may leave at any time (N). Of
            customers in ``parts`` that of their largest contract.
        term: months between renewals (N).
        noticed: whether the end of all its contracts is announced (N).
        tenure: days since the first contract began (N).
        record: number of the largest contract (N).
        parts: the customers whose contracts renew on different days once more, a row for each of these days (and one for
            what has none), ordered by customer; ``now`` and ``path`` add up to theirs. None where there are none.
    """

    grid: Grid
    accounts: Ints
    now: Ints
    path: Ints
    renewal: Ints
    term: Ints
    noticed: npt.NDArray[np.bool_]
    tenure: Ints
    record: Ints
    parts: Standing | None = None

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
        accounts, parts = self.accounts[chosen], self.parts
        if parts is not None:
            mine = np.isin(parts.accounts, accounts)
            parts = parts.where(mine) if mine.any() else None
        return Standing(
            self.grid, accounts, self.now[chosen], self.path[chosen], self.renewal[chosen], self.term[chosen],
            self.noticed[chosen], self.tenure[chosen], self.record[chosen], parts,
        )  # fmt: skip

    @property
    def parted(self) -> npt.NDArray[np.bool_]:
        """Who is in ``parts`` (N)."""
        if self.parts is None:
            return np.zeros(len(self), dtype=bool)
        return np.isin(self.accounts, self.parts.accounts)

    @property
    def decided(self) -> list[Standing]:
        """What is decided each on its own: the customers who are in no parts, and the parts."""
        return [self] if self.parts is None else [self.where(~self.parted), self.parts]

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
    held = _Held(
        grid, known["account_id"].to_numpy(dtype=np.int64), known["record_id"].to_numpy(dtype=np.int64),
        known["mrr"].to_numpy(dtype=np.int64), known["start"].to_numpy(dtype=np.int64), _announced_stops(known, due, today),
        due, term, known["started_on"].to_numpy(dtype=np.int64),
    )  # fmt: skip
    by = _decided_by(held)
    held = replace(held, due=due[by], term=term[by])
    whole = _summed(held, held.account)
    whole = whole.where((whole.now > 0) | (whole.path > 0).any(axis=1))
    return replace(whole, parts=_parts(held, whole))


@dataclass(frozen=True, slots=True)
class _Held:
    """Stretches of contracts in force from a day on: customer, contract, MRR, first day, first day without it, next renewal
    and its term, and the first day of the contract (R each)."""

    grid: Grid
    account: Ints
    record: Ints
    money: Ints
    start: Ints
    stop: Ints
    due: Ints
    term: Ints
    begun: Ints

    def where(self, chosen: npt.NDArray[np.bool_]) -> _Held:
        names = ("account", "record", "money", "start", "stop", "due", "term", "begun")
        return _Held(self.grid, *(getattr(self, name)[chosen] for name in names))


def _summed(held: _Held, key: Ints) -> Standing:
    """One row per value of a key, ordered by it; of renewals that of the largest contract counts."""
    today = number_of(held.grid.day)
    _keys, first, row = np.unique(key, return_index=True, return_inverse=True)
    count = len(first)

    def paid(at: int) -> Ints:
        there = (held.start <= at) & (at < held.stop)
        return np.bincount(row[there], held.money[there], count).round().astype(np.int64)

    now, path = paid(today), np.column_stack([paid(int(edge) - 1) for edge in held.grid.edges[1:]])
    tenure = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(tenure, row, np.minimum(held.begun, held.start))
    ends = np.zeros(count, dtype=np.int64)
    np.maximum.at(ends, row, held.stop)
    order = np.lexsort((np.where(held.start <= today, held.money, -1), row))
    main = np.full(count, -1, dtype=np.int64)
    main[row[order]] = order  # the last one written is the largest
    return Standing(
        held.grid, held.account[first], now, path, held.due[main], held.term[main], (ends < FOREVER) & (now > 0),
        np.maximum(0, today - tenure), held.record[main],
    )  # fmt: skip


def _parts(held: _Held, whole: Standing) -> Standing | None:
    """What customers with several decisions ahead decide on, each apart."""
    days, day = np.unique(held.due, return_inverse=True)
    found = _summed(held, held.account * len(days) + day)
    found = found.where((found.now != 0) | (found.path != 0).any(axis=1))
    accounts, counts = np.unique(found.accounts, return_counts=True)
    less = found.accounts[(found.now < 0) | (found.path < 0).any(axis=1)]
    several = accounts[(counts > 1) & ~np.isin(accounts, less) & np.isin(accounts, whole.accounts)]
    found = found.of(several)
    since = whole.tenure[np.searchsorted(whole.accounts, found.accounts)]
    return replace(found, tenure=since) if len(found) else None


def _decided_by(held: _Held) -> Ints:
    """Place of the stretch by whose renewal each is decided: the first of its contract. A contract whose end is announced is
    one with the contract that follows it; a discount, or what costs nothing, goes with the largest contract."""
    order = np.lexsort((held.start, held.record))
    records, at, row = np.unique(held.record[order], return_index=True, return_inverse=True)
    first, of = order[at], np.empty(len(order), dtype=np.int64)
    of[order] = row
    account = held.account[first]
    stop, most = np.zeros(len(records), dtype=np.int64), np.full(len(records), np.iinfo(np.int64).min)
    np.maximum.at(stop, of, held.stop)
    np.maximum.at(most, of, held.money)
    heir = followers(account, held.begun[first], stop)
    while (heir[heir] != heir).any():
        heir = heir[heir]
    largest = np.lexsort((records, most, account))
    last = (
        largest[np.append(account[largest][1:] != account[largest][:-1], True)] if len(largest) else largest
    )
    main = last[np.searchsorted(account[last], account)]
    return first[np.where(most > 0, heir, heir[main])][of]


def followers(account: Ints, begun: Ints, stop: Ints) -> Ints:
    """Which contract goes on where each ends (R): its own place where none does, or where no end is told.

    One follows another of the same customer if it begins around the other's end and goes on beyond.

    Args:
        account, begun, stop: of each contract the customer, the first day, and the first day without it (``FOREVER``).
    """
    heir = np.arange(len(account))
    ending = np.flatnonzero(stop < FOREVER)
    if not len(ending):
        return heir
    order = np.lexsort((begun, account))
    starts = pd.DataFrame({"account": account[order], "begun": begun[order], "heir": order})
    ends = pd.DataFrame({"account": account[ending], "stop": stop[ending], "place": ending})
    both = ends.merge(starts, on="account")
    near = (both["begun"] >= both["stop"] - OVERLAP_DAYS) & (both["begun"] <= both["stop"] + GRACE_DAYS)
    beyond = stop[both["heir"].to_numpy()] > both["stop"]
    found = both[near & beyond].drop_duplicates("place")
    heir[found["place"].to_numpy()] = found["heir"].to_numpy()
    return heir


def _announced_stops(known: pd.DataFrame, due: Ints, today: int) -> Ints:
    """When each stretch stops for certain: as stated; where notice was given without an end, at the next renewal, or a
    month on where there is none."""
    stop, notice = known["stop"].to_numpy(dtype=np.int64), known["notice"].to_numpy(dtype=np.int64)
    open_ended = (stop >= FOREVER) & (notice <= today)
    return np.where(open_ended, np.where(due < FOREVER, due, today + NOTICE_DAYS), stop)
