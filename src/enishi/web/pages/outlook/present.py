"""What the forecast's templates are given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import numpy as np
from django.urls import reverse
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from enishi.accounts.access import visible_accounts
from enishi.accounts.company import get_company
from enishi.accounts.models import Member
from enishi.forecasts.coverage import Coverage, Trial, coverage
from enishi.forecasts.simulation import LEVELS, Scenario, interval
from enishi.kit.text import MINUS
from enishi.metrics.periods import Period, add_months, period_of
from enishi.metrics.revenue import number_of
from enishi.outlook import measures, reads
from enishi.outlook.measures import Figure
from enishi.outlook.models import BackTest, Forecast, Target
from enishi.web.pages.outlook.query import FACTORS, Query
from enishi.web.pages.portfolio.words import minor_units
from enishi.web.pages.revenue.present import dimension_words
from enishi.web.pages.revenue.reads import segment_order, segment_words

PAST_MONTHS = 12
SHADES = {0.5: 0.34, 0.8: 0.22, 0.95: 0.12}
SHOWN = ("mrr", "nrr", "grr", "churn", "expansion")
QUARTERS_BACK = 4


def language() -> str:
    return get_language() or "ja"


def title(period: Period) -> str:
    return period.title.in_language(language())


def measure_words() -> dict[str, str]:
    return {str(name): str(label) for name, label in Target.Measure.choices}


def change_words(share: float) -> str:
    """A difference of shares in points, with its sign."""
    points = share * 100
    return f"{'+' if points > 0 else MINUS if points < 0 else '±'}{abs(points):.1f}pt"


def figure_row(one: Figure) -> dict[str, Any]:
    """A figure with what the template cannot work out by itself."""
    low, high = one.bands[1] if one.bands else (None, None)
    return {
        "figure": one,
        "measure": one.measure,
        "title": measure_words()[one.measure],
        "period": title(one.period),
        "last": one.period.last,
        "ended": one.actual is not None,
        "value": one.value,
        "low": low,
        "high": high,
        "bands": [(round(level * 100), *pair) for level, pair in zip(LEVELS, one.bands, strict=False)],
        "reached": one.reached,
        "is_money": one.is_money,
    }


def periods_table(found: Sequence[tuple[str, list[Figure]]], day: date) -> list[dict[str, Any]]:
    """Quarters from the last four on, then fiscal years, a cell per measure."""
    rows: list[dict[str, Any]] = []
    for every, lines in found:
        period = lines[0].period
        rows.append(
            {
                "title": title(period),
                "every": every,
                "running": period.start <= day < period.last,
                "ended": period.end <= day + timedelta(days=1) and lines[0].actual is not None,
                "cells": [figure_row(one) for one in lines if one.measure in SHOWN],
            }
        )
    return rows


def fan(
    outlook: reads.Outlook, plain: reads.Outlook | None, targets: dict[tuple[str, str, date], Target]
) -> dict[str, Any]:
    """MRR of the last twelve months and of those to come, with nested intervals; targets where they fall due."""
    unit = minor_units(get_company().currency)
    day, ends = outlook.day, outlook.ends
    first = (day + timedelta(days=1)).replace(day=1)
    past_ends = [add_months(first, -back) for back in range(PAST_MONTHS - 1, -1, -1)]
    past_ends = [end for end in past_ends if end <= day + timedelta(days=1)]
    past = [amount / unit for amount in mrr_by(outlook, past_ends)]
    names = [title(period_of(end - timedelta(days=1), "month")) for end in (*past_ends, *ends)]
    gap: list[float | None] = [None] * (len(past) - 1)
    start = past[-1]
    bands = []
    for level in sorted(LEVELS, reverse=True):
        low, high = interval(outlook.paths.mrr, level)
        low, high = np.minimum(low, outlook.expected), np.maximum(high, outlook.expected)
        bands.append(
            {
                "name": f"{round(level * 100)}%", "shade": SHADES[level],
                "low": [*gap, start, *(float(v) / unit for v in low)], "high": [*gap, start, *(float(v) / unit for v in high)],
            }
        )  # fmt: skip
    middle = [*gap, start, *(value / unit for value in outlook.expected)]
    return {
        "kind": "fan", "x": names, "past": [*past, *([None] * len(ends))], "pastName": pgettext("forecast", "Actual"),
        "middle": middle, "middleName": pgettext("forecast", "What if") if plain else pgettext("forecast", "Expected"), "bands": bands, "format": "money",
        "currency": get_company().currency, "zero": False, "goals": _goals(names, ends, targets, len(past), unit),
        "goalName": pgettext("forecast", "Target"),
        "other": [*gap, start, *(value / unit for value in plain.expected)] if plain else None,
        "otherName": _("without the assumptions"),
    }  # fmt: skip


def mrr_by(outlook: reads.Outlook, ends: Sequence[date]) -> list[float]:
    """MRR in view when each day begins."""
    running = np.concatenate([[0], np.cumsum(outlook.moves["amount"].to_numpy(dtype=np.int64))])
    places = np.searchsorted(outlook.moves["day"].to_numpy(dtype=np.int64), [number_of(end) for end in ends])
    return [float(running[place]) for place in places]


def _goals(
    names: list[str], ends: list[date], targets: dict[tuple[str, str, date], Target], past: int, unit: int
) -> list[float | None]:
    """Targets of MRR at the ends of the periods they belong to."""
    found: list[float | None] = [None] * len(names)
    fiscal = get_company().fiscal_year_start
    for (measure, every, start), target in targets.items():
        if measure not in ("mrr", "arr") or target.value is None:
            continue
        end = period_of(start, "quarter" if every == "quarter" else "year", fiscal).end
        if end in ends:
            found[past + ends.index(end)] = float(target.value) / unit / (12 if measure == "arr" else 1)
    return found


def sliders(query: Query) -> list[dict[str, Any]]:
    """The assumptions a person may make."""
    words = {
        "churn": (_("Customers leave"), _("factor on every probability to leave")),
        "expansion": (_("Customers grow"), _("factor on expansion")),
        "new": (_("New business"), _("factor on what new customers bring")),
        "price": (_("Price"), _("change at each customer’s next renewal, at once where there is none; nobody is assumed to leave for it")),
    }  # fmt: skip
    found = []
    for name, (least, most, usual) in FACTORS.items():
        value = getattr(query, name)
        shown = (
            f"{value / 100:.2f}×"
            if name != "price"
            else f"{'+' if value > 0 else MINUS if value < 0 else '±'}{abs(value)}%"
        )
        found.append(
            {"name": name, "title": words[name][0], "help": words[name][1], "least": least, "most": most,
             "step": 1 if name == "price" else 5, "value": value, "shown": shown, "moved": value != usual}
        )  # fmt: skip
    return found


def assumptions(query: Query) -> list[str]:
    """What was assumed, in words: empty where nothing was."""
    return [f"{one['title']} {one['shown']}" for one in sliders(query) if one["moved"]]


def headline(found: Sequence[tuple[str, list[Figure]]], day: date) -> dict[str, Any]:
    """Where this quarter and this fiscal year land."""
    by = measures.by_place(list(found))
    running = measures.running_periods(day, get_company().fiscal_year_start)
    rows = {
        every: {
            name: figure_row(by[(every, period.start, name)])
            for name in SHOWN
            if (every, period.start, name) in by
        }
        for every, period in running.items()
    }
    return {
        "quarter": rows["quarter"],
        "year": rows["year"],
        "quarter_title": title(running["quarter"]),
        "quarter_end": running["quarter"].last,
        "year_title": title(running["year"]),
        "year_end": running["year"].last,
    }


def trials_of(test: BackTest) -> list[Trial]:
    found = []
    for one in test.trials:
        days = {name: date.fromisoformat(one[name]) for name in ("made_on", "start", "end")}
        found.append(Trial(**(one | days | {"low": tuple(one["low"]), "high": tuple(one["high"])})))
    return found


def tried_words() -> dict[str, str]:
    return {
        "mrr_1": _("MRR one month later"), "mrr": _("MRR three months later"), "mrr_2": _("MRR six months later"), "mrr_4": _("MRR twelve months later"),
        "churn": _("Revenue churn of the three months"), "expansion": _("Expansion of the three months"),
        "nrr": _("NRR after three months"), "grr": _("GRR after three months"),
    }  # fmt: skip


def tested(test: BackTest | None, *, whole: bool) -> dict[str, Any] | None:
    """Coverage of the intervals on past spans, with a chart of the MRR forecast three months before for those who may read
    the company's."""
    if test is None or not test.trials:
        return None
    trials, words = trials_of(test), tried_words()
    fiscal = get_company().fiscal_year_start
    quarters = [one for one in trials if period_of(one.start, "quarter", fiscal).start == one.start]
    lines: dict[str, list[Coverage]] = {}
    for line in coverage(trials):
        lines.setdefault(line.measure, []).append(line)
    rows = {
        measure: {"title": words[measure], "first": lines[measure][0], "lines": lines[measure]}
        for measure in words
        if measure in lines
    }
    return {
        "rows": list(rows.values()),
        "main": rows.get("mrr"),
        "chart": _tested_chart([one for one in trials if one.measure == "mrr"]) if whole else None,
        "spans": len({one.start for one in trials}),
        "quarters": len({one.start for one in quarters}),
        "day": test.day,
        "levels": [round(level * 100) for level in LEVELS],
    }


def _tested_chart(trials: Sequence[Trial]) -> dict[str, Any]:
    unit = minor_units(get_company().currency)
    return {
        "kind": "line",
        "x": [title(period_of(one.end - timedelta(days=1), "month")) for one in trials],
        "series": [
            {"name": _("Expected three months before, with the 80% interval"), "values": [one.middle / unit for one in trials],
             "low": [one.low[1] / unit for one in trials], "high": [one.high[1] / unit for one in trials], "colour": "c1", "dashed": True},
            {"name": pgettext("forecast", "Actual"), "values": [one.actual / unit for one in trials], "colour": "ink"},
        ],
        "format": "money", "currency": get_company().currency, "zero": False, "endLabels": False, "legend": True,
    }  # fmt: skip


def options(member: Member, query: Query) -> dict[str, Any]:
    """The choices of the filter bar."""
    words = dimension_words()
    segments: list[tuple[str, str]] = []
    if query.by:
        mine = set(visible_accounts(member).order_by().values_list("pk", flat=True))
        held = reads.segment_of(query.by)
        values = sorted({held.get(pk) or "" for pk in mine})[:200]
        titles = segment_words(query.by, values)
        segments = [(value or "-", titles[value]) for value in segment_order(query.by, values)]
    return {"dimensions": [(name, words[name]) for name in reads.DIMENSIONS], "segments": segments}


def sources(stated: Any) -> dict[str, int]:
    """How many of the customers in view are forecast by what."""
    source = stated.left.source[stated.book.now > 0]
    return {
        "base": int((source == 0).sum()),
        "stated": int((source == 1).sum()),
        "certain": int((source == 2).sum()),
    }


def export_address(query: Query) -> str:
    return f"{reverse('outlook-export')}?{urlencode(query.pairs())}"


def page_figures(
    found: reads.Outlook, plain: reads.Outlook | None, targets: dict[tuple[str, str, date], Target]
) -> dict[str, Any]:
    """What the page draws of a statement; kept, but for what is assumed, of which there is too much."""
    fiscal = get_company().fiscal_year_start

    def read_figures() -> dict[str, Any]:
        figures = measures.figures(found, fiscal, targets)
        return {
            "empty": not len(found.stated.book),
            "head": headline(figures, found.day),
            "plain": headline(measures.figures(plain, fiscal, targets), found.day) if plain else None,
            "fan": fan(found, plain, targets),
            "table": periods_table(figures, found.day),
            "sources": sources(found.stated),
            "learned": {"months": found.stated.learned.months, "losses": found.stated.learned.losses},
        }

    if not found.scenario.is_plain:
        return read_figures()
    depends = (found.depends, language(), sorted((key, one.pk) for key, one in targets.items()))
    return reads.keep("page", depends, read_figures)


def plain_of(view: reads.View, forecast: Forecast, scenario: Scenario) -> reads.Outlook | None:
    """The outlook without the assumptions, to be drawn beside; None where there are none."""
    return None if scenario.is_plain else reads.read_outlook(view, forecast)
