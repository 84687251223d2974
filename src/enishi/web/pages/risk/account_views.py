"""How likely one customer is to leave, why, and what would have to change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from enishi.accounts.company import company_day
from enishi.accounts.leaving import running_contracts
from enishi.kit.clock import system_clock
from enishi.risk import api as room
from enishi.web.guard import PageRequest, page
from enishi.web.pages.health.catalogue import metric_catalogue
from enishi.web.pages.risk.present import horizon_title
from enishi.web.pages.risk.words import driver_words, exit_words, likely, speaks_against

SHOWN = 90


@require_GET
@page()
def account_forecast(request: PageRequest, number: int) -> HttpResponse:
    """Probability with its interval for every horizon beside the base rate; drivers and ways out of one of them."""
    lines = room.account_risks(request.member, number)
    told = next((line for line in lines if line.horizon == SHOWN and line.risk), None)
    told = told or next((line for line in lines if line.risk), None)
    drivers, exits = room.explain(told.risk) if told and told.risk else ([], [])
    red = told is not None and is_red(told)
    metrics = metric_catalogue() if drivers else {}
    reasons = [
        {"text": driver_words(one), "up": one["effect"] > 0, "against": speaks_against(one, metrics)}
        for one in drivers[:5]
    ]
    context: dict[str, Any] = {
        "lines": [_line(line, customer=told is not None) for line in lines],
        "told": told,
        "told_title": horizon_title(told.horizon) if told else "",
        "drivers": reasons,
        "some_against": any(one["against"] for one in reasons),
        "unexplained": bool(told and not drivers),
        "exits": [_exit(one) for one in exits],
        "no_exit": red and bool(drivers) and not exits,
        "one_of_several": one_of_several(number, lines),
    }
    return render(request, "pages/risk/_account.html", context)


def is_red(line: room.RiskLine) -> bool:
    """Whether the account counts as at risk."""
    said = line.risk.probability if line.risk else None
    return said is not None and line.threshold is not None and said >= line.threshold


def one_of_several(number: int, lines: Sequence[room.RiskLine]) -> bool:
    """Whether the renewal that is forecast is of one contract of several."""
    renewal = next((line.risk for line in lines if line.risk and line.horizon == room.RENEWAL), None)
    return renewal is not None and running_contracts(number, company_day(system_clock())) > 1


def _line(line: room.RiskLine, customer: bool) -> dict[str, Any]:
    """``customer``: forecast for some horizon, so that where the renewal is not, there is none ahead."""
    risk = line.risk
    said = [likely(risk.probability), likely(risk.low), likely(risk.high)] if risk and line.known else None
    undated = line.horizon == room.RENEWAL and risk is None and customer
    return {
        "title": horizon_title(line.horizon), "line": line, "risk": risk, "said": said, "undated": undated,
    }  # fmt: skip


def _exit(one: dict[str, Any]) -> dict[str, Any]:
    return {"text": exit_words(one), "probability": one.get("probability")}
