"""Parts of the page that read the facts themselves: they come after the page, and never hold it up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import pandas as pd
from babel.numbers import get_currency_precision
from django.utils.translation import get_language

from enishi.accounts.company import get_company
from enishi.metrics.api import panel as metric_panel
from enishi.web.pages.account.asked import Asked
from enishi.web.pages.account.facts import facts_now
from enishi.web.pages.account.judgement import judged, recomputed, stage_then
from enishi.web.pages.account.trend import contract_changes, day_marks
from enishi.web.pages.account.usage import usage_context
from enishi.web.pages.account.words import reason_words
from enishi.web.words import day as day_words

MONTHS = 24


def month_ends(day: date, months: int) -> list[date]:
    """The last days of the months before ``day``, oldest first, then ``day`` itself."""
    ends = [day]
    first = day.replace(day=1)
    for _month in range(months - 1):
        end = first - timedelta(days=1)
        ends.append(end)
        first = end.replace(day=1)
    return ends[::-1]


def _mrr(asked: Asked) -> Mapping[str, Any]:
    """MRR at each month's end and on the days the contract changed, each as known then."""
    ends = month_ends(asked.day, MONTHS)
    changes = [one for one in contract_changes(asked.account, asked.as_of) if ends[0] < one[0] <= ends[-1]]
    days = sorted({*ends, *(day for day, _title in changes)})
    with facts_now() as facts:
        frame = metric_panel(facts, days, ["mrr"], accounts=[asked.account.pk])
    found = dict(zip(pd.to_datetime(frame["as_of"]).dt.date, frame["mrr"], strict=True))
    values = [_whole(found.get(day)) for day in days]
    if not any(value is not None for value in values):
        return {"chart": None}
    language = get_language() or "ja"
    return {
        "chart": {
            "kind": "line",
            "x": [day_words(day, language) for day in days],
            "days": [day.isoformat() for day in days],
            "series": [{"name": "MRR", "values": values, "step": True}],
            "area": True,
            "format": "money",
            "currency": get_company().currency,
            "marks": day_marks(changes, days[0], days[-1]),
        }
    }


def _whole(minor: Any) -> float | None:
    """Whole units for a chart; None for what is not known."""
    if minor is None or minor != minor:
        return None
    return float(minor) / 10 ** get_currency_precision(get_company().currency)


def _then(asked: Asked) -> Mapping[str, Any]:
    """What was thought on a past day, judged anew from the facts as known then."""
    words = reason_words()
    thought = judged(asked.account, asked.day, asked.today, words)
    return {
        "judged": recomputed(asked.account, thought, asked.day, words),
        "account": asked.account,
        "as_of": asked.day,
        "stage_then": stage_then(asked.account, asked.day),
    }


def _stage(asked: Asked) -> Mapping[str, Any]:
    """The lifecycle stage that followed from the facts as known on a past day."""
    return {"stage_then": stage_then(asked.account, asked.day)}


PANELS: dict[str, Callable[[Asked], Mapping[str, Any]]] = {
    "mrr": _mrr,
    "usage": usage_context,
    "score": _then,
    "causes": _then,
    "stage": _stage,
}
