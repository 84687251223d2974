"""The tabs that hold the setup pages together."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from enishi.accounts.models import Member, Scope

# Address name and title of each tab, in order; counts are the page's own business.
TABS = (
    ("setup", gettext_noop("First steps")),
    ("imports", gettext_noop("Files")),
    ("keys", gettext_noop("Keys")),
    ("rejects", gettext_noop("Rejects desk")),
    ("identity", gettext_noop("Identity")),
    ("names", gettext_noop("Names")),
    ("company", gettext_noop("Company")),
    ("privacy", gettext_noop("Data protection")),
)


WHOLE_BOOK = frozenset({"imports", "rejects"})  # opened to members who see all accounts


def setup_tabs(member: Member, current: str, counts: dict[str, int] | None = None) -> list[dict[str, Any]]:
    """The tabs this member may open, with ``current`` (an address name) marked, for ``<c-tabs :items="tabs" />``."""
    known = counts or {}
    return [
        {
            "title": _(title),
            "address": reverse(name),
            "current": name == current,
            "count": known.get(name) or None,
        }
        for name, title in TABS
        if name not in WHOLE_BOOK or member.scope == Scope.ALL
    ]
