"""Fit within the view of a member."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, TypeVar

import pandas as pd
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from enishi.accounts.access import visible_accounts
from enishi.accounts.models import Account, Member
from enishi.accounts.remembering import remembered
from enishi.accounts.search import find_named, named
from enishi.fit.models import AccountFit, FitRun, FitStatement

NEW_DAYS = 90
SORTS = {
    "name": "name",
    "sold": "sold_on",
    "sale": "sale_tenths",
    "now": "tenths",
    "left": "left_on",
    "seller": "seller",
}
LISTS = ("regret", "new", "all")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list of customers by fit holds.

    Args:
        what: ``regret``: should not have been sold; ``new``: poor fit, sold in the last 90 days; ``all``.
        band: of the fit at the sale; "-" for unknown.
        channel, seller: "-" for none.
        sold_from, sold_before: days of the sale, the second not included.
    """

    what: str = "regret"
    band: str = ""
    channel: str = ""
    seller: str = ""
    search: str = ""
    sort: str = "sold"
    down: bool = True
    sold_from: date | None = None
    sold_before: date | None = None


def find_fit(account: Account) -> AccountFit | None:
    return AccountFit.objects.select_related("run__version").filter(account=account).first()


def said_on(account: Account, day: date) -> FitStatement | None:
    """What was said of the account on a past day: the last statement up to it."""
    return FitStatement.objects.filter(account=account, day__lte=day).select_related("version").first()


def list_fits(member: Member, wanted: Listing, today: date) -> QuerySet[Any, int]:
    """The numbers of the customers of a list, in its order."""
    seen = visible_accounts(member).order_by()
    few = find_named(wanted.search) if wanted.search else None
    if wanted.search:
        seen = seen.filter(named(wanted.search) if few is None else Q(pk__in=few))
    if wanted.sort == "name":
        return _by_name(seen, wanted, today, few)
    names = (SORTS[wanted.sort], "account_id")
    order = [F(name).desc(nulls_last=True) if wanted.down else F(name).asc(nulls_last=True) for name in names]
    rows = _within(seen) if few is None else AccountFit.objects.filter(account__in=seen)
    return rows.filter(_conditions(wanted, today)).order_by(*order).values_list("pk", flat=True)


def _by_name(
    seen: QuerySet[Account], wanted: Listing, today: date, few: list[int] | None
) -> QuerySet[Any, int]:
    """The accounts are gone through by the index of their names, each looked up in scope; ``few``: only these."""
    fits = AccountFit.objects.filter(_conditions(wanted, today), account=OuterRef("pk"))
    every = Account.objects.filter(Exists(seen.filter(pk=OuterRef("pk"))), Exists(fits))
    every = every if few is None else every.filter(pk__in=few)
    ordered = every.order_by("name_kana", "name", "id")
    return (ordered.reverse() if wanted.down else ordered).values_list("pk", flat=True)


def _within(seen: QuerySet[Account]) -> QuerySet[AccountFit]:
    """Asked row by row, so that a page of a large book need not look at all of it."""
    return AccountFit.objects.filter(Exists(seen.filter(pk=OuterRef("account_id")))).order_by()


def rows_of(numbers: Sequence[int]) -> list[AccountFit]:
    """Rows of a list by their accounts, in this order, with what lists show."""
    rows = AccountFit.objects.filter(pk__in=list(numbers)).select_related("account__owner")
    found = rows.defer("axes", "facts", "account__extra", "account__search").in_bulk()
    return [found[number] for number in numbers if number in found]


def count_fits(member: Member, wanted: Listing, today: date) -> int:
    """How many a list holds; kept until the next judging, or ten minutes."""
    asked = replace(wanted, sort="sold", down=True)
    return _kept(member, f"count:{asked}:{today}", lambda: list_fits(member, asked, today).order_by().count())


def portion_of(
    member: Member, wanted: Listing, today: date, name: str, read: Callable[[], list[int]]
) -> list[int]:
    """Numbers of a part of a list; kept like :func:`count_fits`."""
    return _kept(member, f"portion:{wanted}:{today}:{name}", read)


def standing_of(member: Member, wanted: Listing, today: date, numbers: list[int]) -> QuerySet[Any, int]:
    """Those of some accounts that are on a list now."""
    return list_fits(member, replace(wanted, sort="sold"), today).filter(pk__in=numbers).order_by()


def choices_of(member: Member) -> tuple[list[str], list[str]]:
    """Channels and sellers of the customers in view, without the empty one."""

    def read() -> tuple[list[str], list[str]]:
        rows = _within(visible_accounts(member).order_by())
        channels, sellers = (
            sorted(set(rows.values_list(name, flat=True).distinct()) - {""})
            for name in ("account__channel", "seller")
        )
        return channels, sellers

    return _kept(member, "choices", read)


def _kept(member: Member, name: str, read: Callable[[], T]) -> T:
    newest = FitRun.objects.filter(status="done").order_by("-started_at").values_list("pk", flat=True).first()
    return remembered(member, "fit", name, read, newest=newest)


def _conditions(wanted: Listing, today: date) -> Q:
    found = Q()
    if wanted.what == "regret":
        found &= Q(regret=True)
    elif wanted.what == "new":
        found &= Q(sale_band="poor", sold_on__gt=today - timedelta(days=NEW_DAYS), left_on=None)
    for name, value in (
        ("sale_band", wanted.band),
        ("account__channel", wanted.channel),
        ("seller", wanted.seller),
    ):
        if value:
            found &= Q(**{name: "" if value == "-" else value})
    if wanted.sold_from:
        found &= Q(sold_on__gte=wanted.sold_from)
    if wanted.sold_before:
        found &= Q(sold_on__lt=wanted.sold_before)
    return found


@dataclass(frozen=True, slots=True)
class Sold:
    """How many customers in view were sold: ``by_day`` (sold_on, band, regret, n) and, of the days after ``since``,
    ``by_whom`` (channel, seller, band, regret, n); bands are those at the sale."""

    by_day: pd.DataFrame
    by_whom: pd.DataFrame


def count_sold(member: Member, first: date, since: date) -> Sold:
    """What was sold from ``first`` on by day, and after ``since`` by channel and seller; kept like :func:`count_fits`."""

    def read() -> Sold:
        rows = _within(visible_accounts(member).order_by())
        by_day = _counted(rows.filter(sold_on__gte=first), sold_on="sold_on")
        by_whom = _counted(rows.filter(sold_on__gt=since), channel="account__channel", seller="seller")
        return Sold(by_day, by_whom)

    return _kept(member, f"sold:{first}:{since}", read)


def _counted(rows: QuerySet[AccountFit], **names: str) -> pd.DataFrame:
    columns = {**names, "band": "sale_band", "regret": "regret"}
    found = rows.values_list(*columns.values()).annotate(n=Count("account_id"))
    return pd.DataFrame(list(found), columns=[*columns, "n"])
