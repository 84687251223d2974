"""Cohorts by start, renewals due, and what winning a customer cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import nan
from typing import Any

import numpy as np
import pandas as pd

from enishi.metrics.periods import Every, Period, periods_between
from enishi.metrics.renewing import ends_between
from enishi.metrics.revenue import day_of_number, number_of, without_rate
from enishi.metrics.spans import FOREVER


@dataclass(frozen=True)
class Triangle:
    """Retention by cohort and age.

    Args:
        cohorts: the period in which each cohort's customers first had MRR.
        customers, mrr: of each cohort at the end of its first period.
        logos, money: cohorts x ages: customers / MRR still there at the end of each later period; NaN where
            the future has not come. Age 0 is the cohort's own period.
    """

    cohorts: list[Period]
    customers: np.ndarray
    mrr: np.ndarray
    logos: np.ndarray
    money: np.ndarray

    def logo_retention(self) -> np.ndarray:
        return _shares(self.logos, self.customers)

    def revenue_retention(self) -> np.ndarray:
        return _shares(self.money, self.mrr)


def _shares(table: np.ndarray, base: np.ndarray) -> np.ndarray:
    below = base.astype(float)[:, None]
    return np.divide(table, below, out=np.full(table.shape, nan), where=below > 0)


def cohort_triangle(
    moves: pd.DataFrame, until: date, every: Every = "quarter", fiscal_start: int = 4
) -> Triangle:
    """Who stayed, by the period in which they came.

    The base of a cohort is everyone who came in its first period, at their MRR on the day they came: a
    customer who came and left within it counts, and is lost at age 0.

    Args:
        moves: :func:`enishi.metrics.revenue.movements` at account level.
        until: last day; a period that has not ended by then is not shown.
    """
    came = moves[moves["kind"] == "new"]
    if came.empty:
        return Triangle([], *(np.zeros(0) for _ in range(2)), *(np.zeros((0, 0)) for _ in range(2)))
    first = day_of_number(int(came["day"].min())) or until
    periods = [p for p in periods_between(first, until, every, fiscal_start) if p.last <= until]
    if not periods:
        return Triangle([], *(np.zeros(0) for _ in range(2)), *(np.zeros((0, 0)) for _ in range(2)))
    edges = np.array([number_of(p.end) for p in periods])
    held = _held(moves, edges)
    row = pd.Series(np.searchsorted(edges, came["day"], side="right"), index=came["account_id"])
    row = row[row < len(periods)]
    base = came.set_index("account_id")["amount"].loc[row.index]
    return _triangle(periods, held, row, base)


def _held(moves: pd.DataFrame, edges: np.ndarray) -> tuple[pd.Index[Any], np.ndarray]:
    """MRR of each account at the end of each period: accounts x periods."""
    codes, accounts = pd.factorize(moves["account_id"])
    column = np.searchsorted(edges, moves["day"], side="right")
    inside = column < len(edges)
    table = np.zeros((len(accounts), len(edges)), dtype=np.int64)
    np.add.at(table, (codes[inside], column[inside]), moves["amount"].to_numpy(dtype=np.int64)[inside])
    return pd.Index(accounts), np.cumsum(table, axis=1)


def _triangle(
    periods: list[Period], held: tuple[pd.Index[Any], np.ndarray], row: pd.Series[int], base: pd.Series[int]
) -> Triangle:
    accounts, table = held
    n = len(periods)
    logos, money = np.full((n, n), nan), np.full((n, n), nan)
    customers, mrr = np.zeros(n), np.zeros(n)
    for cohort in range(n):
        members = row.index[row.to_numpy() == cohort]
        customers[cohort], mrr[cohort] = len(members), base.loc[members].sum()
        mine = table[accounts.get_indexer(members), cohort:]
        logos[cohort, : n - cohort] = (mine > 0).sum(axis=0)
        money[cohort, : n - cohort] = mine.sum(axis=0)
    return Triangle(periods, customers, mrr, logos, money)


@dataclass(frozen=True, slots=True)
class Renewals:
    """Renewals due in a period: how many, and MRR before the date; and what of it went on.

    Money renewed never exceeds money due: growth at the renewal is an expansion, not a renewal.
    """

    due: int
    renewed: int
    money_due: int
    money_renewed: int

    @property
    def rate(self) -> float:
        return self.renewed / self.due if self.due else nan

    @property
    def money_rate(self) -> float:
        return self.money_renewed / self.money_due if self.money_due else nan


def renewals_due(stretches: pd.DataFrame, until: date) -> pd.DataFrame:
    """Every renewal date up to a day of a subscription in force right before it.

    Dates are those stated (``renewal_on`` of any version) and, within the terms it was stated with, whole terms before and
    after it: a source that tells the present date alone has renewed before. Where there is none, the ends of the terms
    (``term_months``) counted from the start.

    Args:
        stretches: :func:`enishi.metrics.subscriptions.subscription_periods`.

    Returns:
        record_id, account_id, product, day (number), mrr (before), after (MRR on the day), renewed (bool).
    """
    stretches = without_rate(stretches)[0]
    dates = _due_dates(stretches, until)
    columns = ["record_id", "account_id", "product", "mrr", "start", "stop"]
    joined = dates.merge(stretches[columns], on="record_id")
    before = joined[
        (joined["start"] < joined["day"]) & (joined["day"] <= joined["stop"]) & (joined["mrr"] > 0)
    ]
    now = joined[(joined["start"] <= joined["day"]) & (joined["day"] < joined["stop"])]
    now = now[["record_id", "day", "mrr"]].rename(columns={"mrr": "after"})
    due = before.drop(columns=["start", "stop"]).merge(now, on=["record_id", "day"], how="left")
    due["after"] = due["after"].fillna(0).astype("int64")
    return due.assign(renewed=due["after"] > 0).sort_values(["day", "record_id"], ignore_index=True)


def _due_dates(stretches: pd.DataFrame, until: date) -> pd.DataFrame:
    """Record and day number of every renewal date up to a day."""
    dated = stretches[stretches["renewal"] < FOREVER]
    stated = dated[dated["renewal"] <= number_of(until)][["record_id", "renewal"]]
    repeated = dated[_has_term(dated)]
    high = np.minimum(repeated["stop"].to_numpy(dtype=np.int64), number_of(until))
    silent = stretches[~stretches["record_id"].isin(dated["record_id"]) & _has_term(stretches)]
    silent = silent[silent["started_on"] < FOREVER].drop_duplicates("record_id")
    last = np.full(len(silent), number_of(until), dtype=np.int64)
    found = [
        stated.set_axis(["record_id", "day"], axis=1),
        _ends_of_terms(repeated, "renewal", "start", high),
        _ends_of_terms(silent, "started_on", "started_on", last),
    ]
    return pd.concat(found, ignore_index=True).astype("int64").drop_duplicates()


def _has_term(stretches: pd.DataFrame) -> Any:
    return (stretches["term_months"].notna() & stretches["term_months"].between(1, 1200)).to_numpy(dtype=bool)


def _ends_of_terms(rows: pd.DataFrame, base: str, low: str, high: np.ndarray) -> pd.DataFrame:
    """The days whole terms before or after ``base``, later than ``low`` and up to ``high``."""
    term = rows["term_months"].to_numpy(dtype=np.int64)
    place, day = ends_between(rows[base].to_numpy(np.int64), term, rows[low].to_numpy(np.int64), high)
    return pd.DataFrame({"record_id": rows["record_id"].to_numpy(np.int64)[place], "day": day})


def renewals(due: pd.DataFrame, start: date, end: date, accounts: Sequence[int] | None = None) -> Renewals:
    """The renewals of ``[start, end)``; ask only for periods that have passed."""
    part = due[(due["day"] >= number_of(start)) & (due["day"] < number_of(end))]
    if accounts is not None:
        part = part[part["account_id"].isin(list(accounts))]
    kept = np.minimum(part["mrr"], part["after"])
    return Renewals(len(part), int(part["renewed"].sum()), int(part["mrr"].sum()), int(kept.sum()))


@dataclass(frozen=True, slots=True)
class Acquisition:
    """What customers won in a period cost, on average.

    Args:
        cost: acquisition cost of the period, whole minor units; won: customers won; mrr_won: their first MRR.
    """

    cost: int
    won: int
    mrr_won: int

    @property
    def cac(self) -> float:
        """Cost per customer won; NaN without any."""
        return self.cost / self.won if self.won else nan

    def payback_months(self, gross_margin: float) -> float:
        """Months of gross margin that earn the cost back; NaN without customers or margin."""
        margin = self.mrr_won * gross_margin
        return self.cost / margin if margin > 0 else nan


def acquisition(
    moves: pd.DataFrame,
    costs: pd.DataFrame,
    start: date,
    end: date,
    channels: Mapping[int, str] | None = None,
) -> dict[str, Acquisition]:
    """CAC of ``[start, end)`` by channel, and under ``""`` of all together.

    Args:
        costs: channel, month (day number of the first of a month), minor.
        channels: account -> channel; accounts without one count only in the total.
    """
    low, high = number_of(start), number_of(end)
    spent = costs[(costs["month"] >= low) & (costs["month"] < high)]
    won = moves[(moves["kind"] == "new") & (moves["day"] >= low) & (moves["day"] < high)]
    found = {"": Acquisition(int(spent["minor"].sum()), len(won), int(won["amount"].sum()))}
    named = won["account_id"].map(channels or {})
    for channel in sorted({*spent["channel"].dropna(), *named.dropna()}):
        mine = won[named == channel]
        cost = int(spent.loc[spent["channel"] == channel, "minor"].sum())
        found[channel] = Acquisition(cost, len(mine), int(mine["amount"].sum()))
    return found
