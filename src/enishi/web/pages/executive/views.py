"""Executive: are we on target, what threatens it, what would help?"""

from __future__ import annotations

from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET, require_POST

from enishi.accounts.audit import write_audit
from enishi.accounts.company import company_day
from enishi.kit.clock import system_clock
from enishi.kit.errors import NotFound
from enishi.kit.text import Text
from enishi.web.guard import LEADERS, PageRequest, page
from enishi.web.pages.executive import present, printing
from enishi.web.pages.portfolio.exports import access_export, file_name


@require_GET
@page(roles=LEADERS)
def executive(request: PageRequest) -> HttpResponse:
    """The one page."""
    context = present.page_context(request.member, company_day(system_clock()))
    return render(request, "pages/executive/executive.html", context)


@require_GET
@page(roles=LEADERS)
def losses(request: PageRequest) -> HttpResponse:
    """The customers behind the MRR expected to leave, or behind one line of what it is due to."""
    asked = request.GET.get("why", "")
    return render(
        request,
        "pages/executive/losses.html",
        present.losses_context(request.member, asked, request.GET.get("page", "")),
    )


@require_POST
@page(roles=LEADERS)
def pdf(request: PageRequest) -> HttpResponse:
    """Have the page drawn on paper by a job."""
    order = printing.ask_print(request.member, get_language() or "ja", system_clock())
    return redirect("executive-print", order.pk)


@require_GET
@page(roles=LEADERS)
def print_progress(request: PageRequest, number: int) -> HttpResponse:
    """How far the file is, and where to fetch it."""
    order = access_export(request.member, number, printing.PAGE)
    part = request.headers.get("HX-Request") == "true"
    template = "pages/executive/_printing.html" if part else "pages/executive/printing.html"
    return render(request, template, {"export": order})


@require_GET
@page(roles=LEADERS)
def print_file(request: PageRequest, number: int) -> HttpResponseBase:
    """The finished file, for the one who asked for it."""
    order = access_export(request.member, number, printing.PAGE)
    if order.status != "done" or not order.path.exists():
        raise NotFound(
            "file_not_there",
            Text(
                "This file is not there (any more).",
                "このファイルはまだできていないか、保存期間が過ぎています。",
            ),
            Text("Make it again from the page.", "ページからもう一度作成してください。"),
        )
    write_audit(request.member, "export_fetched", order, detail={"format": order.format})
    name = file_name(order, company_day(order.asked_at))
    return FileResponse(
        order.path.open("rb"), as_attachment=True, filename=name, content_type="application/pdf"
    )
