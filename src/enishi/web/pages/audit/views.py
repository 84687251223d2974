"""The audit log page and its file."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.paginator import Paginator
from django.http import HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from enishi.accounts.audit import write_audit
from enishi.accounts.company import company_zone
from enishi.kit.cells import harmless
from enishi.web.guard import ADMINS, PageRequest, page
from enishi.web.pages.audit.reads import (
    Row,
    actor_choices,
    kind_choices,
    list_lines,
    read_filters,
    reader_now,
    say_lines,
    verb_choices,
)

A_PAGE = 100


@require_GET
@page(roles=ADMINS)
def audit(request: PageRequest) -> HttpResponseBase:
    """Lines, newest first, narrowed and page by page."""
    filters, reader = read_filters(request.GET), reader_now()
    shown = Paginator(list_lines(filters, company_zone()), A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": shown,
        "rows": list(say_lines(shown, reader)),
        "filters": filters,
        "narrowed": any(request.GET.values()),
        "actors": actor_choices(reader),
        "kinds": kind_choices(reader),
        "verbs": verb_choices(filters.kind),
    }
    return render(request, "pages/audit/audit.html", context)


@require_GET
@page(roles=ADMINS)
def export(request: PageRequest) -> HttpResponseBase:
    """The same lines as a CSV file for a spreadsheet, each with its record as it is kept."""
    filters = read_filters(request.GET)
    write_audit(request.member, "audit_exported", "audit", detail={"query": request.GET.urlencode()})
    lines = list_lines(filters, company_zone()).iterator(chunk_size=2000)
    head = [
        _("When"),
        _("Who"),
        _("Account or key"),
        _("What was done"),
        _("What was changed"),
        _("Customer"),
        _("Details"),
        pgettext("network address", "From"),
        _("Record"),
    ]
    answer = StreamingHttpResponse(
        _file(say_lines(lines, reader_now()), head), content_type="text/csv; charset=utf-8"
    )
    answer.headers["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return answer


def _file(rows: Iterator[Row], head: list[str]) -> Iterator[str]:
    yield "\ufeff" + _csv(head)
    for row in rows:
        yield _csv(row.cells)


def _csv(cells: list[str]) -> str:
    """One CSV row; a cell a spreadsheet would take for a formula begins with an apostrophe."""
    return ",".join('"' + harmless(cell).replace('"', '""') + '"' for cell in cells) + "\r\n"
