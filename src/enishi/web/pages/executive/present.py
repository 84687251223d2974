"""What the executive page and its printed form are given."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.utils.translation import get_language

from enishi.accounts.company import get_company
from enishi.accounts.models import Account, Company, Member
from enishi.forecasts.simulation import LEVELS
from enishi.outlook import measures
from enishi.outlook import reads as outlook_reads
from enishi.outlook.models import Forecast
from enishi.reports.fan import draw_fan
from enishi.web import words as shown
from enishi.web.pages.executive import reads, sentence
from enishi.web.pages.outlook import moving
from enishi.web.pages.outlook import present as outlook_present
from enishi.web.pages.outlook.query import Query
from enishi.web.pages.portfolio.words import minor_units
from enishi.web.pages.revenue import present as revenue_present
from enishi.web.pages.revenue.query import Query as RevenueQuery

COHORTS = 8
A_PAGE = 100
MEASURES = ("nrr", "grr", "churn", "expansion", "mrr")


def page_context(member: Member, today: date) -> dict[str, Any]:
    """Everything on the page; without a statement only what teaches the next step."""
    forecast, company = outlook_reads.latest(), get_company()
    context: dict[str, Any] = {
        "today": today, "forecast": forecast, "lacking": outlook_reads.missing_history(), "company": company,
        "named": company.name != Company._meta.get_field("name").default, "under_way": outlook_reads.under_way(),
    }  # fmt: skip
    return context | (_whole(member, forecast, today) if forecast is not None else {})


def losses_context(member: Member, asked: str, page: str) -> dict[str, Any]:
    """The customers behind a line of the loss of the newest statement, the largest loss first."""
    forecast = outlook_reads.latest()
    if forecast is None:
        return {"line": None, "forecast": None}
    outlook = outlook_reads.read_outlook(outlook_reads.view_of(member), forecast)
    line, losing = reads.losing_for(outlook, get_language() or "ja", asked)
    shown = Paginator(losing, A_PAGE).get_page(page)
    seen = outlook.view.seen([one[0] for one in shown])
    accounts = Account.objects.filter(pk__in=seen).select_related("owner").in_bulk()
    lines = [reads.AtRisk(accounts[pk], mrr, loss, why) for pk, mrr, loss, why in shown if pk in accounts]
    until = reads.lost_until(outlook)
    return {"forecast": forecast, "line": line, "page": shown, "lines": lines, "asked": asked, "until": until}


def make_ready(member: Member, today: date) -> None:
    """Work out, in the language in force, what the page keeps, before somebody asks for it."""
    with outlook_reads.holding():
        page_context(member, today)


def _whole(member: Member, forecast: Forecast, today: date) -> dict[str, Any]:
    language = get_language() or "ja"
    view = outlook_reads.view_of(member)
    found = outlook_reads.read_outlook(view, forecast)
    targets, fiscal = outlook_reads.targets_for(member), get_company().fiscal_year_start
    moved = _moved(view, forecast)
    period = moving.end_of(forecast, "quarter")

    def read_figures() -> dict[str, Any]:
        figures = measures.figures(found, fiscal, targets)
        fan = outlook_present.fan(found, None, targets)
        return {
            "empty": not len(found.stated.book),
            "rows": _rows(figures, forecast.day),
            "head": outlook_present.headline(figures, found.day),
            "fan": fan,
            "picture": draw_fan(
                fan, lambda value: _money(round(value * minor_units(get_company().currency)))
            ),
            "change": _sentence(reads.change_of(found, moved, period), language),
            "triangle": _cohorts(revenue_present.triangle(found.moves, RevenueQuery(kind="quarter"), today)),
        }

    told = (moved.earlier.pk, moved.before, moved.after, moved.steps) if moved else None
    aims = sorted((key, one.pk) for key, one in targets.items())
    kept = outlook_reads.keep("executive", (found.depends, language, today, aims, told), read_figures)
    tested = outlook_present.tested(outlook_reads.latest_test(), whole=outlook_reads.sees_company(member))
    return kept | {
        "view": view,
        "has_targets": bool(targets),
        "behind": outlook_reads.is_behind(forecast),
        "risk": reads.money_at_risk(found, language),
        "topics": reads.topics_at_risk(member, view, today, language),
        "gain": reads.money_to_gain(member, today, language),
        "load": reads.team_load(member, today),
        "trust": reads.model_trust(),
        "missing": reads.model_missing(),
        "tested": tested,
        "held": held(tested),
    }


def held(tested: dict[str, Any] | None) -> list[dict[str, Any]]:
    """How often the 80% range of each figure on the page held what came, the worst first."""
    rows = tested["rows"] if tested else []
    lines = [{"title": row["title"], "line": row["lines"][LEVELS.index(0.8)]} for row in rows]
    return sorted(lines, key=lambda one: one["line"].inside / one["line"].n)


def _cohorts(triangle: dict[str, Any] | None) -> dict[str, Any] | None:
    """The latest cohorts, as far as a page holds them."""
    if triangle is None:
        return None
    rows = triangle["rows"][-COHORTS:]
    return triangle | {"rows": rows, "ages": list(range(max(len(row["cells"]) for row in rows)))}


def _moved(view: outlook_reads.View, forecast: Forecast) -> outlook_reads.Moved | None:
    earlier = moving.compared(forecast, Query())
    return (
        outlook_reads.read_moved(view, earlier, forecast, moving.end_of(forecast, "quarter").end)
        if earlier
        else None
    )


def _money(minor: int) -> str:
    return shown.money_short(minor, get_company().currency, get_language() or "ja")


def _sentence(change: reads.Change, language: str) -> str:
    tell = sentence.japanese if shown.japanese(language) else sentence.english
    return tell(
        change,
        _money,
        reads.movement_words(),
        moving.step_words(),
        lambda day: shown.day(day, language, change.until),
    )


def _rows(figures: list[tuple[str, list[measures.Figure]]], day: date) -> list[dict[str, Any]]:
    """A line per measure: the last quarter that ended, the running one and the fiscal year."""
    by = measures.by_place(figures)
    running = measures.running_periods(day, get_company().fiscal_year_start)
    ended = [lines[0].period for every, lines in figures if every == "quarter" and lines[0].period.end <= day]
    rows = []
    for name in MEASURES:
        cells = [by.get(("quarter", ended[-1].start, name))] if ended else []
        cells += [by.get((every, running[every].start, name)) for every in ("quarter", "year")]
        rows.append(
            {
                "title": outlook_present.measure_words()[name],
                "cells": [outlook_present.figure_row(one) | {"so_far": one.so_far} for one in cells if one],
            }
        )
    return rows
