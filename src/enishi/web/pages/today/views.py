"""Today: whom do I help first, and why?"""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from enishi.accounts.company import company_day
from enishi.kit import clock
from enishi.web.feedback import toast, trigger
from enishi.web.guard import PageRequest, page
from enishi.web.pages.today import present
from enishi.work import api as work

ACTING = frozenset(work.ACTING_ROLES)


@require_GET
@page()
def today(request: PageRequest) -> HttpResponse:
    """The whole page."""
    asked = present.read_asked(request.member, request.GET)
    context = present.page_context(request.member, asked, company_day(clock.system_clock()))
    return render(request, "pages/today/today.html", context)


@require_GET
@page()
def queue(request: PageRequest) -> HttpResponse:
    """The list alone, drawn anew after something was done."""
    asked = present.read_asked(request.member, request.GET)
    context = present.queue_context(request.member, asked, company_day(clock.system_clock()))
    return render(request, "pages/today/queue.html", context)


@require_GET
@page()
def promises(request: PageRequest) -> HttpResponse:
    """The promises alone."""
    today = company_day(clock.system_clock())
    context = present.promises_context(request.member, today, request.GET.get("all") == "1")
    return render(request, "pages/today/promises.html", context)


@require_POST
@page(roles=ACTING)
def undo(request: PageRequest, number: int) -> HttpResponse:
    """Take back a snooze, a done or a delegation."""
    attention = work.undo(request.member, number, now=clock.system_clock())
    response = toast(
        HttpResponse(status=204), _("%(name)s is back on the list.") % {"name": attention.account.name}
    )
    return trigger(response, "workChanged")
