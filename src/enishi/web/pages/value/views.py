"""Unit economics: what is a customer worth, and what does one cost?"""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from enishi.accounts.company import company_day
from enishi.kit import clock
from enishi.value.actions import ask_valuation
from enishi.value.reads import running_run
from enishi.web.feedback import toast_after
from enishi.web.guard import LEADERS, PageRequest, page
from enishi.web.pages.revenue.tabs import tabs
from enishi.web.pages.revenue.views import EXPORTING
from enishi.web.pages.value.present import page_context
from enishi.web.pages.value.query import read_query


@require_GET
@page()
def unit_economics(request: PageRequest) -> HttpResponse:
    """The answer first: LTV, CAC, payback and their ratio; then by segment and cohort."""
    context = page_context(request.member, read_query(request.GET), clock.system_clock()) | {
        "tabs": tabs("value"),
        "may_change": request.member.role in LEADERS,
        "exports": request.member.role in EXPORTING,
    }
    return render(request, "pages/value/value.html", context)


@require_POST
@page(roles=LEADERS)
def run(request: PageRequest) -> HttpResponse:
    """Value everybody now."""
    ask_valuation(request.member, company_day(clock.system_clock()), clock.system_clock())
    toast_after(request, _("Customers are being valued; the page shows when it is done."))
    return HttpResponseRedirect(reverse("value"))


@require_GET
@page()
def progress(request: PageRequest) -> HttpResponse:
    """How far the valuation that was asked for has come."""
    running = running_run(clock.system_clock())
    if running is None:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, "pages/value/_progress.html", {"running": running})
