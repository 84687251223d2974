"""The accounts behind a figure of Health, as its lists show them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.core.paginator import Paginator
from django.db.models import F

from enishi.accounts.access import visible_accounts
from enishi.accounts.models import Member

A_PAGE = 50


def list_accounts(member: Member, ids: Collection[int], number: str | None) -> dict[str, Any]:
    """A page of those among ``ids`` the member may see, those with the most revenue first."""
    ranked = visible_accounts(member).order_by(F("state__mrr").desc(nulls_last=True), "name_kana", "pk")
    shown = Paginator([pk for pk in ranked.values_list("pk", flat=True) if pk in ids], A_PAGE).get_page(
        number
    )
    accounts = visible_accounts(member).select_related("state", "owner").in_bulk(list(shown))
    return {"page": shown, "accounts": [accounts[pk] for pk in shown if pk in accounts]}
