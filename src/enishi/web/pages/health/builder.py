"""Trying an own metric before it is saved: its values over the past year for chosen accounts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pandas as pd
from django.utils.translation import get_language

from enishi.accounts.access import visible_accounts
from enishi.accounts.company import get_company
from enishi.accounts.models import Account, Member
from enishi.accounts.search import named
from enishi.kit.home import Home
from enishi.kit.text import Text
from enishi.metrics.api import FactSettings, compile_metric, duckdb_facts, preview_metric
from enishi.web.words import day as day_words

POINTS = 13
STEP_DAYS = 28
MOST_ACCOUNTS = 6


def chosen_accounts(member: Member, text: str) -> list[Account]:
    """The accounts a preview is drawn for: those whose names are asked for, else the ones with most at stake."""
    accounts = visible_accounts(member)
    found: list[Account] = []
    for name in [part for part in text.replace("、", ",").split(",") if part.strip()][:MOST_ACCOUNTS]:
        found += list(accounts.filter(named(name)).order_by("name_kana", "pk")[:2])
    if not found:
        found = list(accounts.filter(state__mrr__gt=0).order_by("-state__mrr", "pk")[:4])
    return list(dict.fromkeys(found))[:MOST_ACCOUNTS]


def preview_values(member: Member, body: Mapping[str, Any], text: str, today: date) -> dict[str, Any]:
    """A chart and table of the metric over a year, as known on each day.

    Raises:
        EnishiError: ``invalid_metric`` with every wrong place.
    """
    metric = compile_metric(body)
    accounts = chosen_accounts(member, text)
    days = [today - timedelta(days=STEP_DAYS * back) for back in range(POINTS - 1, -1, -1)]
    with duckdb_facts(Home.from_environment(), FactSettings(currency=get_company().currency)) as facts:
        frame = preview_metric(facts, body, days, accounts=[account.pk for account in accounts])
    language = get_language() or "ja"
    series = [_series(frame, account, metric.id, days, index) for index, account in enumerate(accounts)]
    values = frame[metric.id].dropna() if len(frame) else pd.Series(dtype=float)
    return {
        "title": metric.title if metric.title.en else Text(metric.id, metric.id),
        "unit": metric.unit,
        "accounts": accounts,
        "known": len(values),
        "asked": len(accounts) * len(days),
        "chart": {
            "kind": "line",
            "x": [day_words(day, language, today) for day in days],
            "series": series,
        },
    }


def _series(frame: pd.DataFrame, account: Account, name: str, days: list[date], index: int) -> dict[str, Any]:
    own = (
        frame[frame["account_id"] == account.pk].set_index("as_of")[name]
        if len(frame)
        else pd.Series(dtype=float)
    )
    values = [own.get(day) for day in days]
    return {
        "name": account.name,
        "values": [None if value is None or pd.isna(value) else float(value) for value in values],
        "colour": f"c{index + 1}",
    }
