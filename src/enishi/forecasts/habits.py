"""How far numbers followed by month-ends lie off by chance, where each alone has too few month-ends to say so.

The common movement of months is measured in units of what drawing the accounts anew would give, so that all numbers
can be compared; the variance of each is then moderated towards that of all (empirical Bayes: Smyth 2004, *Linear models and
empirical Bayes methods for assessing differential expression*, whose moderated t this is). Differences of overlapping
windows are worth fewer than they are: Satterthwaite's degrees of freedom.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, nan

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FALSE_ALARMS = 1.0
"""How many numbers may lie beyond their limits in a year of month-ends in which nothing but chance moves them, all together."""
MONTHS = 12
_LEAST_RATIO = 1e-4


@dataclass(frozen=True, slots=True)
class Habit:
    """What a number's past differences say of the one of now.

    Args:
        change: the difference of now. off: how far it lies from the mean of the past ones, which is that of what only grows.
        ratio: variance of the past ones, in units of their sampling variance; ``freedom``: its degrees of freedom.
        variance: what ``off`` would have if the ratio were 1.
    """

    change: float
    off: float
    ratio: float
    freedom: float
    variance: float

    @classmethod
    def unknown(cls) -> Habit:
        return cls(nan, nan, nan, nan, nan)

    @classmethod
    def of(
        cls, past: Floats, made: Floats, sampling: float, now: float, made_now: Floats, scale: float
    ) -> Habit:
        """From differences and what they are made of.

        Args:
            past: (n,) past differences. made: (n, months) the weights of the months in each.
            sampling: their mean sampling variance, above 0.
            now, made_now: the difference of now and its weights (months,).
            scale: the sampling variance of now, in units of that.
        """
        cross = made @ made.T
        unit = float(np.trace(cross)) / len(past)
        centred = cross - cross.mean(axis=0) - cross.mean(axis=1)[:, None] + cross.mean()
        trace = float(np.trace(centred))
        freedom = trace**2 / float((centred**2).sum())
        rest = past - past.mean()
        ratio = float((rest**2).sum()) * unit / (trace * sampling)
        ahead = float(made_now @ made_now - 2 * (made @ made_now).mean() + cross.mean()) / unit
        return cls(now, now - float(past.mean()), ratio, freedom, ahead * sampling * scale)


def chance_limits(habits: Sequence[Habit]) -> Floats:
    """(n,) how far each number may lie off by chance; NaN where its past is not known.

    The expected number of those beyond is :data:`FALSE_ALARMS` in twelve looks, whether or not they move together.
    """
    from scipy.stats import t  # slow to import: not in every process

    ratio, freedom, variance = (
        np.array([getattr(one, name) for one in habits], float) for name in ("ratio", "freedom", "variance")
    )
    known = np.isfinite(ratio)
    found = np.full(len(habits), nan)
    if not known.any():
        return found
    usual, worth = common_ratio(ratio[known], freedom[known])
    own = freedom[known]
    if np.isinf(worth):
        moderated, total = np.full(len(own), usual), np.full(len(own), 1e9)
    else:
        moderated, total = (worth * usual + own * ratio[known]) / (worth + own), worth + own
    rate = min(FALSE_ALARMS / MONTHS / int(known.sum()), 0.5)
    # Drawing the accounts anew is the least that months differ by.
    found[known] = t.ppf(1 - rate / 2, total) * np.sqrt(np.maximum(moderated, 1.0) * variance[known])
    return found


def common_ratio(ratio: Floats, freedom: Floats) -> tuple[float, float]:
    """The usual ratio and how many degrees of freedom it is worth, as a scaled inverse chi-square prior (Smyth 2004, 6.2).

    Numbers that never moved at all tell nothing of how others do.
    """
    from scipy.special import digamma, polygamma

    seen = ratio > _LEAST_RATIO
    if seen.sum() < 2:
        return 1.0, 0.0
    half = freedom[seen] / 2
    logs = np.log(ratio[seen]) - digamma(half) + np.log(half)
    between = float(logs.var(ddof=1) - polygamma(1, half).mean())
    if between <= 0:
        return float(np.exp(logs.mean())), inf
    prior = 2 * _inverse_trigamma(between)
    return float(np.exp(logs.mean() + digamma(prior / 2) - np.log(prior / 2))), prior


def _inverse_trigamma(value: float) -> float:
    """Newton's steps on 1 / trigamma, which is nearly straight (Smyth 2004, appendix)."""
    from scipy.special import polygamma

    if value > 1e7:
        return float(1 / np.sqrt(value))
    if value < 1e-6:
        return 1 / value
    found = 0.5 + 1 / value
    for _ in range(50):
        first = float(polygamma(1, found))
        step = first * (1 - first / value) / float(polygamma(2, found))
        found += step
        if -step / found < 1e-8:
            break
    return float(found)
