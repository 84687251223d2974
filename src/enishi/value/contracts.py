"""What a valuation is worked out from. Money is whole minor units of the company's currency."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from enishi.forecasts.lifetime import DAYS_A_MONTH

ATTRIBUTES = (
    "size",
    "plan",
    "industry",
    "channel",
)  # what may tell customers apart who stay from those who leave


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What the company assumes.

    Args:
        margin: gross margin, 0..1.
        discount: a year.
        horizon: months looked ahead.
        hour_cost, ticket_cost: minor units; None: not stated, and so not counted.
        unit: minor units in a whole one of the currency.
    """

    margin: float
    discount: float
    horizon: int
    hour_cost: int | None = None
    ticket_cost: int | None = None
    ranking: str = "auto"
    unit: int = 1

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Book:
    """The facts of every customer as known at the end of a day.

    Args:
        day: day number.
        moves: movements of recurring revenue at account level; announced ones of later days included.
        orders: ``account_id, day, orders, minor``.
        service: ``account_id, day, minutes, cost`` (minor units), ``tickets``.
        costs: ``channel, month, minor``.
        attributes: index account; :data:`ATTRIBUTES`, ``""`` where unknown. ``plan`` is the first contract's.
        terms: months of the contracts' terms, NaN where unknown.
        near: days ahead -> account -> (probability, low, high) to have left by then; only where a model speaks.
        unpriced: accounts with a contract or an order whose money nobody can convert.
    """

    day: int
    moves: pd.DataFrame
    orders: pd.DataFrame
    service: pd.DataFrame
    costs: pd.DataFrame
    attributes: pd.DataFrame
    terms: pd.Series[Any]
    near: dict[int, pd.DataFrame] = field(default_factory=dict)
    unpriced: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Fitted:
    """What was learned, to be kept with the run: per method its figures, or how much history is missing."""

    figures: dict[str, dict[str, Any]]

    def missing(self, method: str) -> tuple[int, int] | None:
        """(have, need) where there is not enough history."""
        found = self.figures.get(method, {})
        return (found["have"], found["need"]) if "need" in found else None


@dataclass(frozen=True, slots=True)
class Segment:
    """How long the customers of a segment stay; see :class:`enishi.value.models.SegmentValue`."""

    dimension: str
    segment: str
    customers: int
    lost: int
    multiplier: tuple[float, float, float] | None
    curve: list[list[float]]


@dataclass(frozen=True, slots=True)
class Valuation:
    """Everybody's values: ``accounts`` has one row per account (index) with the columns of ``AccountValue``."""

    day: date
    accounts: pd.DataFrame
    fitted: Fitted
    segments: list[Segment]


__all__ = ["ATTRIBUTES", "DAYS_A_MONTH", "Assumptions", "Book", "Fitted", "Segment", "Valuation"]
