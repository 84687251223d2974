"""Target measures of fiscal periods: what came, what has come so far, what is forecast, and the chance to reach a target."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from enishi.forecasts.simulation import LEVELS, Paths
from enishi.forecasts.standing import Floats
from enishi.metrics.periods import Period, add_months, period_of, periods_between
from enishi.metrics.revenue import bridges, mrr_at, retention
from enishi.outlook.models import Target
from enishi.outlook.reads import Outlook

MEASURES = tuple(Target.Measure.values)
MONEY = ("mrr", "arr")
LOWER_IS_BETTER = ("churn",)


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure of a period.

    Args:
        actual: what came, of a period that has ended; so_far: what stands today, of the running one.
        middle: expected; bands: (low, high) by level of :data:`LEVELS`; missing where nothing can be said.
        target, chance: the target and the share of draws that reach it.
    """

    measure: str
    period: Period
    actual: float | None = None
    so_far: float | None = None
    middle: float | None = None
    bands: tuple[tuple[float, float], ...] = ()
    target: float | None = None
    chance: float | None = None

    @property
    def is_money(self) -> bool:
        return self.measure in MONEY

    @property
    def value(self) -> float | None:
        """What is compared with the target."""
        return self.actual if self.actual is not None else self.middle

    @property
    def gap(self) -> float | None:
        return None if self.value is None or self.target is None else self.value - self.target

    @property
    def reached(self) -> bool | None:
        """Whether the actual reached the target; None while that is open."""
        if self.actual is None or self.target is None:
            return None
        return self.actual <= self.target if self.measure in LOWER_IS_BETTER else self.actual >= self.target


def periods_of(day: date, ends: list[date], fiscal: int) -> list[tuple[str, Period]]:
    """Fiscal quarters from a year back to the last that is wholly forecast, and the fiscal years that end among them."""
    last = ends[-1] - timedelta(days=1)
    quarters = periods_between(add_months(day, -12), last, "quarter", fiscal)
    years = periods_between(add_months(day, -12), last, "year", fiscal)
    found = [("quarter", one) for one in quarters if one.end <= ends[-1]]
    return found + [("year", one) for one in years if one.end <= ends[-1]]


def figures(
    outlook: Outlook, fiscal: int, targets: dict[tuple[str, str, date], Target]
) -> list[tuple[str, list[Figure]]]:
    """Every measure of every period, by (quarter or year) in order of time."""
    found = []
    for every, period in periods_of(outlook.day, outlook.ends, fiscal):
        lines = [_figure(outlook, measure, every, period, targets) for measure in MEASURES]
        found.append((every, lines))
    return found


def _figure(
    outlook: Outlook, measure: str, every: str, period: Period, targets: dict[tuple[str, str, date], Target]
) -> Figure:
    target = targets.get((measure, every, period.start))
    aim = float(target.value) if target is not None and target.value is not None else None
    if period.end <= outlook.day:
        return Figure(measure, period, actual=actual(outlook.moves, measure, period), target=aim)
    so_far = actual(
        outlook.moves, measure, Period(period.start, outlook.day + timedelta(days=1), period.title)
    )
    running = period.start <= outlook.day
    draws = forecast_draws(outlook, measure, period)
    if draws is None:
        return Figure(measure, period, so_far=so_far if running else None, target=aim)
    bands = tuple(
        (float(low), float(high))
        for low, high in (np.quantile(draws, [(1 - level) / 2, (1 + level) / 2]) for level in LEVELS)
    )
    middle = _middle(outlook, measure, period, draws)
    return Figure(
        measure, period, None, so_far if running else None, middle, bands, aim, _chance(draws, measure, aim)
    )


def _chance(draws: Floats, measure: str, aim: float | None) -> float | None:
    if aim is None:
        return None
    return float((draws <= aim).mean() if measure in LOWER_IS_BETTER else (draws >= aim).mean())


def _middle(outlook: Outlook, measure: str, period: Period, draws: Floats) -> float:
    """Of money the expected sum of the customers, to the last yen; of rates the mean of the draws."""
    if measure in MONEY:
        return float(outlook.expected[outlook.ends.index(period.end)] * (12 if measure == "arr" else 1))
    return float(draws.mean())


def actual(moves: pd.DataFrame, measure: str, period: Period) -> float | None:
    """What came in a period; None where its base is empty."""
    if measure in MONEY:
        held = float(mrr_at(moves, period.end - timedelta(days=1)).sum())
        return held * (12 if measure == "arr" else 1)
    if measure in ("nrr", "grr"):
        year = retention(moves, add_months(period.end, -12), period.end)
        return (year.nrr if measure == "nrr" else year.grr) if year.opening > 0 else None
    came = bridges(moves, [period])[0]
    return (came.churn if measure == "churn" else came.expansion) / came.opening if came.opening > 0 else None


def forecast_draws(outlook: Outlook, measure: str, period: Period) -> Floats | None:
    """The draws of a measure of a period that has not ended; None where it reaches beyond what can be drawn."""
    paths, ends = outlook.paths, outlook.ends
    if period.end not in ends:
        return None
    last = ends.index(period.end)
    if measure in MONEY:
        return paths.mrr[:, last] * (12 if measure == "arr" else 1)
    if measure in ("nrr", "grr"):
        found: Floats = getattr(paths, measure)[:, last]
        return None if np.isnan(found).any() else found
    return _flow(outlook, paths, measure, period, last)


def _flow(outlook: Outlook, paths: Paths, measure: str, period: Period, last: int) -> Floats | None:
    """What has come of a period and what is drawn of the rest, over the MRR at its start."""
    drawn: Floats = paths.churn if measure == "churn" else paths.expansion
    if period.start <= outlook.day:
        past = bridges(outlook.moves, [Period(period.start, outlook.day + timedelta(days=1), period.title)])[
            0
        ]
        if past.opening <= 0:
            return None
        so_far = past.churn if measure == "churn" else past.expansion
        found: Floats = (so_far + drawn[:, : last + 1].sum(axis=1)) / past.opening
        return found
    first = outlook.ends.index(period.start) if period.start in outlook.ends else -1
    opening = paths.mrr[:, first] if first >= 0 else np.full(len(paths.mrr), float(paths.opening))
    if (opening <= 0).any():
        return None
    share: Floats = drawn[:, first + 1 : last + 1].sum(axis=1) / opening
    return share


def running_periods(day: date, fiscal: int) -> dict[str, Period]:
    """The quarter and the fiscal year in which the day after a statement lies."""
    following = day + timedelta(days=1)
    return {"quarter": period_of(following, "quarter", fiscal), "year": period_of(following, "year", fiscal)}


def by_place(found: list[tuple[str, list[Figure]]]) -> dict[tuple[str, date, str], Figure]:
    """(every, start, measure) -> figure."""
    return {(every, one.period.start, one.measure): one for every, lines in found for one in lines}


def as_row(one: Figure) -> dict[str, Any]:
    """A figure's numbers for a file or a page."""
    return {
        "measure": one.measure, "start": one.period.start, "end": one.period.last, "actual": one.actual,
        "so_far": one.so_far, "expected": one.middle, "target": one.target, "chance": one.chance,
        **{f"{side}_{round(level * 100)}": one.bands[place][index] if one.bands else None
           for place, level in enumerate(LEVELS) for index, side in enumerate(("low", "high"))},
    }  # fmt: skip
