"""The accounts behind a figure, and the tables as files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from enishi.accounts.audit import write_audit
from enishi.accounts.company import get_company
from enishi.kit import clock
from enishi.kit.errors import NotFound
from enishi.kit.text import Text
from enishi.reports.tables import Heading, Row
from enishi.value.api import AccountValue, ValueRun, last_run
from enishi.web.exporting import asked_format, table_answer
from enishi.web.guard import PageRequest, page
from enishi.web.pages.portfolio.words import minor_units
from enishi.web.pages.revenue.reads import segment_words
from enishi.web.pages.revenue.views import EXPORTING
from enishi.web.pages.value import listing
from enishi.web.pages.value.present import page_context
from enishi.web.pages.value.query import METHODS, Listed, read_listed, read_query
from enishi.web.pages.value.words import method_words

PAGE_SIZE = 100


def _run() -> ValueRun:
    run = last_run()
    if run is None:
        raise NotFound(
            "not_valued", Text("No customer has been valued yet.", "顧客生涯価値はまだ計算されていません。")
        )
    return run


def _titles(listed: Listed) -> tuple[str, str]:
    """What the list is, and of which segment."""
    what = {
        "customers": _("Customers behind the value"),
        "won": _("Customers won in the last %(n)d months") % {"n": listed.view.months},
        "cohort": _("Customers won in one year"),
    }[listed.what]
    if listed.segment is None:
        return what, ""
    if listed.what == "cohort":
        year = listing.year_of(listed.segment)
        return what, year.title.in_language(get_language() or "ja") if year else ""
    value = "" if listed.segment == "-" else listed.segment
    return what, segment_words(listed.view.by, [value])[value]


def _line(row: AccountValue, method: str) -> dict[str, Any]:
    names = ("margin", "service", "acquisition", "earned", "even_month", "months", "since")
    return {
        "account": row.account_id,
        "name": row.account.name,
        "value": getattr(row, method),
        "low": getattr(row, f"{method}_low"),
        "high": getattr(row, f"{method}_high"),
        **{name: getattr(row, name) for name in names},
    }


@require_GET
@page()
def accounts(request: PageRequest) -> HttpResponse:
    """Who makes up a figure."""
    listed = read_listed(request.GET)
    run = _run()
    found = listing.read_list(request.member, listed, run)
    shown = Paginator(range(len(found)), PAGE_SIZE).get_page(request.GET.get("page"))
    title, segment = _titles(listed)
    context = {
        "title": title,
        "segment": segment,
        "listed": listed,
        "method": found.method,
        "method_name": method_words()[found.method],
        "page": shown,
        "lines": [_line(row, found.method) for row in listing.rows_of(request.member, found, list(shown))],
        "count": len(found),
        "told": found.told,
        "mean": found.mean,
        "day": run.day,
        "back": reverse("value") + listed.view.address,
        "exports": request.member.role in EXPORTING,
        "query_string": urlencode([(k, v) for k, v in request.GET.items() if k != "page"]),
    }
    return render(request, "pages/value/accounts.html", context)


@require_GET
@page(roles=EXPORTING)
def export(request: PageRequest) -> HttpResponse:
    """The list as a file."""
    listed = read_listed(request.GET)
    run = _run()
    found = listing.read_list(request.member, listed, run)
    money = f" ({get_company().currency})"
    names = method_words()
    amounts = [
        *(pair for method in METHODS for pair in (
            (method, names[method]), (f"{method}_low", names[method] + " " + _("(low)")), (f"{method}_high", names[method] + " " + _("(high)")),
        )),
        ("margin", _("Margin a month")), ("service", _("Cost to serve a month")), ("acquisition", _("Acquisition cost")),
        ("earned", _("Earned so far")),
    ]  # fmt: skip
    headings = [
        Heading(_("Account")), Heading(_("Customer since"), "day"), Heading(pgettext("count", "Months"), "number"), Heading(_("Break-even month"), "number"),
        *(Heading(title + money, "money") for _name, title in amounts),
    ]  # fmt: skip
    unit = minor_units(get_company().currency)
    lines = (
        [row.account.name, row.since, row.months, row.even_month,
         *(_amount(getattr(row, name), unit) for name, _title in amounts)]
        for row in listing.iterate_rows(request.member, found)
    )  # fmt: skip
    return _file(request, "accounts", headings, lines, run)


@require_GET
@page(roles=EXPORTING)
def export_units(request: PageRequest) -> HttpResponse:
    """The unit economics by segment as a file."""
    context = page_context(request.member, read_query(request.GET), clock.system_clock())
    run = _run()
    unit = minor_units(get_company().currency)
    money = f" ({get_company().currency})"
    headings = [
        Heading(str(context.get("by_title", ""))), Heading(_("Customers"), "number"),
        Heading(f"{context.get('method_name', '')}{money}", "money"), Heading(_("(low)"), "money"), Heading(_("(high)"), "money"),
        Heading(_("Customers won"), "number"), Heading("CAC" + money, "money"),
        Heading(_("Margin a month of those won") + money, "money"), Heading(_("Payback (months)"), "decimal"),
        Heading("LTV:CAC", "decimal"),
    ]  # fmt: skip
    lines = (
        [row["title"], row["customers"],
         *(_amount(row["ltv"][name], unit) for name in ("value", "low", "high")),
         row["won"], _amount(row["cac"], unit), _amount(row["won_margin"], unit), row["payback"], row["ratio"]]
        for row in context.get("units", [])
    )  # fmt: skip
    return _file(request, "units", headings, lines, run)


def _amount(value: int | None, unit: int) -> Decimal | None:
    return None if value is None else Decimal(value) / unit


def _file(
    request: PageRequest,
    what: str,
    headings: Sequence[Heading],
    lines: Iterable[Row],
    run: ValueRun,
) -> HttpResponse:
    file_format = asked_format(request)
    name, title = f"value-{what}-{run.day:%Y%m%d}", _("Unit economics")
    answer, _n = table_answer(name, file_format, headings, lines, title=title)
    write_audit(
        request.member,
        "value_exported",
        "value",
        detail={"on": str(run.day), "format": file_format},
    )
    return answer
