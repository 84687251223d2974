"""Who of today's customers is still there each month ahead: a near forecast first, the course by age from there on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from enishi.forecasts.fitting import Vector
from enishi.forecasts.sbg import ShiftedBetaGeometric

DAYS_OF_A_MONTH = 30  # of horizons, which are told in days


def near_knots(
    n: int, near: Mapping[int, ArrayLike], horizon: float
) -> Iterator[tuple[float, Vector, NDArray[np.bool_]]]:
    """The points a near forecast tells of the share still there, which never rises.

    Args:
        near: days ahead -> (n,) probabilities to have left by then; NaN: not known of this customer.
        horizon: months beyond which nothing is asked.

    Yields:
        Months ahead, (n,) share still there, (n,) of whom that is known; the share goes straight from point to point.
    """
    left, passed = np.ones(n), np.zeros(n)
    for days in sorted(near):
        until = float(min(round(days / DAYS_OF_A_MONTH), horizon))
        gone = np.clip(np.asarray(near[days], float), 0, 1)
        known = np.isfinite(gone) & (until > passed)
        left = np.where(known, np.minimum(1 - np.where(known, gone, 0), left), left)
        passed = np.where(known, until, passed)
        yield until, left, known


def still_there(
    base: ShiftedBetaGeometric,
    unit: int,
    age: ArrayLike,
    multiplier: ArrayLike,
    ahead: ArrayLike,
    near: Mapping[int, ArrayLike] | None = None,
) -> NDArray[np.float64]:
    """(n, k) share still there each of k months ahead; its trapezoids add up to ``TenureHazard.stay(…).plain``.

    Args:
        base: the course over age, in periods of ``unit`` months.
        age: (n,) months stayed so far. multiplier: (n,) of everyone's hazard.
        ahead: (k,) months. near: as :func:`near_knots` takes it; beyond it the chance goes on by age.
    """
    old, more = np.asarray(age, float)[:, None], np.asarray(ahead, float)[None, :]
    share = np.ones((len(old), more.shape[1]))
    left, passed = np.ones((len(old), 1)), np.zeros((len(old), 1))
    for until, there, known in near_knots(len(old), near or {}, np.inf):
        end, mine = there[:, None], known[:, None]
        part = np.clip((more - passed) / np.maximum(until - passed, 1e-9), 0, 1)
        share = np.where(mine & (more > passed), left + (end - left) * part, share)
        left, passed = end, np.where(mine, until, passed)
    rest = np.asarray(base.residual_survival((old + passed) / unit, np.maximum(more - passed, 0) / unit))
    later = left * rest ** np.asarray(multiplier, float)[:, None]
    return np.asarray(np.where(more > passed, later, share))
