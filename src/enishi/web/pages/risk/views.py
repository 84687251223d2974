"""Does this forecast deserve trust?"""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from enishi.kit import clock
from enishi.risk import api as room
from enishi.web.feedback import toast_after
from enishi.web.guard import LEADERS, PageRequest, page
from enishi.web.pages.health.tabs import tabs
from enishi.web.pages.risk.present import page_context, running_fit


@require_GET
@page()
def forecast(request: PageRequest) -> HttpResponse:
    """Which model speaks for a horizon, why, and how good it was on later periods."""
    context = page_context(_horizon(request.GET.get("horizon", ""))) | {
        "tabs": tabs("forecast"),
        "may_change": request.member.role in LEADERS,
        "running": running_fit(),
    }
    return render(request, "pages/risk/forecast.html", context)


def _horizon(text: str) -> int:
    return int(text) if text in {str(h) for h in room.HORIZONS} else 90


@require_POST
@page(roles=LEADERS)
def learn(request: PageRequest) -> HttpResponse:
    """Learn all horizons anew."""
    room.ask_fit(member=request.member, now=clock.system_clock())
    toast_after(request, _("The forecasts are being learned; the page shows when they are done."))
    return HttpResponseRedirect(reverse("forecast"))


@require_GET
@page()
def progress(request: PageRequest) -> HttpResponse:
    """How far the learning has come."""
    running = running_fit()
    if running is None:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, "pages/risk/_progress.html", {"running": running})


@require_POST
@page(roles=LEADERS)
def use(request: PageRequest, horizon: int, version: int) -> HttpResponse:
    """Let an earlier version speak again."""
    room.roll_back(horizon, version, member=request.member, now=clock.system_clock())
    toast_after(
        request, _("Version %(n)d speaks again; customers follow with the next scoring.") % {"n": version}
    )
    return HttpResponseRedirect(f"{reverse('forecast')}?horizon={horizon}")
