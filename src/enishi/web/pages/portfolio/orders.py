"""The order of the list in words, and the orders to choose from where its headings are not at hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from enishi.web.pages.portfolio.columns import METRIC, Column
from enishi.web.pages.portfolio.query import DEFAULT_SORT, Query


@dataclass(frozen=True, slots=True)
class Order:
    title: str
    address: str
    chosen: bool


def order_words(column: Column, descending: bool) -> str:
    """An order as one says it: ``Money at stake, largest first``."""
    if column.look == "day":
        words = _("%(column)s, latest first") if descending else _("%(column)s, earliest first")
    elif column.numeric:
        words = _("%(column)s, largest first") if descending else _("%(column)s, smallest first")
    else:
        words = _("%(column)s, Z to A") if descending else _("%(column)s, A to Z")
    return words % {"column": column.title}


def current_order(query: Query, known: Mapping[str, Column]) -> str:
    return order_words(known[query.sort_key], query.descending) if query.sort_key in known else ""


def orders(query: Query, known: Mapping[str, Column]) -> list[Order]:
    """The usual order, the name's, and those of the columns shown; the one in force also the other way round."""
    keys = [DEFAULT_SORT.removeprefix("-"), "name", *query.columns, query.sort_key]
    found = []
    for column in (known[key] for key in dict.fromkeys(keys) if key in known):
        if not (column.sort or column.key.startswith(METRIC)):
            continue
        ways = [not column.rising, column.rising] if column.key == query.sort_key else [not column.rising]
        found += [_order(column, way, query) for way in ways]
    return found


def _order(column: Column, descending: bool, query: Query) -> Order:
    sort = f"-{column.key}" if descending else column.key
    return Order(
        order_words(column, descending), replace(query, sort=sort, page=1).address, sort == query.sort
    )
