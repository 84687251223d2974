"""What judging reads and says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

SALE, NOW = "sale", "now"


@dataclass(frozen=True, slots=True)
class Book:
    """The customers as known at the end of a day. Days are day numbers.

    Args:
        sold: account -> day of the sale. here: accounts with money in force, or without any contract on record.
        at_sale, at_start, now: index account, a column per metric and attribute (None/NaN unknown); ``at_start`` of those
            whose first 90 days are over.
        stated: account_id, input, points, from, to: what people stated, by day.
        moves: of recurring revenue. notices: account -> day. sellers: account -> who sold.
        earned: account -> margin earned less the cost of winning it, NaN unknown.
    """

    day: int
    sold: pd.Series[Any]
    here: frozenset[int]
    at_sale: pd.DataFrame
    at_start: pd.DataFrame
    now: pd.DataFrame
    stated: pd.DataFrame
    moves: pd.DataFrame
    notices: pd.Series[Any]
    first_loss: int | None
    sellers: dict[int, str] = field(default_factory=dict)
    earned: pd.Series[Any] = field(default_factory=lambda: pd.Series(dtype=float))


@dataclass(frozen=True, slots=True)
class Told:
    """The fit of some accounts at one point: ``tenths`` (NaN unknown), ``band``, ``coverage``, ``axes`` (JSON), ``points``
    of each axis."""

    tenths: pd.Series[Any]
    band: pd.Series[Any]
    coverage: pd.Series[Any]
    axes: dict[int, list[dict[str, Any]]]
    points: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Judged:
    """Everything said of a book."""

    sale: Told
    now: Told
    after: pd.DataFrame
    reasons: dict[int, list[dict[str, str]]]
    record: dict[str, Any]
    suggestion: dict[str, Any]
