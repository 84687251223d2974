"""The page's figures from rows of values. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan, nan
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from enishi.forecasts.acquisition import UnitCost, unit_cost
from enishi.forecasts.fitting import Fit, bounds
from enishi.forecasts.profit import ProfitCurve, break_even, cumulative_profit, project
from enishi.forecasts.sbg import ShiftedBetaGeometric
from enishi.forecasts.staying import still_there

LEAST_SHOWN = 3  # customers with a value, below which no mean is told
LEAST_IN_CURVE = 5
LEAST_MONTHS = 3
LIKELY = 0.5
AHEAD = 36  # months a curve is carried on
LEVEL = 0.9
DRAWN_FOR = 200  # customers by whom the band of a group is drawn: its width is that of the whole


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean lifetime value of a group, its interval (of what is not known about staying and spending), and of how
    many of how many customers."""

    value: float
    low: float
    high: float
    n: int
    of: int

    @property
    def known(self) -> bool:
        return not isnan(self.value)


def mean_value(rows: pd.DataFrame, method: str) -> Mean:
    """Mean of a lifetime value over the customers that have it."""
    held = rows[rows[method].notna()]
    if len(held) < LEAST_SHOWN:
        return Mean(nan, nan, nan, len(held), len(rows))
    middle = float(held[method].mean())
    low, high = float(held[f"{method}_low"].mean()), float(held[f"{method}_high"].mean())
    return Mean(middle, low, high, len(held), len(rows))


@dataclass(frozen=True, slots=True)
class Unit:
    """The unit economics of a group: ``cost`` of those won in the window, ``ltv`` of those there today."""

    name: str
    customers: int
    mrr: float
    margin: float  # mean monthly contribution of those who pay today
    won_margin: float  # the same of those won in the window: what payback divides by
    ltv: Mean
    cost: UnitCost
    accounts: NDArray[np.int64]

    @property
    def ratio(self) -> float:
        return self.cost.ratio(self.ltv.value)

    @property
    def ratio_low(self) -> float:
        return self.ltv.low / self.cost.cac_high if self.cost.cac > 0 and self.ltv.known else nan

    @property
    def ratio_high(self) -> float:
        return self.ltv.high / self.cost.cac_low if self.cost.cac > 0 and self.ltv.known else nan


def unit(name: str, rows: pd.DataFrame, won: pd.DataFrame, method: str) -> Unit:
    """Unit economics of some accounts.

    Args:
        rows: of the group. won: of them, those won in the window, with ``cost``.
    """
    here = rows[here_today(rows)]
    margin = float(here["margin"].mean()) if here["margin"].notna().any() else nan
    known = won["cost"].notna()
    fresh = rows.loc[rows.index.isin(won.index[known]), "margin"]
    earning = float(fresh.mean()) if fresh.notna().any() else nan
    cost = unit_cost(float(won["cost"].sum()), len(won), int(known.sum()), earning)
    return Unit(
        name,
        len(here),
        float(here["mrr"].sum()),
        margin,
        earning,
        mean_value(here, method),
        cost,
        rows.index.to_numpy(),
    )


def here_today(rows: pd.DataFrame) -> pd.Series[bool]:
    """Who is a customer today: pays, or is likelier than not to order within a year. Not who ended its contracts and has
    ordered nothing since."""
    orders = rows["noncontractual"].gt(0) & ~rows["order_year"].lt(LIKELY)
    return (rows["mrr"] > 0) | (orders & ~rows["left"].astype(bool))


def units_by(rows: pd.DataFrame, won: pd.DataFrame, by: str, method: str) -> list[Unit]:
    """Unit economics by a column, those with most recurring revenue first, "not set" last."""
    found = [
        unit(str(value), part, won[won.index.isin(part.index)], method)
        for value, part in rows.groupby(rows[by].fillna(""), sort=True)
    ]
    return sorted(found, key=lambda one: (one.name == "", -one.mrr, one.name))


@dataclass(frozen=True, slots=True)
class Cohort:
    """Customers won in a fiscal year, and their cumulative profit."""

    key: str
    title: str
    unit: Unit
    still: int
    curve: ProfitCurve | None
    investment: float  # mean cost of winning those of whom it is known; NaN: of nobody
    carrying: int


def cohort(
    key: str, title: str, rows: pd.DataFrame, curves: Mapping[int, list[int]], method: str, flows: Any
) -> Cohort:
    """A cohort's curve: of those whose cost of winning is known, or of all where it is of nobody (then without one)."""
    carrying = rows[rows["acquisition"].notna()]
    shown = carrying if len(carrying) >= LEAST_IN_CURVE else rows
    investment = float(carrying["acquisition"].mean()) if shown is carrying else nan
    won = rows.assign(cost=rows["acquisition"])
    curve = None
    if len(shown) >= LEAST_IN_CURVE:
        table = flows([curves.get(int(account), []) for account in shown.index])
        costs = shown["acquisition"].fillna(0).to_numpy(float) if shown is carrying else 0.0
        curve = cumulative_profit(table, costs)
        curve = curve if len(curve.months) > LEAST_MONTHS else None
    still = int(here_today(rows).sum())
    return Cohort(key, title, unit(title, rows, won, method), still, curve, investment, len(carrying))


@dataclass(frozen=True, slots=True)
class Projection:
    """A curve carried on, with its band; ``even_month`` counts from the start."""

    middle: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    even_month: int | None


def stays_of(rows: Iterable[tuple[int, float | None, int, Mapping[str, Any]]]) -> pd.DataFrame:
    """What a valuation knew of how long customers of today stay.

    Args:
        rows: account, margin a month, whole months since the start, and the ``detail`` of ``AccountValue``.

    Returns:
        Index account: ``margin``, ``age`` and ``multiplier`` as the lifetime value took them, ``leaves`` (months until an
        announced end, else NaN), ``near`` (days ahead -> chance to have left; None: a valuation that did not keep it).
    """
    found = [
        (account, margin, detail.get("age"), months, detail.get("multiplier"), detail.get("leaves_in"), detail.get("near"))
        for account, margin, months, detail in rows
    ]  # fmt: skip
    frame = pd.DataFrame(
        found, columns=["account_id", "margin", "age", "months", "multiplier", "leaves", "near"]
    )
    numbers = ["margin", "age", "months", "multiplier", "leaves"]
    frame[numbers] = frame[numbers].astype(float)
    frame["age"], frame["multiplier"] = frame["age"].fillna(frame["months"]), frame["multiplier"].fillna(1.0)
    return frame.set_index("account_id")[["margin", "age", "multiplier", "leaves", "near"]]


def _share_of(
    stays: pd.DataFrame, alpha: float, beta: float, unit: int, ahead: NDArray[np.int64]
) -> NDArray[np.float64]:
    """(k,) share of the margin of customers still there each month ahead, as their lifetime values expect it."""
    course = ShiftedBetaGeometric()
    course.alpha_, course.beta_ = alpha, beta
    told = [{int(days): p for days, p in (near or {}).items()} for near in stays["near"]]
    near = {days: [one.get(days, nan) for one in told] for days in sorted({d for one in told for d in one})}
    share = still_there(course, unit, stays["age"], stays["multiplier"], ahead, near)
    leaves = stays["leaves"].to_numpy(float)[:, None]
    share = np.where(np.isfinite(leaves), np.clip(leaves - ahead + 0.5, 0, 1), share)
    weight = stays["margin"].fillna(0).to_numpy(float)
    total = weight.sum()
    return np.asarray(weight @ share / total if total else share.mean(axis=0))


def carry_on(
    fits: Mapping[str, Any],
    end: float,
    observed: int,
    contribution: float,
    stays: pd.DataFrame,
    spread: float | None = None,
    months: int = AHEAD,
) -> Projection | None:
    """Carry a cumulative curve on, with the survival the lifetime values still to come are told by; None where that was
    not learned.

    Args:
        fits: of the run. end: the curve's last value; observed: its last month.
        contribution: a month, of the customers there today, per customer of the curve.
        stays: of the customers there today, as :func:`stays_of` tells them.
        spread: half the interval of the curve at its end, which the band goes on with; None for a single customer, of
            whom the band tells the luck: nine of ten such customers end up within.
        months: ahead, at most :data:`AHEAD`; none beyond what a lifetime value counts.
    """
    said = fits.get("contractual") or {}
    if "alpha" not in said or not np.isfinite(contribution) or not len(stays):
        return None
    fit = Fit(np.log([said["alpha"], said["beta"]]), np.array(said["covariance"]), 0.0)
    ahead = np.arange(1, min(months, AHEAD) + 1)
    middle = _share_of(stays, said["alpha"], said["beta"], said["unit"], ahead)
    if spread is None:
        tail = (1 - LEVEL) / 2
        low, high = (1 - middle < tail).astype(float), (middle > tail).astype(float)
    else:
        some = stays.iloc[:: -(-len(stays) // DRAWN_FOR)]
        drawn = [_share_of(some, a, b, said["unit"], ahead) for a, b in fit.draws(100)]
        shift = middle / np.maximum(_share_of(some, said["alpha"], said["beta"], said["unit"], ahead), 1e-9)
        low, high = (edge * shift for edge in bounds(drawn, LEVEL))
    found, least, most = project(end, contribution, middle, low, high)
    wide = spread or 0.0
    curves = found, np.minimum(least - wide, found), np.maximum(most + wide, found)
    month = break_even(np.concatenate([[end], curves[0]]))
    return Projection(*curves, None if month in (None, 0) else observed + int(month or 0))


def first_told(rows: pd.DataFrame, methods: Sequence[str]) -> str:
    """The first method of which any value is told; else the last."""
    return next((name for name in methods if rows[name].notna().any()), methods[-1])
