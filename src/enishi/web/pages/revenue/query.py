"""What a member asks of the revenue page, as its address says it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode

from django.http import QueryDict

from enishi.web.asking import day_in

KINDS = ("month", "quarter", "year")
COUNTS = {"month": 13, "quarter": 9, "year": 5}
DIMENSIONS = ("tier", "industry", "size", "region", "stage", "owner", "channel", "seller", "product", "plan")
SOLD = ("product", "plan")  # dimensions of what is sold: an account may stand in several of their values
MOVEMENTS = ("new", "expansion", "reactivation", "contraction", "churn")
LISTS = (*MOVEMENTS, "mrr", "retention", "lost", "renewals", "cohort")  # what the drill-down can list
COHORTS = ("revenue", "logo")
EARLIEST, LATEST = 1970, 2200  # beyond them a day is a mistake of typing


@dataclass(frozen=True, slots=True)
class Query:
    """One view of the revenue page.

    Args:
        kind: month, quarter or year (fiscal).
        by: a segment dimension, or empty.
        segment: one value of the dimension, or empty for all.
        known: ``now`` with today's knowledge, ``then`` with what was known at each period's end.
        at: start of the period whose bridge is drawn; None for the running one.
        cohort: what the triangle shows.
        as_of: a past day whose end the page stands at, knowing nothing later; None for today.
    """

    kind: str = "month"
    by: str = ""
    segment: str = ""
    known: str = "now"
    at: date | None = None
    cohort: str = "revenue"
    as_of: date | None = None

    @property
    def sold(self) -> bool:
        return self.by in SOLD

    def day(self, today: date) -> date:
        """The day the page stands at."""
        return min(self.as_of, today) if self.as_of else today

    def pairs(self) -> list[tuple[str, str]]:
        pairs = []
        default = Query()
        for name in ("kind", "by", "segment", "known", "cohort"):
            if getattr(self, name) != getattr(default, name):
                pairs.append((name, getattr(self, name)))
        if self.at:
            pairs.append(("at", self.at.isoformat()))
        if self.as_of:
            pairs.append(("as_of", self.as_of.isoformat()))
        return pairs

    @property
    def address(self) -> str:
        return "?" + urlencode(self.pairs())

    def knew(self, last: date) -> date | None:
        """The day whose knowledge a period's figures have; None for that of the page's day."""
        return last if self.known == "then" else None

    def drill(
        self, movement: str, start: date, end: date, on: date | None = None, knew: date | None = None
    ) -> str:
        """The query string of the accounts behind a movement's figure; a cohort's also says the day looked at."""
        own = [pair for pair in self.pairs() if pair[0] in ("by", "segment", "known", "as_of")]
        span = [("movement", movement), ("from", start.isoformat()), ("to", end.isoformat())]
        looked = [("on", on.isoformat())] if on else []
        known = [("knew", knew.isoformat())] if knew else []
        return "?" + urlencode([*span, *looked, *known, *own])

    def at_period(self, start: date | None) -> Query:
        return replace(self, at=start)


def _day(text: str | None) -> date | None:
    day = day_in(text)
    return day if day is not None and EARLIEST <= day.year < LATEST else None


def _one_of(text: str | None, known: tuple[str, ...], default: str) -> str:
    return text if text in known else default


def read_query(params: QueryDict) -> Query:
    """The view an address asks for; what it does not understand it leaves out."""
    by = _one_of(params.get("by", ""), DIMENSIONS, "")
    return Query(
        kind=_one_of(params.get("kind", ""), KINDS, "month"),
        by=by,
        segment=(params.get("segment", "") or "")[:200] if by else "",
        known=_one_of(params.get("known", ""), ("now", "then"), "now"),
        at=_day(params.get("at", "")),
        cohort=_one_of(params.get("cohort", ""), COHORTS, "revenue"),
        as_of=_day(params.get("as_of", "")),
    )


@dataclass(frozen=True, slots=True)
class Drill:
    """Which movements the drill-down lists."""

    movement: str
    start: date
    end: date
    view: Query
    on: date | None = None  # of a cohort: the day on which it is looked at
    knew: date | None = None  # with what was known at the end of this day; None: of the page's day


def read_drill(params: QueryDict, today: date) -> Drill:
    """The drill-down an address asks for; by default everything that moved this month."""
    start = _day(params.get("from", "")) or today.replace(day=1)
    end = _day(params.get("to", "")) or today
    return Drill(
        _one_of(params.get("movement", ""), LISTS, ""),
        start,
        max(start, end),
        read_query(params),
        _day(params.get("on", "")),
        _day(params.get("knew", "")),
    )
