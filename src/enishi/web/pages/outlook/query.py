"""What the address of the forecast says: whose customers, what is assumed, which renewals."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.http import QueryDict

from enishi.forecasts.simulation import Scenario
from enishi.outlook.models import Category
from enishi.outlook.reads import DIMENSIONS
from enishi.web.asking import number_in

FACTORS = {"churn": (50, 200, 100), "expansion": (0, 200, 100), "new": (0, 200, 100), "price": (-10, 20, 0)}
"""Least, most and usual value in percent of what may be assumed."""
SPANS = ("quarter", "two", "year")


@dataclass(frozen=True, slots=True)
class Query:
    """A view of the forecast. ``cat``, ``span`` and ``q`` choose renewals, ``since`` the statement compared with."""

    by: str = ""
    segment: str = ""
    churn: int = 100
    expansion: int = 100
    new: int = 100
    price: int = 0
    cat: str = ""
    span: str = "two"
    q: str = ""
    since: int = 0
    over: str = "quarter"

    @property
    def scenario(self) -> Scenario:
        return Scenario(self.churn / 100, self.expansion / 100, self.new / 100, self.price / 100)

    def pairs(self) -> list[tuple[str, str]]:
        usual = Query()
        return [
            (name, str(getattr(self, name)))
            for name in self.__slots__
            if getattr(self, name) != getattr(usual, name)
        ]

    @property
    def address(self) -> str:
        return "?" + urlencode(self.pairs())

    def but(self, **changes: object) -> Query:
        return replace(self, **changes)  # type: ignore[arg-type]


def _percent(text: str | None, name: str) -> int:
    least, most, usual = FACTORS[name]
    try:
        return min(most, max(least, round(float(text or ""))))
    except (ValueError, OverflowError):
        return usual


def _one_of(text: str | None, known: tuple[str, ...], usual: str) -> str:
    return text if text in known else usual


def read_query(params: QueryDict) -> Query:
    """The view an address asks for; what it does not understand it leaves out."""
    by = _one_of(params.get("by"), DIMENSIONS, "")
    since = params.get("since", "") or ""
    return Query(
        by=by,
        segment=(params.get("segment", "") or "")[:200] if by else "",
        **{name: _percent(params.get(name), name) for name in FACTORS},
        cat=_one_of(params.get("cat"), tuple(Category.values), ""),
        span=_one_of(params.get("span"), SPANS, "two"),
        q=(params.get("q", "") or "")[:100],
        since=number_in(since) or 0,
        over=_one_of(params.get("over"), ("quarter", "year"), "quarter"),
    )
