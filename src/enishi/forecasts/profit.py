"""What customers bring over their life: investment first, break-even later."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from enishi.forecasts.fitting import Vector


@dataclass(frozen=True, slots=True)
class ProfitCurve:
    """Cumulative profit of a customer, by months since the start.

    Attributes:
        months: (k,) 0 … k - 1; month 0 is the day of the start, with nothing but the investment.
        mean, low, high: (k,) of the customers; the interval is of the mean over customers like these.
        n: customers, those who have left included.
        even_month: the first month at whose end the mean is not below 0 any more and stays so as far as was seen; None
            where it was not reached while observed. 0 without an investment.
    """

    months: NDArray[np.int64]
    mean: Vector
    low: Vector
    high: Vector
    n: int
    even_month: int | None


def cumulative_profit(flows: ArrayLike, investment: ArrayLike, z: float = 1.645) -> ProfitCurve:
    """Add up what a group of customers brought.

    The curve ends with the last month in which *every* customer of the group was observed: further on, it would be that
    of the oldest alone. A customer who left brings 0 from then on and stays in the mean.

    Args:
        flows: (n, k) margin less cost to serve, by customer and month of the relation; NaN: not observed yet.
        investment: (n,) what winning each cost, or one number for all.
        z: half-width of the interval in standard errors.

    Raises:
        ValueError: no customer, or a gap between months observed.
    """
    table = np.atleast_2d(np.asarray(flows, float))
    n = table.shape[0]
    if n == 0:
        raise ValueError("no customer: there is no curve")
    seen = np.isfinite(table)
    if (seen[:, 1:] & ~seen[:, :-1]).any():
        row = int(np.flatnonzero((seen[:, 1:] & ~seen[:, :-1]).any(axis=1))[0])
        raise ValueError(f"row {row}: a month is missing between months observed")
    whole = int(seen.all(axis=0).sum())
    start = -np.broadcast_to(np.asarray(investment, float), (n,))[:, None]
    sums = np.hstack([start, start + np.cumsum(table[:, :whole], axis=1)])
    mean = sums.mean(axis=0)
    error = sums.std(axis=0, ddof=1) / np.sqrt(n) if n > 1 else np.zeros(whole + 1)
    return ProfitCurve(np.arange(whole + 1), mean, mean - z * error, mean + z * error, n, break_even(mean))


def break_even(curve: ArrayLike) -> int | None:
    """The month from which a cumulative curve is not below 0 any more; None where it ends below."""
    below = np.flatnonzero(np.asarray(curve, float) < 0)
    if not len(below):
        return 0
    after = int(below[-1]) + 1
    return after if after < len(np.asarray(curve)) else None


def project(
    start: float, contribution: float, still_there: ArrayLike, low: ArrayLike, high: ArrayLike
) -> tuple[Vector, Vector, Vector]:
    """Carry a cumulative curve on: each month brings the contribution of those still there.

    Args:
        start: where the observed curve ends.
        contribution: of a customer there, a month.
        still_there, low, high: (k,) share of the customers of today expected at the end of each month to come, and its
            interval.

    Returns:
        The curve, and its band: (k,) each.
    """
    curves = []
    for share in (still_there, low, high):
        there = np.asarray(share, float)
        middle = (np.concatenate([[1.0], there[:-1]]) + there) / 2
        curves.append(start + contribution * np.cumsum(middle))
    middle_curve, one, other = curves
    return middle_curve, np.minimum(one, other), np.maximum(one, other)
