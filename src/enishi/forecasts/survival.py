"""Time until something happens, told with those to whom it has not happened yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True)
class TimeToEvent:
    """A Kaplan-Meier estimate (Kaplan & Meier 1958).

    Attributes:
        n, happened: subjects, and how many of them had the event.
        censored_share: share still waiting when last seen.
        early: subjects whose event lay before their start; they count as day 0.
        median_days: day by which half had the event; None where half never did while observed.
        median_low, median_high: its 95 % interval; None where open.
        curve: ``day``, ``share`` (had the event by then), ``low``, ``high``, ``at_risk``.
    """

    n: int
    happened: int
    censored_share: float
    early: int
    median_days: float | None
    median_low: float | None
    median_high: float | None
    curve: pd.DataFrame

    def share_by(self, day: float) -> float | None:
        """Share that had the event by a day; None beyond the last day observed."""
        known = self.curve[self.curve.day <= day]
        if known.empty or day > float(self.curve.day.max()):
            return None
        return float(known.share.iloc[-1])


def time_to_event(days: ArrayLike, happened: ArrayLike) -> TimeToEvent | None:
    """Estimate how long it takes, censored subjects respected.

    A mean over those who got there says nothing of those who did not, and looks better the more give up.

    Args:
        days: (n,) days from the start to the event, or to the last day observed where it has not happened.
            Negative: the event came before the start (a trial, say); it counts as 0.
        happened: (n,) whether the event happened.

    Returns:
        The estimate, or None without subjects.
    """
    from lifelines import KaplanMeierFitter  # a second to import: not in every process
    from lifelines.utils import median_survival_times

    t, e = np.asarray(days, float), np.asarray(happened, bool)
    known = ~np.isnan(t)
    t, e = t[known], e[known]
    if t.size == 0:
        return None
    early = int((t < 0).sum())
    fitter = KaplanMeierFitter().fit(np.maximum(t, 0), e)
    bounds = fitter.confidence_interval_survival_function_
    curve = pd.DataFrame(
        {
            "day": fitter.survival_function_.index.to_numpy(float),
            "share": 1 - fitter.survival_function_.iloc[:, 0].to_numpy(float),
            "low": 1 - bounds.iloc[:, 1].to_numpy(float),
            "high": 1 - bounds.iloc[:, 0].to_numpy(float),
            "at_risk": fitter.event_table.at_risk.to_numpy(int),
        }
    )
    median_bounds = median_survival_times(fitter.confidence_interval_)
    return TimeToEvent(
        n=t.size,
        happened=int(e.sum()),
        censored_share=float(1 - e.mean()),
        early=early,
        median_days=_finite(fitter.median_survival_time_),
        median_low=_finite(median_bounds.iloc[0, 0]),
        median_high=_finite(median_bounds.iloc[0, 1]),
        curve=curve,
    )


def survival_at(days: ArrayLike, happened: ArrayLike, at: Sequence[float]) -> list[float]:
    """Share that has *not* had the event by each day of ``at``."""
    from lifelines import KaplanMeierFitter

    fitter = KaplanMeierFitter().fit(np.asarray(days, float), np.asarray(happened, bool))
    return [float(value) for value in fitter.survival_function_at_times(list(at))]


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
