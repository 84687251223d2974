"""Executive: are we on target, what threatens it, what would help?"""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from enishi.accounts.audit import write_audit
from enishi.accounts.company import company_day
from enishi.kit.clock import system_clock
from enishi.reports.pdf import to_pdf
from enishi.web.guard import LEADERS, PageRequest, page
from enishi.web.pages.executive import present


@require_GET
@page(roles=LEADERS)
def executive(request: PageRequest) -> HttpResponse:
    """The one page."""
    context = present.page_context(request.member, company_day(system_clock()))
    return render(request, "pages/executive/executive.html", context)


@require_GET
@page(roles=LEADERS)
def pdf(request: PageRequest) -> HttpResponse:
    """The same on paper."""
    today = company_day(system_clock())
    html = render_to_string(
        "pages/executive/print.html", present.page_context(request.member, today), request
    )
    content = to_pdf(html, get_language() or "ja")
    write_audit(request.member, "executive_printed", "executive")
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="enishi-executive-{today:%Y%m%d}.pdf"'
    return answer
