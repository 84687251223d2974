"""The page's figures from a book of movements. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from math import isnan
from typing import Any

import pandas as pd

from enishi.metrics.periods import Period, add_months
from enishi.metrics.revenue import Bridge, Rates, Retention, bridges, rates, retention

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

    @property
    def churn(self) -> int:
        return self.bridge.churn


def year_before(end: date) -> date:
    """Twelve months before the day after a period."""
    return add_months(end, -12)


def line(moves: pd.DataFrame, period: Period, running: bool) -> Line:
    """Everything about one period."""
    found = bridges(moves, [period])[0]
    return Line(
        period,
        running,
        found,
        rates(found),
        retention(moves, period.start, period.end),
        retention(moves, year_before(period.end), period.end),
    )


def lines(read: Read, periods: Sequence[Period], then: bool) -> list[Line]:
    """One line per period, the last of which runs.

    Args:
        read: the movements, with what was known at the end of a day.
        then: each period with what was known when it ended.
    """
    found = []
    for index, period in enumerate(periods):
        moves = read(period.last if then else periods[-1].last)
        found.append(line(moves, period, index == len(periods) - 1))
    return found


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


def totals(chosen: pd.DataFrame) -> dict[str, Any]:
    """What the list adds up to."""
    return {
        "amount": int(chosen["amount"].sum()),
        "rows": len(chosen),
        "accounts": int(chosen["account_id"].nunique()),
    }
