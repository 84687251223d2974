"""Right customers: do we sell to those who can succeed with us?"""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from enishi.accounts.audit import write_audit
from enishi.accounts.company import company_day
from enishi.definitions.api import get_fit
from enishi.fit import api as room
from enishi.kit import clock
from enishi.kit.text import Text
from enishi.reports.tables import Heading
from enishi.web.exporting import asked_format, table_answer
from enishi.web.guard import LEADERS, PageRequest, page
from enishi.web.pages.fit import present
from enishi.web.pages.fit.query import read_listing
from enishi.web.pages.revenue.tabs import tabs
from enishi.web.pages.revenue.views import EXPORTING
from enishi.web.paging import AT_ONCE, Counted, Deep, batched
from enishi.web.words import person

A_PAGE = 50
MOST_EXPORTED = 50_000


@require_GET
@page()
def fit(request: PageRequest) -> HttpResponse:
    """The answer first: the share of new deals with a good fit, and whether the fit deserves trust."""
    run, axes = room.last_run(), get_fit()
    context: dict[str, Any] = {
        "tabs": tabs("fit"),
        "run": run,
        "axes": axes,
        "edits": request.member.role in LEADERS,
    }
    if run is None or axes is None:
        return render(request, "pages/fit/fit.html", context)
    today = company_day(clock.system_clock())
    since = present.a_year_ago(today)
    sold = room.count_sold(request.member, min(present.first_quarter(today), since), since)
    recent = sold.by_whom
    found = present.quarters(sold.by_day, today)
    titles = {axis.id: Text.parse(axis.title) for axis in axes.body.axes}
    context |= {
        "head": present.shares(recent),
        "head_address": present.list_address(since, band="good"),
        "quarters": found,
        "chart": present.chart(found),
        "channels": present.by(recent, "channel", since),
        "sellers": present.by(recent, "seller", since, present.seller_titles(recent["seller"])),
        "regrets": room.count_fits(request.member, room.Listing(what="regret"), today),
        "unfit": room.count_fits(request.member, room.Listing(what="new"), today),
        "customers": room.count_fits(request.member, room.Listing(what="all"), today),
        "record": present.record(run),
        "suggestion": present.suggestion(run, titles),
        "axis_titles": [(axis.title, axis.description, axis.weight) for axis in axes.body.axes],
    }
    return render(request, "pages/fit/fit.html", context)


def _titles() -> dict[str, str]:
    return {
        "regret": _("Should not have been sold"),
        "new": _("New deals with a poor fit"),
        "all": _("All customers by fit"),
    }


@require_GET
@page()
def accounts(request: PageRequest) -> HttpResponse:
    """Customers by fit: those who should not have been sold, new ones of poor fit, or all."""
    today = company_day(clock.system_clock())
    wanted = read_listing(request.GET)
    view = (request.member, wanted, today)
    numbers = Deep(room.list_fits(*view), partial(room.portion_of, *view), partial(room.standing_of, *view))
    shown = Counted(numbers, A_PAGE, room.count_fits(*view)).get_page(request.GET.get("page"))
    rows, words = room.rows_of(list(shown)), present.band_words()
    sellers = present.seller_titles(row.seller for row in rows)
    channels, by_whom = room.choices_of(request.member)
    context = {
        "wanted": wanted,
        "title": _titles()[wanted.what],
        "lists": list(_titles().items()),
        "page": shown,
        "lines": [_line(row, words, sellers) for row in rows],
        "bands": [(band or "-", title) for band, title in words.items()],
        "channels": _choices(channels),
        "sellers": _choices(by_whom),
        "filtered": any(
            (wanted.band, wanted.channel, wanted.seller, wanted.search, wanted.sold_from, wanted.sold_before)
        ),
        "run": room.last_run(),
        "exports": request.member.role in EXPORTING,
        "query_string": urlencode([(k, v) for k, v in request.GET.items() if k != "page"]),
        "sort": request.GET.get("sort", "-sold"),
    }
    return render(request, "pages/fit/accounts.html", context)


def _choices(found: list[str]) -> list[tuple[str, str]]:
    titles = present.seller_titles(found)
    return [*((value, titles.get(value, value)) for value in found), ("-", _("Not on record"))]


def _line(row: room.AccountFit, words: dict[str, str], sellers: dict[str, str]) -> dict[str, Any]:
    axes = sorted(
        (axis for axis in row.sale_axes if axis["points"] is not None), key=lambda axis: axis["points"]
    )
    return {
        "row": row,
        "sale": words[row.sale_band],
        "now": words[row.band],
        "weakest": axes[0] if axes else None,
        "seller": sellers.get(row.seller, row.seller),
    }


@require_GET
@page(roles=EXPORTING)
def export(request: PageRequest) -> HttpResponse:
    """The list as a file."""
    file_format = asked_format(request)
    today = company_day(clock.system_clock())
    wanted = read_listing(request.GET)
    numbers = room.list_fits(request.member, wanted, today)[:MOST_EXPORTED]
    rows = [row for part in batched(list(numbers), AT_ONCE) for row in room.rows_of(part)]
    headings, table = _table(rows)
    title = _titles()[wanted.what]
    answer, written = table_answer(f"fit-{today:%Y%m%d}", file_format, headings, table, title=title)
    write_audit(request.member, "fit_exported", "fit", detail={"format": file_format, "rows": written})
    return answer


def _table(rows: list[room.AccountFit]) -> tuple[list[Heading], list[list[Any]]]:
    words, language = present.band_words(), present.language()
    sellers = present.seller_titles(row.seller for row in rows)
    headings = [
        Heading(_("Account")), Heading(_("Owner")), Heading(_("Sold on"), "day"), Heading(_("Acquisition channel")),
        Heading(_("Sold by")), Heading(_("Fit at the sale"), "decimal"), Heading(_("Band at the sale")),
        Heading(_("Known share"), "percent"), Heading(_("Fit now"), "decimal"), Heading(_("Left on"), "day"),
        Heading(_("What came")),
    ]  # fmt: skip
    table = [
        [
            row.account.name, person(row.account.owner) if row.account.owner else "", row.sold_on, row.account.channel,
            sellers.get(row.seller, row.seller), _points(row.sale_tenths), words[row.sale_band], row.sale_coverage,
            _points(row.tenths), row.left_on, " / ".join(reason[language] for reason in row.reasons),
        ]
        for row in rows
    ]  # fmt: skip
    return headings, table


def _points(tenths: int | None) -> float | None:
    return None if tenths is None else tenths / 10
