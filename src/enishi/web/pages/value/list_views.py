"""The accounts behind a figure, and the tables as files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from math import isnan
from typing import Any
from urllib.parse import urlencode

import pandas as pd
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from enishi.accounts.audit import write_audit
from enishi.accounts.company import get_company
from enishi.accounts.models import Member
from enishi.kit import clock
from enishi.kit.errors import NotFound
from enishi.kit.text import Text
from enishi.metrics.periods import period_of
from enishi.reports.tables import Heading, Row
from enishi.value.api import ValueRun, last_run
from enishi.web.exporting import asked_format, table_answer
from enishi.web.guard import PageRequest, page
from enishi.web.pages.portfolio.words import minor_units
from enishi.web.pages.revenue.reads import segment_words
from enishi.web.pages.revenue.views import EXPORTING
from enishi.web.pages.value import reads
from enishi.web.pages.value.figures import first_told, here_today
from enishi.web.pages.value.present import page_context
from enishi.web.pages.value.query import METHODS, Listed, read_listed, read_query
from enishi.web.pages.value.words import method_words

PAGE_SIZE = 100
_SORTS = {"value": "", "margin": "margin", "cost": "acquisition", "even": "even_month", "name": "name"}


def _run() -> ValueRun:
    run = last_run()
    if run is None:
        raise NotFound(
            "not_valued", Text("No customer has been valued yet.", "顧客生涯価値はまだ計算されていません。")
        )
    return run


def _read(member: Member, listed: Listed) -> tuple[pd.DataFrame, str, ValueRun]:
    """The rows of a list in its order, the method shown, and the run they are from."""
    run = _run()
    rows = reads.read_values(member, run)
    method = listed.view.method or first_told(rows, METHODS)
    if listed.what == "cohort":
        rows = _of_cohort(rows, listed.segment or "")
    else:
        rows = rows if listed.what == "won" else rows[here_today(rows)]
        if listed.what == "won":
            rows = _won(rows, run, listed.view.months)
        if listed.segment is not None:
            value = "" if listed.segment == "-" else listed.segment
            rows = rows[rows[listed.view.by].fillna("") == value]
    column = _SORTS[listed.order.lstrip("-")] or method
    ordered = rows.sort_values(
        column, ascending=not listed.order.startswith("-"), kind="stable", na_position="last"
    )
    return ordered, method, run


def _won(rows: pd.DataFrame, run: ValueRun, months: int) -> pd.DataFrame:
    """Those won in the window, each with its channel's cost in the window."""
    won = reads.read_costs(run, months).won.set_index("account_id")["cost"]
    part = rows[rows.index.isin(won.index)]
    return part.assign(acquisition=won.reindex(part.index))


def _of_cohort(rows: pd.DataFrame, key: str) -> pd.DataFrame:
    fiscal = get_company().fiscal_year_start
    known = rows[rows["since"].notna()]
    return known[[period_of(on, "year", fiscal).start.isoformat() == key for on in known["since"]]]


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
        try:
            return what, period_of(
                date.fromisoformat(listed.segment), "year", get_company().fiscal_year_start
            ).title.in_language(_language())
        except ValueError:
            return what, ""
    value = "" if listed.segment == "-" else listed.segment
    return what, segment_words(listed.view.by, [value])[value]


def _language() -> str:
    from django.utils.translation import get_language

    return get_language() or "ja"


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and isnan(value) else value


def _line(account: int, row: Mapping[Any, Any], method: str) -> dict[str, Any]:
    names = ("margin", "service", "acquisition", "earned", "even_month", "months")
    return {
        "account": account,
        "name": row["name"],
        "value": _plain(row[method]),
        "low": _plain(row[f"{method}_low"]),
        "high": _plain(row[f"{method}_high"]),
        "since": row["since"],
        **{name: _plain(row[name]) for name in names},
    }


@require_GET
@page()
def accounts(request: PageRequest) -> HttpResponse:
    """Who makes up a figure."""
    listed = read_listed(request.GET)
    rows, method, run = _read(request.member, listed)
    shown = Paginator(range(len(rows)), PAGE_SIZE).get_page(request.GET.get("page"))
    part = rows.iloc[list(shown.object_list)] if len(rows) else rows
    title, segment = _titles(listed)
    told = rows[method].dropna()
    context = {
        "title": title,
        "segment": segment,
        "listed": listed,
        "method": method,
        "method_name": method_words()[method],
        "page": shown,
        "lines": [
            _line(account, row, method)
            for account, row in zip(part.index.tolist(), part.to_dict("records"), strict=True)
        ],
        "count": len(rows),
        "told": len(told),
        "mean": float(told.mean()) if len(told) else None,
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
    rows, _method, run = _read(request.member, listed)
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
        [row["name"], row["since"], _plain(row["months"]), _plain(row["even_month"]),
         *(_whole(row[name], unit) for name, _title in amounts)]
        for _account, row in rows.iterrows()
    )  # fmt: skip
    return _file(request, "accounts", headings, lines, run)


def _whole(value: Any, unit: int) -> Decimal | None:
    return None if value is None or isnan(float(value)) else Decimal(round(float(value))) / unit


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
