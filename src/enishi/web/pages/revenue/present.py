"""What the revenue templates are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from math import isnan
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pandas as pd
from babel.numbers import get_currency_precision
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from enishi.accounts.company import get_company
from enishi.accounts.models import Member
from enishi.forecasts.api import TimeToEvent
from enishi.kit.text import MINUS
from enishi.metrics.cohorts import Triangle, cohort_triangle, renewals
from enishi.metrics.periods import Period
from enishi.metrics.revenue import Bridge, bridges, mrr_at, number_of, rates, retention
from enishi.segments.api import shown_tiers
from enishi.web.pages.account.leaving import leaving_in
from enishi.web.pages.revenue import reads
from enishi.web.pages.revenue.figures import Line, known, lines, rate_series, signed, year_before
from enishi.web.pages.revenue.query import DIMENSIONS, Query
from enishi.work.notices import leaving_now

SHADES = 10
MOST_COHORTS = 12


def movement_words() -> dict[str, str]:
    return {
        "new": _("New"),
        "expansion": _("Expansion"),
        "reactivation": _("Reactivation"),
        "contraction": _("Contraction"),
        "churn": _("Churn"),
    }


def dimension_words() -> dict[str, str]:
    return {
        "tier": _("Tier"), "industry": _("Industry"), "size": _("Size"), "region": _("Region"), "stage": _("Stage"),
        "owner": _("Owner"), "channel": _("Acquisition channel"), "seller": _("Sold by"),
        "product": _("Product"), "plan": _("Plan"),
    }  # fmt: skip


def _title(period: Period) -> str:
    return period.title.in_language(get_language() or "ja")


def _whole(minor: int, currency: str) -> float:
    return float(minor / 10 ** get_currency_precision(currency))


def _listing(query: Query, what: str, start: date, end: date, period: Period | None = None) -> str:
    """Who makes up a figure; of a period, with the knowledge the period's figures have."""
    return "movements/" + query.drill(what, start, end, knew=query.knew(period.last) if period else None)


def _bridge_cells(query: Query, period: Period, bridge: Bridge) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "amount": amount,
            "address": _listing(query, name, period.start, period.end, period) if amount else "",
        }
        for name, amount in signed(bridge)
    ]


def _row(query: Query, one: Line, chosen: Line) -> dict[str, Any]:
    period = one.period
    return {
        "title": _title(period),
        "running": one.running,
        "chosen": one is chosen,
        "address": query.at_period(period.start).address + "#bridge",
        "opening": one.bridge.opening,
        "opening_address": _listing(query, "mrr", period.start, period.start, period),
        "cells": _bridge_cells(query, period, one.bridge),
        "closing": one.bridge.closing,
        "closing_address": _listing(query, "mrr", period.end, period.end, period),
        "nrr": known(one.own.nrr),
        "grr": known(one.own.grr),
        "kept_address": _listing(query, "retention", period.start, period.end, period),
        "lost_address": _listing(query, "lost", period.start, period.end, period),
        "logo_churn": known(one.own.logo_churn),
        "quick": known(one.rates.quick_ratio),
        "customers": one.bridge.customers_closing,
    }


def _total_step(
    query: Query, name: str, amount: int, day: date, period: Period, currency: str
) -> dict[str, Any]:
    """The bar of the MRR in force when a day begins; it leads to those who make it up."""
    address = _listing(query, "mrr", day, day, period)
    return {"name": name, "value": _whole(amount, currency), "total": True, "address": address}


def _bridge_chart(query: Query, one: Line, currency: str) -> dict[str, Any]:
    words = movement_words()
    steps: list[dict[str, Any]] = [
        _total_step(query, _("Opening"), one.bridge.opening, one.period.start, one.period, currency)
    ]
    for cell in _bridge_cells(query, one.period, one.bridge):
        step = {"name": words[cell["name"]], "value": _whole(cell["amount"], currency)}
        steps.append(step | ({"address": cell["address"]} if cell["address"] else {}))
    steps.append(_total_step(query, _("Closing"), one.bridge.closing, one.period.end, one.period, currency))
    return {"kind": "bridge", "name": "MRR", "format": "money", "currency": currency, "steps": steps}


def _rates_chart(found: Sequence[Line]) -> dict[str, Any]:
    series = rate_series(found)
    return {
        "kind": "line",
        "x": [_title(one.period) for one in found],
        "series": [
            {"name": "NRR", "values": series["nrr"], "colour": "c1"},
            {"name": "GRR", "values": series["grr"], "colour": "c3"},
        ],
        "format": "percent",
        "zero": False,
        "targets": [{"value": 1, "label": "100%"}],
    }


def _change(now: float, before: float) -> dict[str, str]:
    """A change of a share in points, with its direction."""
    if isnan(now) or isnan(before):
        return {"text": "", "direction": "flat"}
    points = (now - before) * 100
    text = f"{'+' if points > 0 else MINUS if points < 0 else '±'}{abs(points):.1f}pt"
    return {"text": text, "direction": "up" if points > 0.05 else "down" if points < -0.05 else "flat"}


def headline(query: Query, found: Sequence[Line], due: pd.DataFrame) -> dict[str, Any]:
    """The figures above the fold: MRR now, trailing rates, renewals of the last twelve months."""
    now = found[-1]
    start, end = year_before(now.period.end), now.period.end
    before = found[0].trailing
    renewed = renewals(due, start, end)
    return {
        "mrr": now.bridge.closing,
        "arr": now.bridge.closing * 12,
        "customers": now.bridge.customers_closing,
        "mrr_change": now.bridge.closing - now.bridge.opening,
        "nrr": known(now.trailing.nrr),
        "nrr_change": _change(now.trailing.nrr, before.nrr),
        "grr": known(now.trailing.grr),
        "grr_change": _change(now.trailing.grr, before.grr),
        "logo_churn": known(now.trailing.logo_churn),
        "lost": now.trailing.customers - now.trailing.stayed,
        "at_start": now.trailing.customers,
        "kept_address": _listing(query, "retention", start, end),
        "lost_address": _listing(query, "lost", start, end),
        "renewal_address": _listing(query, "renewals", start, end),
        "moved_address": _listing(query, "", start, end),
        "grown_address": _listing(query, "expansion", start, end),
        "renewals": renewed,
        "renewal_rate": known(renewed.rate),
        "renewal_money": known(renewed.money_rate),
        "mrr_address": _listing(query, "mrr", end, end),
        "since": _title(found[0].period),
    }


def year_rates(moves: pd.DataFrame, end: date) -> dict[str, Any]:
    """Rates over twelve months that come from the movements: quick ratio, upsell and cross-sell."""
    found = bridges(moves, [Period(year_before(end), end, reads.running(Query(), end)[0].title)])[0]
    shares = rates(found)
    return {
        "quick": known(shares.quick_ratio),
        "upsell": known(shares.upsell_rate),
        "cross_sell": known(shares.cross_sell_rate),
        "upsold": found.upsold,
        "cross_sold": found.cross_sold,
        "revenue_churn": known(shares.revenue_churn),
    }


def triangle(moves: pd.DataFrame, query: Query, today: date) -> dict[str, Any] | None:
    """The cohort triangle: by quarter, or by year where years are looked at."""
    every = "year" if query.kind == "year" else "quarter" if query.kind == "quarter" else "month"
    found: Triangle = cohort_triangle(moves, today, every, get_company().fiscal_year_start)  # type: ignore[arg-type]
    if not found.cohorts:
        return None
    shares = found.revenue_retention() if query.cohort == "revenue" else found.logo_retention()
    first = max(0, len(found.cohorts) - MOST_COHORTS)
    rows: list[dict[str, Any]] = [
        {
            "title": _title(found.cohorts[i]),
            "customers": int(found.customers[i]),
            "mrr": int(found.mrr[i]),
            "address": _listing(query, "cohort", found.cohorts[i].start, found.cohorts[i].end),
            "cells": [
                _cell(value, _cohort_listing(query, found.cohorts, i, i + age))
                for age, value in enumerate(shares[i][: len(found.cohorts) - i])
            ],
        }
        for i in range(first, len(found.cohorts))
        if found.customers[i]
    ]
    width = max((len(row["cells"]) for row in rows), default=0)
    cut = sum(1 for customers in found.customers[:first] if customers)
    return {"rows": rows, "ages": list(range(width)), "every": every, "cut": cut}


def _cohort_listing(query: Query, cohorts: Sequence[Period], came: int, until: int) -> str:
    """Those who came in one period, as they stand at the end of another."""
    first = cohorts[came]
    return "movements/" + query.drill("cohort", first.start, first.end, cohorts[until].end)


def _cell(value: float, address: str) -> dict[str, Any]:
    if np.isnan(value):
        return {"value": None, "shade": "none", "address": ""}
    share = float(value)
    return {"address": address, "value": share, "shade": str(min(SHADES, round(share * SHADES)))}


def segments(query: Query, book: reads.Book, period: Period) -> list[dict[str, Any]]:
    """One line per value of the chosen dimension for a period; the lines add up to the whole."""
    moves = book.moves
    named = moves["product"] if query.sold else moves["account_id"].map(book.groups).fillna(reads.UNSET)
    values = sorted({str(value) for value in named.unique()})
    titles = reads.segment_words(query.by, values)
    start = year_before(period.end)
    survivors = reads.survivors_alone(query.by, book, start, period.end)
    rows = []
    for value in reads.segment_order(query.by, values):
        part = moves[named == value]
        found = bridges(part, [period])[0]
        if not any((found.opening, found.closing, *(amount for _name, amount in signed(found)))):
            continue
        own = replace(query, segment=value or "-")
        rows.append(
            {
                "title": titles[value],
                "address": own.address,
                "opening": found.opening,
                "opening_address": _listing(own, "mrr", period.start, period.start, period),
                "closing_address": _listing(own, "mrr", period.end, period.end, period),
                "cells": _bridge_cells(own, period, found),
                "closing": found.closing,
                "customers": found.customers_closing,
                "rates": None if survivors else _segment_rates(own, part, start, period),
            }
        )
    return rows


def _segment_rates(own: Query, part: pd.DataFrame, start: date, period: Period) -> dict[str, Any]:
    """Rates over the twelve months to a period's end, with who is behind them."""
    trailing = retention(part, start, period.end)
    return {
        "nrr": known(trailing.nrr),
        "grr": known(trailing.grr),
        "logo_churn": known(trailing.logo_churn),
        "kept_address": _listing(own, "retention", start, period.end, period),
        "lost_address": _listing(own, "lost", start, period.end, period),
    }


def value_chart(found: TimeToEvent) -> dict[str, Any]:
    """Share that has reached first value by day, with its interval."""
    curve = found.curve
    step = max(1, len(curve) // 60)
    shown = curve.iloc[::step]
    return {
        "kind": "line",
        "x": [f"{int(day)}" for day in shown["day"]],
        "at": [int(day) for day in shown["day"]],
        "xName": _("Days since the start"),
        "series": [
            {
                "name": _("Reached first value"),
                "values": [float(v) for v in shown["share"]],
                "low": [float(v) for v in shown["low"]],
                "high": [float(v) for v in shown["high"]],
                "colour": "c1",
                "step": True,
            }
        ],
        "format": "percent",
        "max": 1,
        "interval": 0.25,
        "endLabels": False,
    }


def options(member: Member, query: Query, day: date, today: date) -> dict[str, Any]:
    """The choices of the filter bar of a page that stands at ``day``."""
    words = dimension_words()
    chosen: Mapping[str, str] = {}
    if query.by:
        values = reads.segment_values(member, query, day, today)[:200]
        titles = reads.segment_words(query.by, values)
        chosen = {value or "-": titles[value] for value in reads.segment_order(query.by, values)}
    return {
        "kinds": [("month", _("Months")), ("quarter", _("Quarters")), ("year", _("Fiscal years"))],
        "dimensions": [(name, words[name]) for name in DIMENSIONS],
        "segments": list(chosen.items()),
        "knowns": [("now", _("as known today")), ("then", _("as known at each period's end"))],
    }


def noticed(moves: pd.DataFrame, query: Query, day: date, today: date) -> dict[str, Any] | None:
    """How many of the customers in view had given notice by a day, and their MRR; None where nobody had."""
    held = mrr_at(moves[moves["day"] <= number_of(day)], day)
    paying = held[held > 0]
    leaving = leaving_in(paying.index.tolist(), day) if day < today else leaving_now(day)
    theirs = paying[paying.index.isin(list(leaving))]
    if theirs.empty:
        return None
    wanted = {"contract": "noticed"} | ({"as_of": day.isoformat()} if day < today else {})
    address = f"{reverse('portfolio')}?{urlencode(wanted)}" if not query.segment else ""
    return {"customers": len(theirs), "mrr": int(theirs.sum()), "address": address}


def page_context(member: Member, query: Query, today: date) -> dict[str, Any]:
    """Everything the page draws, as it stands at the end of ``today`` (or of the day the query goes back to)."""
    day = query.day(today)
    periods = reads.running(query, day)
    then = query.known == "then"
    books: dict[date, reads.Book] = {}

    def read(known_on: date) -> pd.DataFrame:
        if known_on not in books:
            books[known_on] = reads.read_book(member, query, known_on, today)
        return books[known_on].moves

    found = lines(read, periods, then)
    chosen = next((one for one in found if one.period.start == query.at), found[-1])
    latest = books.get(periods[-1].last) or reads.read_book(member, query, periods[-1].last, today)
    currency = get_company().currency
    due = reads.read_due(member, query, periods[-1].last, day, today)
    return {
        "query": query,
        "day": day,
        "tiers_of_today": day < today and shown_tiers(day).today,
        "currency": currency,
        "empty": latest.moves.empty,
        "lacking": reads.read_lacking(member, periods[-1].last, today),
        "head": headline(query, found, due),
        "noticed": noticed(latest.moves, query, day, today) if not query.sold else None,
        "year": year_rates(latest.moves, periods[-1].end),
        "chart": _bridge_chart(query, chosen, currency),
        "chosen_title": _title(chosen.period),
        "chosen_running": chosen.running,
        "rows": [_row(query, one, chosen) for one in reversed(found)],
        "rates_chart": _rates_chart(found),
        "triangle": triangle(latest.moves, query, day) if not query.sold else None,
        "now_address": replace(query, as_of=None).address,
        "cohort_addresses": {
            name: replace(query, cohort=name).address + "#cohorts" for name in ("revenue", "logo")
        },
        "segments": segments(query, books[chosen.period.last] if then else latest, chosen.period)
        if query.by and not query.segment
        else [],
        "segment_title": dimension_words().get(query.by, ""),
        "survivors": reads.survivors_alone(
            query.by,
            reads.read_book(member, replace(query, segment=""), periods[-1].last, today),
            year_before(periods[-1].end),
            periods[-1].end,
        ),
        "options": options(member, query, day, today),
        "movement_words": movement_words(),
        "export": "export/?" + urlencode(query.pairs()),
    }
