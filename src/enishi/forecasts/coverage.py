"""Whether the intervals of past forecasts held what came: share inside, by level, with the number of periods tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from enishi.forecasts.evaluation import Interval, wilson
from enishi.forecasts.simulation import LEVELS
from enishi.forecasts.standing import Floats


@dataclass(frozen=True, slots=True)
class Trial:
    """One figure forecast as of a past day, and what came.

    Args:
        made_on: the day of which everything was known; end: the first day after the period; measure: its name.
        low, high: by level, in the order of :data:`LEVELS`; middle: the expected value.
        rank: share of draws below what came; evenly spread over 0-1 where the forecast is honest.
        stated: share of the customers whose probability to leave came from a model, as it was on record then; the others
            went by base rates.
    """

    made_on: date
    start: date
    end: date
    measure: str
    middle: float
    low: tuple[float, ...]
    high: tuple[float, ...]
    actual: float
    rank: float
    stated: float = 0.0

    def inside(self, level: int) -> bool:
        return self.low[level] <= self.actual <= self.high[level]


def trial(
    made_on: date, start: date, end: date, measure: str, draws: Floats, actual: float, stated: float = 0.0
) -> Trial:
    """Compare the draws of a figure with what came."""
    tails = [((1 - level) / 2, (1 + level) / 2) for level in LEVELS]
    edges = np.quantile(draws, [share for pair in tails for share in pair])
    return Trial(
        made_on, start, end, measure, float(draws.mean()), tuple(float(e) for e in edges[::2]),
        tuple(float(e) for e in edges[1::2]), float(actual), float((draws < actual).mean()),
        stated,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of ``n`` periods, how many fell inside the interval of a level, and the range that share may have by chance.

    Args:
        independent: how many of the periods there are that do not overlap. Two forecasts three months ahead that begin a
            month apart share two months: what surprises one surprises the other, so the range goes by this number.
        above: in how many of them more came than was expected; half of them where the centre is right.
        stated: in how many of them a model had spoken of anybody. The others test base rates, and say nothing of a
            forecast that rests on a model.
    """

    measure: str
    level: float
    n: int
    inside: int
    share: Interval
    independent: int
    above: int
    stated: int = 0

    @property
    def plausible(self) -> bool:
        """Whether the level itself lies within the range of the share."""
        low, high = self.share.low, self.share.high
        return low is None or high is None or low - 1e-9 <= self.level <= high + 1e-9


def apart(trials: Sequence[Trial]) -> int:
    """The largest number of trials of which no two overlap."""
    count, free = 0, date.min
    for one in sorted(trials, key=lambda one: one.end):
        if one.start >= free:
            count, free = count + 1, one.end
    return count


def coverage(trials: Sequence[Trial]) -> list[Coverage]:
    """One line per measure and level, in the order the measures come."""
    found = []
    for measure in dict.fromkeys(one.measure for one in trials):
        mine = [one for one in trials if one.measure == measure]
        independent, above = apart(mine), sum(one.actual > one.middle for one in mine)
        stated = sum(one.stated > 0 for one in mine)
        for place, level in enumerate(LEVELS):
            inside = sum(one.inside(place) for one in mine)
            share = wilson(inside / len(mine) * independent, independent)
            found.append(Coverage(measure, level, len(mine), inside, share, independent, above, stated))
    return found
