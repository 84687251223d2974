"""The audit log page and its file."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.paginator import Paginator
from django.http import HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from enishi.accounts.audit import write_audit
from enishi.accounts.company import company_zone
from enishi.accounts.models import AuditLine
from enishi.kit.cells import harmless
from enishi.web.guard import ADMINS, PageRequest, page
from enishi.web.pages.audit.reads import known_verbs, list_lines, read_filters
from enishi.web.pages.audit.words import describe, verb_words

A_PAGE = 100


@require_GET
@page(roles=ADMINS)
def audit(request: PageRequest) -> HttpResponseBase:
    """Lines, newest first, narrowed and page by page."""
    filters = read_filters(request.GET)
    shown = Paginator(list_lines(filters, company_zone()), A_PAGE).get_page(request.GET.get("page"))
    words = verb_words()
    context = {
        "page": shown,
        "rows": [(line, words.get(line.verb, line.verb), describe(line.detail)) for line in shown],
        "filters": filters,
        "verbs": sorted(((verb, words.get(verb, verb)) for verb in known_verbs()), key=lambda pair: pair[1]),
    }
    return render(request, "pages/audit/audit.html", context)


@require_GET
@page(roles=ADMINS)
def export(request: PageRequest) -> HttpResponseBase:
    """The same lines as a CSV file for a spreadsheet."""
    filters = read_filters(request.GET)
    write_audit(request.member, "audit_exported", "audit", detail={"query": request.GET.urlencode()})
    lines = list_lines(filters, company_zone()).iterator(chunk_size=2000)
    head = [
        _("When"),
        _("Who"),
        _("What was done"),
        _("What was changed"),
        _("Customer"),
        _("Details"),
        pgettext("network address", "From"),
    ]
    answer = StreamingHttpResponse(_rows(lines, head), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return answer


def _rows(lines: Iterator[AuditLine], head: list[str]) -> Iterator[str]:
    words = verb_words()
    yield "\ufeff" + _csv(head)
    for line in lines:
        yield _csv(
            [
                timezone.localtime(line.at).isoformat(timespec="seconds"),
                line.actor,
                words.get(line.verb, line.verb),
                line.target_label,
                line.account.name if line.account else "",
                describe(line.detail),
                line.address or "",
            ]
        )


def _csv(cells: list[str]) -> str:
    """One CSV row; a cell a spreadsheet would take for a formula begins with an apostrophe."""
    return ",".join('"' + harmless(cell).replace('"', '""') + '"' for cell in cells) + "\r\n"
