"""The page's figures from a book of movements. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from math import isnan

import pandas as pd

from enishi.metrics.periods import Period, add_months
from enishi.metrics.revenue import Bridge, Rates, Retention, bridges, rates, retentions

Read = Callable[[date], pd.DataFrame]


def known(value: float) -> float | None:
    """A share, or None where its base is empty."""
    return None if isnan(value) else value


@dataclass(frozen=True, slots=True)
class Line:
    """One period's bridge and rates."""

    period: Period
    running: bool
    bridge: Bridge
    rates: Rates
    own: Retention  # of the customers at the period's start
    trailing: Retention  # of the customers twelve months before the period's end


def year_before(end: date) -> date:
    """Twelve months before the day after a period."""
    return add_months(end, -12)


def lines(read: Read, periods: Sequence[Period], then: bool) -> list[Line]:
    """One line per period, the last of which runs.

    Args:
        read: the movements, with what was known at the end of a day.
        then: each period with what was known when it ended.
    """
    found: list[Line] = []
    for day, alike in groupby(periods, lambda period: period.last if then else periods[-1].last):
        found += _lines(read(day), list(alike), periods[-1])
    return found


def _lines(moves: pd.DataFrame, periods: Sequence[Period], running: Period) -> list[Line]:
    """Everything about some periods of the same movements."""
    spans = [(period.start, period.end) for period in periods]
    own, trailing = (
        retentions(moves, asked) for asked in (spans, [(year_before(end), end) for _start, end in spans])
    )
    return [
        Line(period, period is running, bridge, rates(bridge), of_start, of_year)
        for period, bridge, of_start, of_year in zip(
            periods, bridges(moves, periods), own, trailing, strict=True
        )
    ]


def rate_series(found: Sequence[Line]) -> dict[str, list[float | None]]:
    """Trailing NRR and GRR per period."""
    return {
        "nrr": [known(one.trailing.nrr) for one in found],
        "grr": [known(one.trailing.grr) for one in found],
    }


def signed(bridge: Bridge) -> list[tuple[str, int]]:
    """The movements in the order the waterfall draws them, losses negative."""
    return [
        ("new", bridge.new),
        ("expansion", bridge.expansion),
        ("reactivation", bridge.reactivation),
        ("contraction", -bridge.contraction),
        ("churn", -bridge.churn),
    ]


def listed(moves: pd.DataFrame, kind: str, first: int, end: int) -> pd.DataFrame:
    """The movements behind a figure: of a kind (all for ""), day numbers [first, end), largest first."""
    chosen = moves[(moves["day"] >= first) & (moves["day"] < end)]
    if kind:
        chosen = chosen[chosen["kind"] == kind]
    return chosen.reindex(chosen["amount"].abs().sort_values(ascending=False, kind="stable").index)
