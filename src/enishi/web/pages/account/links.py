"""Where the facts behind a line are shown."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse

# What a driver line or a piece of evidence names as its facts -> the tab that shows them, and the filter there.
TABS = {
    "usage": ("usage", {}),
    "event": ("usage", {}),
    "people": ("people", {}),
    "contact": ("people", {}),
    "tickets": ("tickets", {}),
    "ticket": ("tickets", {}),
    "revenue": ("revenue", {}),
    "subscription": ("revenue", {}),
    "invoice": ("revenue", {}),
    "order": ("revenue", {}),
    "incidents": ("timeline", {"kind": "incident"}),
    "incident": ("timeline", {"kind": "incident"}),
    "surveys": ("timeline", {"kind": "survey_answer"}),
    "survey_answer": ("timeline", {"kind": "survey_answer"}),
    "interaction": ("timeline", {"kind": "interaction"}),
    "training": ("timeline", {"kind": "training"}),
    "timeline": ("timeline", {}),
    "score": ("overview", {}),
}


def tab_address(account_id: int, tab: str, **query: str) -> str:
    """The address of a tab of the account page."""
    base = reverse("account", args=[account_id])
    if tab != "overview":
        base = reverse("account-tab", args=[account_id, tab])
    given = {key: value for key, value in query.items() if value}
    return f"{base}?{urlencode(given)}" if given else base


def facts_address(account_id: int, kind: str, record_id: int | None = None, as_of: str = "") -> str:
    """Where a line's facts are: the tab for their kind, at the record itself where there is one."""
    tab, query = TABS.get(kind, ("timeline", {}))
    address = tab_address(account_id, tab, **query, as_of=as_of)
    if not record_id:
        return address
    return f"{address}#{'contact' if kind == 'contact' else 'record'}-{record_id}"
