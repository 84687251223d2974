"""What the templates of the unit economics are given."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, datetime
from hashlib import sha256
from math import isnan
from typing import Any

import numpy as np
import pandas as pd
from babel.numbers import get_currency_precision
from django.core.cache import cache
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from enishi.accounts.company import get_company
from enishi.accounts.models import Member, Scope
from enishi.forecasts.lifetime import DAYS_A_MONTH
from enishi.forecasts.profit import ProfitCurve
from enishi.metrics.periods import period_of
from enishi.value.api import SegmentValue, ValueRun, get_settings, last_run
from enishi.value.reads import running_run
from enishi.web.pages.revenue.present import dimension_words
from enishi.web.pages.revenue.reads import segment_order, segment_words
from enishi.web.pages.value import reads
from enishi.web.pages.value.figures import (
    AHEAD,
    Cohort,
    Mean,
    Projection,
    Unit,
    carry_on,
    cohort,
    first_told,
    here_today,
    mean_value,
    unit,
    units_by,
)
from enishi.web.pages.value.query import DIMENSIONS, METHODS, WINDOWS, Query
from enishi.web.pages.value.words import method_lines, method_words, missing_words

MOST_COHORTS = 8
LINES = 3  # cohorts drawn beside the chosen one


def whole_money(minor: float) -> float | None:
    """Minor units as charts take them."""
    return None if isnan(minor) else minor / 10 ** get_currency_precision(get_company().currency)


def minor(value: float) -> int | None:
    return None if isnan(value) else round(value)


def _known(value: float) -> float | None:
    return None if isnan(value) else float(value)


def mean_cell(found: Mean) -> dict[str, Any]:
    return {
        "value": minor(found.value),
        "low": minor(found.low),
        "high": minor(found.high),
        "n": found.n,
        "of": found.of,
    }


def unit_cell(found: Unit, title: str, address: str, won_address: str) -> dict[str, Any]:
    """One line of a table, or the headline."""
    return {
        "title": title,
        "address": address,
        "won_address": won_address,
        "customers": found.customers,
        "margin": minor(found.margin),
        "won_margin": minor(found.won_margin),
        "ltv": mean_cell(found.ltv),
        "won": found.cost.customers,
        "carrying": found.cost.known,
        "cac": minor(found.cost.cac),
        "cac_low": minor(found.cost.cac_low),
        "cac_high": minor(found.cost.cac_high),
        "payback": _known(found.cost.payback_months),
        "ratio": _known(found.ratio),
        "ratio_low": _known(found.ratio_low),
        "ratio_high": _known(found.ratio_high),
    }


def page_context(member: Member, query: Query, now: datetime) -> dict[str, Any]:
    """Everything the page draws; ``run`` is None while nobody has been valued."""
    run = last_run()
    running = running_run(now)
    failed = ValueRun.objects.order_by("-pk").filter(status="failed", pk__gt=run.pk if run else 0).first()
    context: dict[str, Any] = {"run": run, "running": running, "failed": failed, "query": query}
    if run is None:
        return context
    costs = reads.read_costs(run, query.months)
    kept = _kept(member, query, run, costs)
    if kept is None:
        return context | {"nobody": True}
    query = replace(query, method=kept["method"])
    return context | {
        "query": query,
        "day": run.day,
        "currency": get_company().currency,
        "method_name": method_words()[query.method],
        "missing": missing_words(query.method, run),
        "by_title": dimension_words()[query.by],
        "costs": costs,
        "idle": sum(costs.idle.values()) if member.scope == Scope.ALL else 0,
        "idle_channels": sorted(costs.idle),
        "options": options(),
        "assumed": run.assumptions,
        "settings": get_settings(),
        "survival": _survival(run, query.by) if member.scope == Scope.ALL else None,
        **kept,
    }


def make_ready(member: Member) -> None:
    """Work out anew, in the language in force, what the page keeps as it opens; not again within half of that time."""
    run, query = last_run(), Query()
    if run is None:
        return
    costs = reads.read_costs(run, query.months)
    told = f"value:ready:{reads.scope_stamp(member, run)}:{costs.stamp}:{get_language()}"
    if cache.get(told) is None:
        reads.read_values(member, run, anew=True)
        _kept(member, query, run, costs, anew=True)
        cache.set(told, True, reads.KEEP_SECONDS // 2)


def _kept(
    member: Member, query: Query, run: ValueRun, costs: reads.Costs, anew: bool = False
) -> dict[str, Any] | None:
    """What is worked out of the customers' values, kept as long as these; None where nobody in scope has any."""
    company = get_company()
    depends = (asdict(query), costs.stamp, company.currency, company.fiscal_year_start, get_language())
    digest = sha256(repr(depends).encode()).hexdigest()[:40]
    key = f"value:page:{reads.scope_stamp(member, run)}:{digest}"
    held: tuple[dict[str, Any] | None] | None = None if anew else cache.get(key)
    if held is None:
        held = (_worked_out(member, query, run, costs),)
        if not query.cohort or any(
            one["chosen"] and one["key"] == query.cohort for one in (held[0] or {}).get("cohorts", ())
        ):
            cache.set(key, held, reads.KEEP_SECONDS)  # what is asked for and is not there is not kept
    return held[0]


def _worked_out(member: Member, query: Query, run: ValueRun, costs: reads.Costs) -> dict[str, Any] | None:
    rows = reads.read_values(member, run)
    if rows.empty:
        return None
    query = replace(query, method=query.method or first_told(rows, METHODS))
    won = costs.won[costs.won["account_id"].isin(rows.index)].set_index("account_id")
    return {
        "method": query.method,
        "head": _headline(query, rows, won),
        "methods": _method_rows(query, rows, run),
        "units": _unit_rows(query, rows, won),
        **_cohorts(member, query, rows, run),
    }


def _headline(query: Query, rows: pd.DataFrame, won: pd.DataFrame) -> dict[str, Any]:
    listing = reverse("value-accounts")
    found = unit("", rows, won, query.method)
    cell = unit_cell(
        found, "", listing + query.listing(what="customers"), listing + query.listing(what="won")
    )
    left = rows.loc[here_today(rows), "months_left"]
    return cell | {
        "months_left": _known(float(left.mean())) if left.notna().any() else None,
        "left_of": int(left.notna().sum()),
    }


def _method_rows(query: Query, rows: pd.DataFrame, run: ValueRun) -> list[dict[str, Any]]:
    here = rows[here_today(rows)]
    return [
        {
            "line": line,
            "ltv": mean_cell(mean_value(here, line.id)),
            "chosen": line.id == query.method,
            "address": query.with_method(line.id).address,
        }
        for line in method_lines(run)
    ]


def _unit_rows(query: Query, rows: pd.DataFrame, won: pd.DataFrame) -> list[dict[str, Any]]:
    found = units_by(rows, won, query.by, query.method)
    values = [one.name for one in found]
    titles = segment_words(query.by, values)
    order = {value: place for place, value in enumerate(segment_order(query.by, values))}
    ordered = sorted(found, key=lambda one: order[one.name]) if query.by == "tier" else found
    listing = reverse("value-accounts")
    return [
        unit_cell(
            one,
            titles[one.name],
            listing + query.listing(what="customers", segment=one.name or "-"),
            listing + query.listing(what="won", segment=one.name or "-"),
        )
        for one in ordered
        if one.customers or one.cost.customers
    ]


def options() -> dict[str, Any]:
    words = dimension_words()
    return {
        "methods": list(method_words().items()),
        "dimensions": [(name, words[name]) for name in DIMENSIONS],
        "windows": [(str(n), _("%(n)d months") % {"n": n}) for n in WINDOWS],
    }


def _cohorts(member: Member, query: Query, rows: pd.DataFrame, run: ValueRun) -> dict[str, Any]:
    """Cohorts by fiscal year, newest first, and the profit curve of one."""
    key = f"value:cohorts:{reads.scope_stamp(member, run)}:{query.method}:{get_language()}"
    found: list[Cohort] | None = cache.get(key)
    if found is None:
        found = read_cohorts(rows, query.method)
        cache.set(key, found, reads.KEEP_SECONDS)
    if not found:
        return {"cohorts": [], "chart": None}
    drawn = [one for one in found if one.curve is not None]
    chosen = next((one for one in drawn if one.key == query.cohort), None) or _telling(drawn)
    listing = reverse("value-accounts")
    table = [
        unit_cell(one.unit, one.title, "", listing + query.listing(what="cohort", segment=one.key))
        | {
            "key": one.key,
            "still": one.still,
            "investment": minor(one.investment),
            "even": one.curve.even_month if one.curve and not isnan(one.investment) else None,
            "observed": len(one.curve.months) - 1 if one.curve else 0,
            "profit": minor(float(one.curve.mean[-1])) if one.curve else None,
            "chart_address": replace(query, cohort=one.key).address + "#profit" if one.curve else "",
            "chosen": one is chosen,
        }
        for one in found
    ]
    chart = _chart(chosen, _alike(chosen, drawn), rows, run) if chosen else None
    return {
        "cohorts": table,
        "cohort": chosen,
        "chart": chart[0] if chart else None,
        "even_ahead": chart[1] if chart else None,
    }


def _alike(chosen: Cohort, drawn: list[Cohort]) -> list[Cohort]:
    """Cohorts to draw beside the chosen one: such that begin like it, with the cost of winning or without."""
    alike = [one for one in drawn if isnan(one.investment) == isnan(chosen.investment)]
    return [one for one in alike if one is not chosen][:LINES]


def _telling(drawn: list[Cohort]) -> Cohort | None:
    """The newest cohort observed for a year, else the one observed longest."""
    year = [one for one in drawn if one.curve is not None and len(one.curve.months) > 12]
    if year:
        return year[0]
    return max(drawn, key=lambda one: len(one.curve.months) if one.curve else 0, default=None)


def read_cohorts(rows: pd.DataFrame, method: str) -> list[Cohort]:
    fiscal, language = get_company().fiscal_year_start, get_language() or "ja"
    known = rows[rows["since"].notna()]
    periods = {on: period_of(on, "year", fiscal) for on in set(known["since"])}
    key = known["since"].map(lambda on: periods[on].start.isoformat())
    titles = {p.start.isoformat(): p.title.in_language(language) for p in periods.values()}
    found = []
    for name in sorted(key.unique(), reverse=True)[:MOST_COHORTS]:
        part = known[key == name]
        curves = reads.read_curves(part.index.tolist())
        found.append(cohort(name, titles[name], part, curves, method, reads.flows_of))
    return found


def _chart(
    chosen: Cohort, others: list[Cohort], rows: pd.DataFrame, run: ValueRun
) -> tuple[dict[str, Any], int | None]:
    """The curves; the chosen one with its interval, carried on with its band."""
    curve = chosen.curve
    if curve is None:
        raise ValueError("a cohort without a curve is not drawn")
    members = rows.loc[chosen.unit.accounts]
    shown = members[members["acquisition"].notna()] if not isnan(chosen.investment) else members
    here = shown[shown["mrr"] > 0]
    contribution = float(here["margin"].sum()) / len(shown) if len(shown) else 0.0
    spread = float(curve.high[-1] - curve.mean[-1])
    end, observed = float(curve.mean[-1]), len(curve.months) - 1
    months = run.assumptions.get("horizon") or AHEAD
    stays = reads.read_stays(here.index.tolist())
    ahead = carry_on(run.fits, end, observed, contribution, stays, spread, months)
    length = len(curve.months) + (len(ahead.middle) if ahead else 0)
    series = [_line(chosen.title, curve.mean, curve.low, curve.high, length, "c1")]
    if ahead is not None:
        series.append(_dashed(curve, ahead, length))
    for place, other in enumerate(others):
        if other.curve is not None:
            series.append(_line(other.title, other.curve.mean[:length], None, None, length, f"c{place + 2}"))
    even = curve.even_month if curve.even_month else (ahead.even_month if ahead else None)
    spec = {
        "kind": "line",
        "x": [str(month) for month in range(length)],
        "at": list(range(length)),
        "xName": _("Months since the start"),
        "series": series,
        "format": "money",
        "currency": get_company().currency,
        "targets": [{"value": 0, "label": ""}],  # where break-even lies the mark of its month says
        "endLabels": False,
        "legend": True,
        "marks": [{"x": str(even), "label": _("break-even: month %(n)d") % {"n": even}}] if even and even < length else [],
    }  # fmt: skip
    return spec, (ahead.even_month if ahead else None)


def _line(name: str, values: Any, low: Any, high: Any, length: int, colour: str) -> dict[str, Any]:
    line: dict[str, Any] = {"name": name, "values": padded(values, 0, length), "colour": colour}
    if low is not None:
        line |= {"low": padded(low, 0, length), "high": padded(high, 0, length)}
    return line


def _dashed(curve: ProfitCurve, ahead: Projection, length: int) -> dict[str, Any]:
    """What is expected, from the last month observed on."""
    start = len(curve.months) - 1
    ends = (curve.mean[-1], curve.low[-1], curve.high[-1])
    parts = (ahead.middle, ahead.low, ahead.high)
    values, low, high = (
        padded(np.concatenate([[end], part]), start, length) for end, part in zip(ends, parts, strict=True)
    )
    return {"name": _("expected"), "values": values, "low": low, "high": high, "colour": "c1", "dashed": True}


def padded(values: Any, start: int, length: int) -> list[float | None]:
    told = [whole_money(float(value)) for value in values]
    rounded = [None if value is None else round(value, 2) for value in told]
    return [None] * start + rounded + [None] * max(length - start - len(rounded), 0)


def _survival(run: ValueRun, by: str) -> dict[str, Any] | None:
    """How long customers stay, over everyone and by the values of the page's dimension."""
    asked = ["", by if by in ("channel", "size", "industry") else "size"]
    found = list(SegmentValue.objects.filter(run=run, dimension__in=asked).order_by("-customers")[:8])
    everyone = next((one for one in found if not one.dimension), None)
    if everyone is None or len(everyone.curve) < 3:
        return None
    shown = [everyone, *(one for one in found if one.dimension and one.customers >= 20)][:6]
    length = max(len(one.curve) for one in shown)
    colours = ("c1", "c2", "c3", "c4", "c5", "c6")
    series = []
    for one, colour in zip(shown, colours, strict=False):
        name = _("all") if not one.dimension else one.segment
        line: dict[str, Any] = {
            "name": name, "values": [row[1] for row in one.curve] + [None] * (length - len(one.curve)), "colour": colour,
            "step": True,
        }  # fmt: skip
        if one is everyone:
            line |= {"low": [row[2] for row in one.curve], "high": [row[3] for row in one.curve]}
        series.append(line)
    months = [int(row[0]) for row in max(shown, key=lambda one: len(one.curve)).curve]
    chart = {
        "kind": "line", "x": [str(m) for m in months], "at": months, "xName": _("Months since the start"), "series": series,
        "format": "percent", "max": 1, "interval": 0.25,
    }  # fmt: skip
    return {"chart": chart, "n": everyone.customers, "lost": everyone.lost, "by": dimension_words()[asked[1]]}


def months_between(first: date, last: date) -> float:
    return (last - first).days / DAYS_A_MONTH
