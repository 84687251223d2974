"""What a member asks of the portfolio, as the page's address says it.

The whole state of the page stands in the address, so that a link shows the same view to a colleague (within
the colleague's own scope).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from urllib.parse import urlencode

from django.http import QueryDict

from enishi.store.kinds import STAGES
from enishi.web.asking import day_in, number_in
from enishi.web.pages.portfolio.words import BANDS, CONTRACTS, FORECASTS, MOVES, SET_BY, TRENDS

DEFAULT_SORT = "-at_stake"
DEFAULT_COLUMNS = (
    "score", "change", "cause", "at_stake", "mrr", "renewal", "owner",
)  # fmt: skip

# Filters that take any number of values, and those that take one whole number.
CHOICES = (
    "band", "tier", "owner", "stage", "industry", "size", "region", "cause", "alert", "trend", "product", "plan", "moved", "lacking", "contract", "set", "tag", "forecast",
)  # fmt: skip
# What each of these may be, whatever is defined or on record.
CLOSED: dict[str, Collection[str]] = {
    "band": BANDS, "trend": TRENDS, "moved": MOVES, "contract": CONTRACTS, "set": SET_BY, "stage": dict(STAGES),
    "forecast": FORECASTS,
}  # fmt: skip
NUMBERS = ("renewal", "mrr_min", "mrr_max", "silent", "leaving_min")
EARLIEST = 1970  # nobody kept facts before; days far back would only be mistakes of typing
NONE = "-"  # the value of a choice that means "not set"


@dataclass(frozen=True, slots=True)
class Query:
    """One view of the portfolio.

    Args:
        choices: filter name -> values, any of which may hold.
        numbers: filter name -> whole number (days, or whole units of the company's currency).
        sort: column key, with ``-`` before it for descending.
        columns: column keys in order; a metric is ``m.<id>``.
        as_of: a past day, or None for now.
        view: number of the saved view it came from, 0 for none.
        unread: (name, value) of what the address asks and is no day, number or known word; the page says that it is left out.
    """

    text: str = ""
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    numbers: Mapping[str, int] = field(default_factory=dict)
    sort: str = DEFAULT_SORT
    columns: tuple[str, ...] = DEFAULT_COLUMNS
    page: int = 1
    as_of: date | None = None
    view: int = 0
    unread: tuple[tuple[str, str], ...] = ()

    @property
    def sort_key(self) -> str:
        return self.sort.removeprefix("-")

    @property
    def descending(self) -> bool:
        return self.sort.startswith("-")

    @property
    def filtered(self) -> bool:
        return bool(self.text or self.choices or self.numbers)

    def without(self, *names: str) -> Query:
        """The same view with these filters lifted, on its first page."""
        return replace(
            self,
            text="" if "q" in names else self.text,
            choices={k: v for k, v in self.choices.items() if k not in names},
            numbers={k: v for k, v in self.numbers.items() if k not in names},
            page=1,
        )

    def choosing(self, name: str, *values: str) -> Query:
        """The same view with one filter set to these values, on its first page."""
        return replace(self.without(name), choices={**self.without(name).choices, name: values})

    def toggling(self, name: str, value: str) -> Query:
        """The same view with one value of a filter added or taken away."""
        now = self.choices.get(name, ())
        after = tuple(v for v in now if v != value) if value in now else (*now, value)
        return self.choosing(name, *after) if after else self.without(name)

    def sorted_by(self, key: str, *, rising: bool = False) -> Query:
        """The same view sorted by a column: largest (``rising``: smallest) first, and the other way round on the
        second ask."""
        first, second = (key, f"-{key}") if rising else (f"-{key}", key)
        return replace(self, sort=second if self.sort == first else first, page=1)

    def on_page(self, page: int) -> Query:
        return replace(self, page=page)

    def pairs(self) -> list[tuple[str, str]]:
        """The address's parameters, in one order, without what is default anyway."""
        pairs = [("q", self.text)] if self.text else []
        for name in CHOICES:
            pairs += [(name, value) for value in self.choices.get(name, ())]
        pairs += [(name, str(self.numbers[name])) for name in NUMBERS if name in self.numbers]
        if self.sort != DEFAULT_SORT:
            pairs.append(("sort", self.sort))
        if self.columns != DEFAULT_COLUMNS:
            pairs.append(("cols", ",".join(self.columns)))
        if self.as_of:
            pairs.append(("as_of", self.as_of.isoformat()))
        if self.view:
            pairs.append(("view", str(self.view)))
        if self.page > 1:
            pairs.append(("page", str(self.page)))
        return pairs

    @property
    def address(self) -> str:
        """The query string, ``?`` included; ``?all=1`` for the bare list, so that it is not taken for "none"."""
        return "?" + (urlencode(self.pairs()) or "all=1")

    @property
    def kept(self) -> str:
        """What a saved view keeps: everything but the page and the view's own number."""
        return urlencode(replace(self, page=1, view=0).pairs())


def _number(text: str | None) -> int | None:
    number = number_in((text or "").replace(",", ""))
    return number if number is not None and number < 10**15 else None


def _day(text: str | None) -> date | None:
    day = day_in(text)
    return day if day is not None and day.year >= EARLIEST else None


def _may_be(name: str, value: str) -> bool:
    if value == NONE:
        return True
    return number_in(value) is not None if name == "owner" else name not in CLOSED or value in CLOSED[name]


def read_query(params: QueryDict, known_columns: frozenset[str]) -> Query:
    """The view an address asks for. What it does not understand it leaves out, and names, rather than failing a link."""
    asked_choices = {name: tuple(dict.fromkeys(v for v in params.getlist(name) if v)) for name in CHOICES}
    choices = {name: tuple(v for v in vs if _may_be(name, v)) for name, vs in asked_choices.items()}
    strange = [(name, v[:40]) for name, vs in asked_choices.items() for v in vs if not _may_be(name, v)]
    numbers = {name: _number(params.get(name, "")) for name in NUMBERS}
    asked = params.getlist("col") or (params.get("cols", "") or "").split(",")
    columns = tuple(c for c in dict.fromkeys(asked) if c in known_columns and c != "name")
    sort = params.get("sort", "") or DEFAULT_SORT
    as_of = _day(params.get("as_of", ""))
    stated = {name: (params.get(name, "") or "").strip()[:40] for name in (*NUMBERS, "as_of")}
    return Query(
        text=(params.get("q", "") or "").strip()[:200],
        choices={name: values for name, values in choices.items() if values},
        numbers={name: number for name, number in numbers.items() if number is not None},
        sort=sort if sort.removeprefix("-") in known_columns else DEFAULT_SORT,
        columns=columns or DEFAULT_COLUMNS,
        page=max(1, _number(params.get("page", "")) or 1),
        as_of=as_of,
        view=_number(params.get("view", "")) or 0,
        unread=(
            *strange,
            *(
                (name, value)
                for name, value in stated.items()
                if value and (as_of if name == "as_of" else numbers[name]) is None
            ),
        ),
    )
