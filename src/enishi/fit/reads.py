"""Fit within the view of a member."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd
from django.db.models import F, Q, QuerySet

from enishi.accounts.access import visible_accounts
from enishi.accounts.models import Account, Member
from enishi.accounts.search import named
from enishi.fit.models import AccountFit, FitStatement

NEW_DAYS = 90
SORTS = {
    "name": ("account__name_kana", "account__name"),
    "sold": ("sold_on",),
    "sale": ("sale_tenths",),
    "now": ("tenths",),
    "left": ("left_on",),
    "seller": ("seller",),
}
LISTS = ("regret", "new", "all")


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


def list_fits(member: Member, wanted: Listing, today: date) -> QuerySet[AccountFit]:
    """The customers of a list, in its order."""
    rows = AccountFit.objects.filter(account__in=visible_accounts(member))
    rows = rows.select_related("account__owner", "account__state")
    if wanted.search:
        rows = rows.filter(named(wanted.search, "account__"))
    rows = rows.filter(_conditions(wanted, today))
    names = SORTS.get(wanted.sort, SORTS["sold"])
    order = [F(name).desc(nulls_last=True) if wanted.down else F(name).asc(nulls_last=True) for name in names]
    return rows.order_by(*order, "account_id")


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


def fit_rows(member: Member) -> pd.DataFrame:
    """One row per customer in view: sold_on, band (of the fit at the sale), channel, seller, regret."""
    names = ["account_id", "sold_on", "sale_band", "account__channel", "seller", "regret", "left_on"]
    rows = AccountFit.objects.filter(account__in=visible_accounts(member), sold_on__isnull=False).order_by()
    columns = ["account_id", "sold_on", "band", "channel", "seller", "regret", "left_on"]
    return pd.DataFrame(list(rows.values_list(*names)), columns=columns)
