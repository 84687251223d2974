"""The score's record: does it deserve trust?"""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from enishi.definitions.api import list_scorecards
from enishi.web.guard import LEADERS, PageRequest, page
from enishi.web.pages.health import backtests
from enishi.web.pages.health.tabs import tabs


@require_GET
@page()
def record(request: PageRequest) -> HttpResponse:
    """The verdict on the scorecard in force, and the figures behind it."""
    in_force = list_scorecards()
    chosen = next(
        (e for e in in_force if e.slug == request.GET.get("card")), in_force[-1] if in_force else None
    )
    test = backtests.latest_test(chosen.version) if chosen else None
    row = chosen.version.backtests.exclude(status="done").first() if chosen else None
    context: dict[str, Any] = {
        "tabs": tabs("health"),
        "cards": in_force,
        "chosen": chosen,
        "test": test,
        "running": list(backtests.running_tests()[:5]),
        "row": row,
        "under_way": row is not None and row.status != "failed",
        "edits": request.member.role in LEADERS,
    }
    if test:
        context |= backtests.result_context(request.member, test.row, whole="all" in request.GET)
    return render(request, "pages/health/record.html", context)


@require_GET
@page()
def backtest(request: PageRequest, number: int) -> HttpResponse:
    """One back-test: its progress, then its result."""
    row = backtests.access_backtest(number)
    whole = "all" in request.GET
    context = backtests.result_context(request.member, row, whole=whole) | {
        "edits": request.member.role in LEADERS
    }
    part = request.headers.get("HX-Request") == "true"
    if part and row.status == "done":
        answer = HttpResponse(status=200)
        answer.headers["HX-Refresh"] = "true"
        return answer
    template = "pages/health/_progress.html" if part else "pages/health/backtest.html"
    return render(request, template, context)
