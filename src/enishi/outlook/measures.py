"""Target measures of fiscal periods: what came, what has come so far, what is forecast, and the chance to reach a target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from enishi.forecasts.simulation import LEVELS
from enishi.forecasts.standing import Floats
from enishi.metrics.periods import Period, add_months, period_of, periods_between
from enishi.metrics.revenue import Bridge, Retention, bridges, retentions
from enishi.outlook.models import Target
from enishi.outlook.reads import KEEP_SECONDS, Outlook, kept

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
    beyond: bool = False  # its base lies in the months to come

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


Seen = dict[tuple[date, date], tuple[Bridge, Retention]]


def figures(
    outlook: Outlook, fiscal: int, targets: dict[tuple[str, str, date], Target]
) -> list[tuple[str, list[Figure]]]:
    """Every measure of every period, by (quarter or year) in order of time."""
    periods = periods_of(outlook.day, outlook.ends, fiscal)
    seen = read_seen(outlook, [period for _every, period in periods])
    return [
        (every, [_figure(outlook, seen, measure, every, period, targets) for measure in MEASURES])
        for every, period in periods
    ]


def so_far_of(period: Period, day: date) -> Period:
    """As much of a period as has passed by the end of a day."""
    return Period(period.start, min(period.end, day + timedelta(days=1)), period.title)


def read_seen(outlook: Outlook, periods: Sequence[Period]) -> Seen:
    """What came in the periods that have begun, kept as long as the statement's draws."""
    begun = [so_far_of(one, outlook.day) for one in periods if one.start <= outlook.day]
    key = f"outlook:seen:{outlook.key}"
    found: Seen | None = kept().get(key)
    if found is None or any((one.start, one.end) not in found for one in begun):
        years = retentions(outlook.moves, [(add_months(one.end, -12), one.end) for one in begun])
        pairs = zip(begun, bridges(outlook.moves, begun), years, strict=True)
        found = {(one.start, one.end): (bridge, year) for one, bridge, year in pairs}
        kept().set(key, found, KEEP_SECONDS)
    return found


def _figure(
    outlook: Outlook, seen: Seen, measure: str, every: str, period: Period, targets: dict[tuple[str, str, date], Target]
) -> Figure:  # fmt: skip
    target = targets.get((measure, every, period.start))
    aim = float(target.value) if target is not None and target.value is not None else None
    passed = so_far_of(period, outlook.day)
    came = seen.get((passed.start, passed.end))
    so_far = actual(measure, came) if came else None
    if period.end <= outlook.day + timedelta(days=1) and came:
        return Figure(measure, period, actual=so_far, target=aim)
    draws = forecast_draws(outlook, measure, period, came)
    if draws is None:
        beyond = measure in ("nrr", "grr") and add_months(period.end, -12) > outlook.day + timedelta(days=1)
        return Figure(measure, period, so_far=so_far, target=aim, beyond=beyond)
    middle = _middle(outlook, measure, period, draws)
    bands = tuple(around_expected(draws, level, middle) for level in LEVELS)
    return Figure(measure, period, None, so_far, middle, bands, aim, _chance(draws, measure, aim))


def around_expected(draws: Floats, level: float, middle: float) -> tuple[float, float]:
    """The central range of draws, widened to the expected value: among few customers nearly all draws may be alike, and the
    mean lie beside them. A wider range holds at least as often."""
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return min(float(low), middle), max(float(high), middle)


def _chance(draws: Floats, measure: str, aim: float | None) -> float | None:
    if aim is None:
        return None
    return float((draws <= aim).mean() if measure in LOWER_IS_BETTER else (draws >= aim).mean())


def _middle(outlook: Outlook, measure: str, period: Period, draws: Floats) -> float:
    """Of money the expected sum of the customers, to the last yen; of rates the mean of the draws."""
    if measure in MONEY:
        return float(outlook.expected[outlook.ends.index(period.end)] * (12 if measure == "arr" else 1))
    return float(draws.mean())


def actual(measure: str, came: tuple[Bridge, Retention]) -> float | None:
    """What came in a period, or so far; None where its base is empty."""
    bridge, year = came
    if measure in MONEY:
        return float(bridge.closing * (12 if measure == "arr" else 1))
    if measure in ("nrr", "grr"):
        return (year.nrr if measure == "nrr" else year.grr) if year.opening > 0 else None
    return (
        (bridge.churn if measure == "churn" else bridge.expansion) / bridge.opening
        if bridge.opening > 0
        else None
    )


def forecast_draws(
    outlook: Outlook, measure: str, period: Period, came: tuple[Bridge, Retention] | None
) -> Floats | None:
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
    return _flow(outlook, measure, period, last, came[0] if came else None)


def _flow(outlook: Outlook, measure: str, period: Period, last: int, past: Bridge | None) -> Floats | None:
    """What has come of a period and what is drawn of the rest, over the MRR at its start."""
    paths = outlook.paths
    drawn: Floats = paths.churn if measure == "churn" else paths.expansion
    if past is not None:
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
