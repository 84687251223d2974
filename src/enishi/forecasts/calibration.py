"""Bringing probabilities back to what came: a shift and a slope of the log-odds, learned from later periods only.

Platt's logistic recalibration (Cox 1958; Van Calster et al. 2019, BMC Med. 17) with a prior on "nothing to mend", so that
a few outcomes move it little. Classes are never re-weighted: that would put every probability wrong on purpose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from enishi.forecasts.logistic import expit, repeats

Floats = NDArray[np.float64]

SHIFT_SD, SLOPE_SD = 0.5, 0.3
HALF_LIFE_DAYS = 365.0
_STEPS = 50


@dataclass(frozen=True, slots=True)
class Recalibration:
    """``logit -> middle + shift + slope (logit - middle)``; ``covariance`` of (shift, slope), 2 x 2."""

    shift: float = 0.0
    slope: float = 1.0
    middle: float = 0.0
    covariance: tuple[tuple[float, float], tuple[float, float]] = ((0.0, 0.0), (0.0, 0.0))
    outcomes: int = 0

    def apply(self, logit: Floats) -> Floats:
        return self.middle + self.shift + self.slope * (logit - self.middle)

    def variance(self, logit: Floats) -> Floats:
        """(n,) variance of the recalibrated log-odds from the uncertainty of shift and slope."""
        (a, b), (_, d) = self.covariance
        away = logit - self.middle
        return np.asarray(a + 2 * b * away + d * away**2)

    def then(self, other: Recalibration) -> Recalibration:
        """This one, and another on top."""
        at = other.apply(self.apply(np.array([self.middle, self.middle + 1.0])))
        shift, slope = float(at[0] - self.middle), float(at[1] - at[0])
        return Recalibration(shift, slope, self.middle, other.covariance, other.outcomes)

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__} | {
            "covariance": [list(row) for row in self.covariance]
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Recalibration:
        (a, b), (c, d) = state["covariance"]
        return cls(**dict(state) | {"covariance": ((a, b), (c, d))})


UNCHANGED = Recalibration()


def recalibrate(
    labels: ArrayLike,
    logit: ArrayLike,
    groups: ArrayLike,
    *,
    ages: ArrayLike | None = None,
    half_life: float = HALF_LIFE_DAYS,
) -> Recalibration:
    """Shift and slope that bring said log-odds to what came.

    Args:
        labels: (n,) 0/1, of rows the forecast had not learned from.
        logit: (n,) what had been said of them.
        groups: (n,) their accounts. Rows of one account tell the same loss again: all rows together count as many as
            there are accounts among those that left, over the rows that left.
        ages: (n,) days before the newest of them; what is ``half_life`` older counts half.
    """
    y, said = np.asarray(labels, float), np.asarray(logit, float)
    left = y == 1
    if not left.any() or left.all():
        return UNCHANGED
    once = repeats(y, groups)
    weights = np.full(len(y), once)
    if ages is not None:
        weights = weights * 0.5 ** (np.asarray(ages, float) / half_life)
    middle = float(np.average(said, weights=weights))
    rows = np.column_stack([np.ones(len(y)), said - middle])
    hold = np.array([SHIFT_SD**-2, SLOPE_SD**-2])
    found = np.zeros(2)  # as distances from "nothing to mend": shift 0, slope 1
    for _ in range(_STEPS):
        p = expit(said + rows @ found)
        curve = (rows * (weights * p * (1 - p))[:, None]).T @ rows + np.diag(hold)
        step = np.linalg.solve(curve, rows.T @ (weights * (y - p)) - hold * found)
        found = found + np.clip(step, -1.0, 1.0)
        if np.abs(step).max() < 1e-10:
            break
    spread = np.linalg.inv(curve)
    (a, b), (c, d) = spread.tolist()
    slope = max(0.05, 1 + float(found[1]))  # a forecast is never turned round
    outcomes = int(pd.unique(np.asarray(groups)[left]).size)
    return Recalibration(float(found[0]), slope, middle, ((a, b), (c, d)), outcomes)
