"""Targets by fiscal quarter and year: seen by everyone, set by leaders."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from enishi.accounts.company import company_day, get_company
from enishi.accounts.models import Member
from enishi.kit.clock import system_clock
from enishi.kit.errors import NotAllowed
from enishi.kit.text import Text
from enishi.metrics.periods import Period, add_months, period_of, periods_between
from enishi.outlook import reads
from enishi.outlook.actions import Aim, set_targets
from enishi.outlook.measures import MEASURES, MONEY
from enishi.outlook.models import Target
from enishi.web.feedback import toast_after
from enishi.web.guard import LEADERS, PageRequest, page
from enishi.web.pages.outlook import present
from enishi.web.pages.outlook.query import Query, read_query
from enishi.web.pages.outlook.target_form import (
    COLUMNS,
    Read,
    column_words,
    measure_labels,
    read_file,
    read_form,
)
from enishi.web.pages.outlook.target_numbers import read_value
from enishi.web.pages.portfolio.words import minor_units
from enishi.web.pages.revenue.reads import segment_words
from enishi.web.pages.revenue.tabs import tabs
from enishi.web.paging import Bounded

LARGEST_FILE = 1_000_000
HISTORY = 50


def shown_periods(today: date) -> list[tuple[str, Period]]:
    """The quarters of last, this and next fiscal year, and the years themselves."""
    fiscal = get_company().fiscal_year_start
    year = period_of(today, "year", fiscal)
    first, last = add_months(year.start, -12), add_months(year.end, 11)
    quarters = [("quarter", one) for one in periods_between(first, last, "quarter", fiscal)]
    return quarters + [("year", one) for one in periods_between(first, last, "year", fiscal)]


def _typed(target: Target | None) -> str:
    """A target as one would type it: money in whole units, rates in percent."""
    if target is None or target.value is None:
        return ""
    money = target.measure in MONEY
    value = target.value / minor_units(get_company().currency) if money else target.value * 100
    return f"{value.normalize():f}"


def _shown(measure: str, typed: str) -> str:
    """What was typed as a cell shows it: money with marks between thousands."""
    return f"{Decimal(typed):,f}" if typed and measure in MONEY else typed


def _again(measure: str, posted: str) -> str:
    """A cell that could be read, as it would stand there had it been saved."""
    value = read_value(measure, posted)
    return _shown(measure, _typed(Target(measure=measure, value=value)))


def _rows(query: Query, today: date, posted: dict[str, str], read: Read | None) -> list[dict[str, Any]]:
    known = reads.targets_in_force(query.by if query.segment else "", query.segment)
    rows = []
    for every, period in shown_periods(today):
        cells = []
        for measure in MEASURES:
            name = f"{measure}:{every}:{period.start.isoformat()}"
            target = known.get((measure, every, period.start))
            was = posted.get(f"was:{name}", _shown(measure, _typed(target)))
            wrong, value = read.wrong.get(name, "") if read else "", posted.get(name, was)
            if value != was and not wrong:
                value = _again(measure, value)
            cells.append(
                {"name": name, "value": value, "was": was, "target": target, "measure": measure,
                 "title": present.measure_words()[measure], "wrong": wrong}
            )  # fmt: skip
        running = period.start <= today < period.end
        rows.append({"title": present.title(period), "every": every, "cells": cells, "running": running})
    return rows


def _page(
    request: PageRequest, query: Query, *, posted: dict[str, str] | None = None, read: Read | None = None,
    file: Read | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    if not reads.sees_company(request.member):
        return render(request, "pages/outlook/targets_part.html", {"tabs": tabs("outlook")})
    today = company_day(system_clock())
    context = {
        "tabs": tabs("outlook"), "query": query, "rows": _rows(query, today, posted or {}, read), "read": read, "file": file,
        "measures": [(name, present.measure_words()[name], name in MONEY) for name in MEASURES],
        "leads": request.member.role in LEADERS, "options": present.options(request.member, query),
        **_history(request.GET.get("history", "")), "columns": column_words().values(), "names": measure_labels().values(),
        "listing": "、" if present.language().startswith("ja") else ", ", "currency": get_company().currency,
    }  # fmt: skip
    return render(request, "pages/outlook/targets.html", context, status=status)


def _history(number: str) -> dict[str, Any]:
    """A page of what was set when, and its lines in words."""
    page_of = Bounded(reads.target_history(), HISTORY).get_page(number)
    fiscal = get_company().fiscal_year_start
    found = []
    for one in page_of:
        period = period_of(one.start, "quarter" if one.every == "quarter" else "year", fiscal)
        words = segment_words(one.dimension, [one.segment]) if one.dimension else {}
        found.append(
            {"target": one, "period": present.title(period), "segment": words.get(one.segment, one.segment),
             "money": one.measure in MONEY, "title": present.measure_words()[one.measure]}
        )  # fmt: skip
    return {"history": found, "history_page": page_of}


@require_GET
@page()
def targets(request: PageRequest) -> HttpResponse:
    """What is aimed at, and who set it when."""
    return _page(request, read_query(request.GET))


def _of_the_company(member: Member) -> None:
    """Targets are of the whole company: who sees a part of the customers neither reads nor sets them."""
    if not reads.sees_company(member):
        raise NotAllowed(
            "targets_of_the_company",
            Text(
                "Targets are of the whole company; you see a part of the customers.",
                "目標は全社のものです。閲覧範囲が一部の顧客に限られているため、ご利用いただけません。",
            ),
            Text("Ask an administrator for a wider view.", "閲覧範囲の変更を管理者にご依頼ください。"),
        )


def _segment(query: Query) -> tuple[str, str]:
    return (query.by, query.segment) if query.by and query.segment else ("", "")


@require_POST
@page(roles=LEADERS)
def put(request: PageRequest) -> HttpResponse:
    """Set the targets of the grid; none where one of them cannot be read."""
    _of_the_company(request.member)
    query, now = read_query(request.GET), system_clock()
    posted = {name: str(value) for name, value in request.POST.items()}
    read = read_form(posted, shown_periods(company_day(now)), *_segment(query))
    read.aims = _moved_alone(read.aims, query)
    if read.wrong:
        return _page(request, query, posted=posted, read=read, status=422)
    return _done(request, set_targets(read.aims, member=request.member, now=now), query)


def _moved_alone(aims: list[Aim], query: Query) -> list[Aim]:
    """The targets whose value is another one: the note of the form is theirs alone."""
    known = reads.targets_in_force(*_segment(query))
    before = {key: one.value for key, one in known.items()}
    return [aim for aim in aims if before.get((aim.measure, aim.every, aim.start)) != aim.value]


def _done(request: PageRequest, written: int, query: Query) -> HttpResponse:
    if written:
        words = ngettext("%(n)s target is set.", "%(n)s targets are set.", written)
        toast_after(request, words % {"n": written})
    else:
        toast_after(request, _("Nothing was changed."))
    return HttpResponseRedirect(reverse("targets") + query.address)


@require_POST
@page(roles=LEADERS)
def bring(request: PageRequest) -> HttpResponse:
    """Set targets from a file; none where a row of it cannot be read."""
    _of_the_company(request.member)
    query, sent = read_query(request.GET), request.FILES.get("file")
    content = sent.read(LARGEST_FILE + 1) if sent else b""
    if not content or len(content) > LARGEST_FILE:
        words = _("Choose a CSV file of at most 1 MB.")
        return _page(request, query, file=Read(wrong={"": words}), status=422)
    read = read_file(content)
    if read.wrong or not read.aims:
        if not read.wrong:
            read.wrong[""] = _("There is no target in this file.")
        return _page(request, query, file=read, status=422)
    return _done(request, set_targets(read.aims, member=request.member, now=system_clock()), query)


@require_GET
@page()
def template(request: PageRequest) -> HttpResponse:
    """The targets in force as a file that can be brought back; without any for who sees a part of the customers."""
    whole = reads.sees_company(request.member)
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    fiscal = get_company().fiscal_year_start
    for dimension, segment in [("", ""), *reads.segments_with_targets()] if whole else []:
        for (measure, every, start), one in sorted(reads.targets_in_force(dimension, segment).items()):
            period = period_of(start, "quarter" if every == "quarter" else "year", fiscal)
            sign = "" if measure in MONEY else "%"
            writer.writerow([measure, period.title.en, _typed(one) + sign, dimension, segment, one.note])
    if not whole or not Target.objects.exists():
        for every, period in shown_periods(company_day(system_clock())):
            writer.writerow(["nrr" if every == "quarter" else "mrr", period.title.en, "", "", "", ""])
    answer = HttpResponse(file.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="enishi-targets.csv"'
    return answer
