"""What winning a customer cost, how soon it comes back, and what it is worth beside that."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np
import pandas as pd

LEAST_WON = 3  # customers won, below which a cost per customer says nothing


def spread_costs(
    won: pd.DataFrame, costs: pd.DataFrame, start: int, end: int
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Lay the acquisition costs of a span on the customers won in it: each carries its channel's cost per customer.

    Args:
        won: customers and the day number on which they were won: ``account_id, day, channel`` (empty: unknown).
        costs: ``channel, month`` (day number of the first of a month), ``minor`` (whole minor units).
        start, end: day numbers, half-open.

    Returns:
        The customers won in the span with ``cost`` (NaN where no costs of the channel are known), and the costs of
        channels that won nobody, by channel: no customer carries them, the total does.
    """
    mine = won[(won["day"] >= start) & (won["day"] < end)].copy()
    spent = costs[(costs["month"] >= start) & (costs["month"] < end)].groupby("channel")["minor"].sum()
    counts = mine.groupby("channel")["account_id"].count()
    each = spent.reindex(counts.index) / counts
    mine["cost"] = mine["channel"].map(each).astype(float)
    idle = spent[~spent.index.isin(counts.index)]
    return mine.reset_index(drop=True), {str(channel): int(minor) for channel, minor in idle.items()}


@dataclass(frozen=True, slots=True)
class UnitCost:
    """The acquisition of a group of customers.

    Attributes:
        customers: won. cost: laid on them, whole minor units. known: of them, how many carry a cost.
        cac, cac_low, cac_high: per customer; NaN below :data:`LEAST_WON`. The interval is that of the number won
            (Poisson, exact): next year's luck, with the same spending.
        payback_months: until gross margin less cost to serve has earned the cost back, losses not counted; NaN where
            there is no margin.
    """

    customers: int
    known: int
    cost: float
    cac: float
    cac_low: float
    cac_high: float
    payback_months: float

    def ratio(self, ltv: float) -> float:
        """LTV:CAC of the lifetime value given; NaN where either is unknown."""
        return ltv / self.cac if self.cac > 0 else nan


def unit_cost(cost: float, customers: int, known: int, margin: float, level: float = 0.9) -> UnitCost:
    """Costs per customer of a group.

    Args:
        cost: laid on the customers known to carry one. known: how many those are.
        margin: average monthly contribution of a customer of the group.
    """
    from scipy.stats import chi2

    if known < LEAST_WON:
        return UnitCost(customers, known, cost, nan, nan, nan, nan)
    tail = (1 - level) / 2
    few, many = float(chi2.ppf(tail, 2 * known)) / 2, float(chi2.ppf(1 - tail, 2 * known + 2)) / 2
    cac = cost / known
    payback = cac / margin if margin > 0 else nan
    return UnitCost(customers, known, cost, cac, cost / many, cost / few, payback)


def unit_costs(customers: pd.DataFrame, by: str = "", level: float = 0.9) -> dict[str, UnitCost]:
    """Costs per customer, by a column of the customers (empty: of all under ``""``).

    Args:
        customers: ``cost`` (NaN: unknown) of :func:`spread_costs`, ``margin`` (monthly contribution, NaN: unknown) and
            the column.
    """
    groups = customers.groupby(by, sort=True, dropna=False) if by else [("", customers)]
    found = {}
    for name, part in groups:
        cost = part["cost"].to_numpy(float)
        margin = part["margin"].to_numpy(float)
        mean = float(np.nanmean(margin)) if np.isfinite(margin).any() else nan
        found[str(name)] = unit_cost(
            float(np.nansum(cost)), len(part), int(np.isfinite(cost).sum()), mean, level
        )
    return found
