"""What a member asks of the unit economics, as its address says it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.http import QueryDict

METHODS = ("contractual", "residual", "noncontractual", "simple")
DIMENSIONS = ("channel", "size", "industry", "region", "tier", "owner")
WINDOWS = (12, 24, 36)


@dataclass(frozen=True, slots=True)
class Query:
    """One view.

    Args:
        method: which lifetime value; empty: the first of :data:`METHODS` of which any is told.
        by: what the table is broken down by.
        months: customers won, and money spent on winning them, of so many months back.
        cohort: first day (ISO) of the fiscal year whose profit curve is looked at; empty: the newest that says something.
    """

    method: str = ""
    by: str = "channel"
    months: int = 12
    cohort: str = ""

    def pairs(self) -> list[tuple[str, str]]:
        default = Query()
        names = ("method", "by", "months", "cohort")
        return [(n, str(getattr(self, n))) for n in names if getattr(self, n) != getattr(default, n)]

    @property
    def address(self) -> str:
        return "?" + urlencode(self.pairs())

    def listing(self, **chosen: str) -> str:
        """The query string of the accounts behind a figure."""
        return "?" + urlencode([*self.pairs(), *((k, v) for k, v in chosen.items())])

    def with_method(self, method: str) -> Query:
        return replace(self, method=method)


def read_query(params: QueryDict) -> Query:
    """The view an address asks for; what it does not understand it leaves out."""
    months = params.get("months", "")
    return Query(
        method=_one_of(params.get("method"), METHODS, ""),
        by=_one_of(params.get("by"), DIMENSIONS, "channel"),
        months=int(months) if months in {str(n) for n in WINDOWS} else WINDOWS[0],
        cohort=(params.get("cohort") or "")[:10],
    )


def _one_of(text: str | None, known: tuple[str, ...], default: str) -> str:
    return text if text in known else default


@dataclass(frozen=True, slots=True)
class Listed:
    """Which accounts a list holds: ``what`` is customers, won, or cohort; ``segment`` a value ("-": none)."""

    view: Query
    what: str
    segment: str | None
    order: str


def read_listed(params: QueryDict) -> Listed:
    return Listed(
        read_query(params),
        _one_of(params.get("what"), ("customers", "won", "cohort"), "customers"),
        params.get("segment"),
        _one_of(
            params.get("sort"), ("-value", "value", "-margin", "cost", "-cost", "even", "name"), "-value"
        ),
    )
