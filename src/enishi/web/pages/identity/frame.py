"""The tabs within the identity desk, and the search for an account."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from enishi.accounts.access import visible_accounts
from enishi.accounts.models import Account, Member
from enishi.accounts.search import named
from enishi.web.asking import number_in


def language() -> str:
    return get_language() or "ja"


def desk_tabs(current: str) -> list[dict[str, Any]]:
    titles = {
        "identity": _("Groups without a customer"),
        "identity-users": _("Users without a customer"),
        "identity-merges": _("Merges"),
        "identity-ids": _("Outside ids"),
    }
    return [
        {"title": title, "address": reverse(name), "current": name == current, "count": None}
        for name, title in titles.items()
    ]


def search_accounts(member: Member, text: str) -> QuerySet[Account]:
    """Accounts of the member by name, reading or outside id."""
    rows = visible_accounts(member)
    if text.strip():
        rows = rows.filter(named(text)) | rows.filter(outside_ids__value=text.strip())
    return rows.distinct().order_by("name")


def chosen_account(member: Member, text: str) -> Account | None:
    """The account a field of the search names: its number, as the list offers it ("名前 #12")."""
    number = number_in(text.rpartition("#")[2])
    return visible_accounts(member).filter(pk=number).first() if number is not None else None
