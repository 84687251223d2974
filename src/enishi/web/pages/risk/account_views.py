"""How likely one customer is to leave, why, and what would have to change."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from enishi.kit.text import Text
from enishi.risk import api as room
from enishi.web.guard import PageRequest, page
from enishi.web.pages.risk.present import horizon_title
from enishi.web.pages.risk.words import driver_words, likely

SHOWN = 90


@require_GET
@page()
def account_forecast(request: PageRequest, number: int) -> HttpResponse:
    """Probability with its interval for every horizon beside the base rate; drivers and ways out of one of them."""
    lines = room.account_risks(request.member, number)
    told = next((line for line in lines if line.horizon == SHOWN and line.risk), None)
    told = told or next((line for line in lines if line.risk), None)
    context: dict[str, Any] = {
        "lines": [_line(line) for line in lines],
        "told": told,
        "told_title": horizon_title(told.horizon) if told else "",
        "drivers": _drivers(told),
        "exits": [_exit(one) for one in (told.risk.exits if told and told.risk else [])],
    }
    return render(request, "pages/risk/_account.html", context)


def _drivers(told: room.RiskLine | None) -> list[dict[str, Any]]:
    if told is None or told.risk is None:
        return []
    return [{"text": driver_words(one), "up": one["effect"] > 0} for one in told.risk.drivers[:5]]


def _line(line: room.RiskLine) -> dict[str, Any]:
    risk = line.risk
    said = [likely(risk.probability), likely(risk.low), likely(risk.high)] if risk and line.known else None
    return {"title": horizon_title(line.horizon), "line": line, "risk": risk, "said": said}


def _exit(one: dict[str, Any]) -> dict[str, Any]:
    return {"text": Text(one["en"], one["ja"]), "probability": one.get("probability")}
