"""Where the next hour pays most: a point of churn saved against a point of expansion won, at today's rates.

Recurring revenue follows M' = M (1 - c + e) + n by month, with churn c (leaving and shrinking), expansion e and new
business n. The worth of a point is the difference it makes to the margin of a stated number of months. Work moves a rate
towards a bound it cannot pass: the nearer churn is to what nobody can prevent, the less an hour still saves (the
diminishing returns of low churn). How much an hour moves is an assumption until it is measured.

>>> book = Book(mrr=1_000_000, churn=0.12, expansion=0.10, new=0, margin=0.8, months=36)
>>> point_of_churn(book) > 0, point_of_expansion(book) > 0
(True, True)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
POINT: Final = 0.01
LEAST_CUSTOMERS: Final = 20
"""Customers at the start of the twelve months before their rates are taken for the book's."""
DRAWS: Final = 400


@dataclass(frozen=True, slots=True)
class Book:
    """Today's recurring revenue and its rates.

    Args:
        mrr: MRR in force, minor units. churn: share of MRR lost a year by leaving and shrinking. expansion: share gained
            a year by customers who stay. new: MRR won a year from new and returning customers. margin: gross, 0 to 1.
        months: the span the worth is counted over.
    """

    mrr: float
    churn: float
    expansion: float
    new: float
    margin: float
    months: int

    @property
    def nrr(self) -> float:
        """Net revenue retention a year."""
        return 1 - self.churn + self.expansion


@dataclass(frozen=True, slots=True)
class Work:
    """What work moves: minutes for a point at today's rates, and the bounds no work passes.

    Args:
        churn_minutes, expansion_minutes: for one point a year. floor: churn a year that cannot be prevented. ceiling:
            expansion a year nobody exceeds.
    """

    churn_minutes: float
    expansion_minutes: float
    floor: float
    ceiling: float


def margin_over(book: Book, churn: Any = None, expansion: Any = None) -> Any:
    """Margin of the next ``months`` months, minor units; arrays of yearly rates give an array."""
    lost = np.asarray(book.churn if churn is None else churn, dtype=float)
    gained = np.asarray(book.expansion if expansion is None else expansion, dtype=float)
    step = monthly(-lost) + monthly(gained) + 1
    mrr, total = np.broadcast_to(float(book.mrr), step.shape).astype(float), np.zeros(step.shape)
    for _month in range(book.months):
        mrr = mrr * step + book.new / 12
        total = total + mrr
    found = book.margin * total
    return float(found) if found.shape == () else found


def monthly(yearly: Any) -> Any:
    """A yearly rate of change as one a month: twelve of them make the year.

    >>> round(float(monthly(-0.12)), 5)
    -0.0106
    """
    return np.power(1 + np.maximum(np.asarray(yearly, dtype=float), -0.999), 1 / 12) - 1


def point_of_churn(book: Book) -> float:
    """What a point of churn a year less is worth."""
    return float(margin_over(book, churn=max(book.churn - POINT, 0.0)) - margin_over(book))


def point_of_expansion(book: Book) -> float:
    """What a point of expansion a year more is worth."""
    return float(margin_over(book, expansion=book.expansion + POINT) - margin_over(book))


def steady_mrr(book: Book) -> float:
    """MRR at which losses equal gains, if the rates stay; infinite where customers grow faster than they leave."""
    net = float(-monthly(-book.churn) - monthly(book.expansion))
    return book.new / 12 / net if net > 0 else inf


def lifetime(book: Book, churn: Any) -> Any:
    """Simple lifetime value of a customer of today's average in months of revenue x margin: margin / monthly churn."""
    rate = -monthly(-np.asarray(churn, dtype=float))
    return np.where(rate > 0, book.margin / np.where(rate > 0, rate, 1), np.nan)


def hour_on_churn(book: Book, work: Work, churn: Any = None) -> Any:
    """Worth of the next hour spent on keeping customers, at a yearly churn (today's by default).

    The hour saves 1 / (minutes / 60) points at today's churn and proportionally less the nearer churn is to the floor.
    """
    at = np.asarray(book.churn if churn is None else churn, dtype=float)
    room = max(book.churn - work.floor, 1e-9)
    points = 60 / work.churn_minutes * np.clip(at - work.floor, 0, None) / room
    worth = (margin_over(book, churn=np.maximum(at - POINT, 0)) - margin_over(book, churn=at)) * points
    return float(worth) if worth.shape == () else worth


def hour_on_expansion(book: Book, work: Work, expansion: Any = None) -> Any:
    """Worth of the next hour spent on expansion, at a yearly expansion (today's by default)."""
    at = np.asarray(book.expansion if expansion is None else expansion, dtype=float)
    room = max(work.ceiling - book.expansion, 1e-9)
    points = 60 / work.expansion_minutes * np.clip(work.ceiling - at, 0, None) / room
    worth = (margin_over(book, expansion=at + POINT) - margin_over(book, expansion=at)) * points
    return float(worth) if worth.shape == () else worth


@dataclass(frozen=True, slots=True)
class Answer:
    """Where the next hour pays most.

    Args:
        churn, expansion: worth of the next hour on either side. better: ``churn`` or ``expansion``; ratio: how many times
            the other. turns_at: the yearly churn at which both are worth the same, with expansion as today (None: nowhere
            between the floor and 100 %). hours: work until there, by the assumption. sure: share of resamples of the
            customers in which the same side is better (None: not resampled).
    """

    churn: float
    expansion: float
    turns_at: float | None
    hours: float | None
    sure: float | None = None

    @property
    def better(self) -> str:
        return "churn" if self.churn >= self.expansion else "expansion"

    @property
    def ratio(self) -> float:
        more, less = max(self.churn, self.expansion), min(self.churn, self.expansion)
        return more / less if less > 0 else inf


def answer(book: Book, work: Work, customers: pd.DataFrame | None = None, seed: int = 0) -> Answer:
    """The comparison at today's rates.

    Args:
        customers: :func:`enishi.metrics.revenue.retention_by_account` of the last twelve months, to resample.
    """
    keep, grow = hour_on_churn(book, work), hour_on_expansion(book, work)
    turn = _turn(book, work, grow)
    hours = None
    if turn is not None and work.floor < turn < book.churn:
        room = book.churn - work.floor
        hours = float(work.churn_minutes / 60 * room / POINT * np.log(room / (turn - work.floor)))
    sure = (
        _sure(book, work, customers, keep >= grow, seed) if customers is not None and len(customers) else None
    )
    return Answer(float(keep), float(grow), turn, hours, sure)


def _turn(book: Book, work: Work, grow: float) -> float | None:
    """The churn at which an hour on churn is worth as much as one on expansion, by bisection: its worth rises with churn."""
    low, high = work.floor, 0.98
    if not hour_on_churn(book, work, low) < grow < hour_on_churn(book, work, high):
        return None
    for _step in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if hour_on_churn(book, work, middle) < grow else (low, middle)
    return (low + high) / 2


def yearly_rates(customers: pd.DataFrame) -> tuple[float, float]:
    """Churn (leaving and shrinking) and expansion of the customers of a year's start, as shares of their opening MRR."""
    opening, kept, closing = (float(customers[name].sum()) for name in ("opening", "kept", "closing"))
    return (opening - kept) / opening, (closing - kept) / opening


def _sure(book: Book, work: Work, customers: pd.DataFrame, churn_first: bool, seed: int) -> float:
    """In how many resamples of the customers the same side is ahead; minutes and bounds as declared."""
    values = customers[["opening", "kept", "closing"]].to_numpy(dtype=float)
    drawn = np.random.default_rng(seed).multinomial(
        len(values), np.full(len(values), 1 / len(values)), size=DRAWS
    )
    opening, kept, closing = (drawn @ values).T
    churn, expansion = (opening - kept) / opening, (closing - kept) / opening
    same = 0
    for lost, gained in zip(churn, expansion, strict=True):
        other = replace(book, churn=float(lost), expansion=float(gained))
        same += (hour_on_churn(other, work) >= hour_on_expansion(other, work)) == churn_first
    return same / len(churn)


def curve(book: Book, work: Work, levels: Sequence[float]) -> pd.DataFrame:
    """The worth of things by yearly churn: ``churn``, ``hour`` (the next hour on churn), ``other`` (on expansion, as today),
    ``lifetime`` (months of revenue x margin), ``margin`` (of the span)."""
    at = np.asarray(levels, dtype=float)
    return pd.DataFrame(
        {
            "churn": at,
            "hour": hour_on_churn(book, work, at),
            "other": np.full(len(at), hour_on_expansion(book, work)),
            "lifetime": lifetime(book, at),
            "margin": margin_over(book, churn=at),
        }
    )
