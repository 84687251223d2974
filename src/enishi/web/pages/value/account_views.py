"""What one customer is worth, for its page."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from numpy.typing import NDArray

from enishi.accounts.access import access_account
from enishi.accounts.company import get_company
from enishi.value.api import AccountValue, ValueRun, ValueStatement, last_run
from enishi.web.guard import PageRequest, page
from enishi.web.pages.value import reads
from enishi.web.pages.value.figures import AHEAD, LEAST_MONTHS, Projection, carry_on, stays_of
from enishi.web.pages.value.present import padded, whole_money
from enishi.web.pages.value.words import method_lines

METHODS = ("contractual", "residual", "noncontractual", "simple")


@require_GET
@page()
def account_value(request: PageRequest, number: int) -> HttpResponse:
    """The lifetime values by name, what they assume, and the cumulative profit with its break-even."""
    account = access_account(request.member, number)
    run = last_run()
    day = _day(request)
    if day is not None and run is not None and day < run.day:
        said = ValueStatement.objects.filter(account=account, day__lte=day).select_related("run").first()
        lines = _lines(said, said.run) if said and said.run else []
        then = {"said": said, "day": day, "lines": lines}
        return render(request, "pages/value/_account_then.html", then)
    value = reads.access_value(account)
    if value is None or run is None or value.run is None:
        return render(request, "pages/value/_account_none.html", {"run": run})
    context: dict[str, Any] = {
        "value": value,
        "run": value.run,
        "lines": _lines(value, value.run),
        "company": get_company(),
    }
    return render(request, "pages/value/_account.html", context | _curve(value, value.run))


def _day(request: HttpRequest) -> date | None:
    try:
        return date.fromisoformat(request.GET.get("as_of", ""))
    except ValueError:
        return None


def _lines(value: Any, run: ValueRun) -> list[dict[str, Any]]:
    """The values told, each with its name; of one that is missing for everyone, how much history is."""
    found = []
    for line in method_lines(run):
        amount = getattr(value, line.id)
        if amount is None and not line.missing:
            continue  # this customer has no contract, or no orders
        low, high = getattr(value, f"{line.id}_low"), getattr(value, f"{line.id}_high")
        found.append(
            {"line": line, "value": amount, "low": low, "high": high, "chosen": value.chosen_by == line.id}
        )
    return found


def _ahead(value: AccountValue, run: ValueRun, told: NDArray[np.float64]) -> Projection | None:
    """The curve carried on by the survival behind the lifetime value beside it; none where a valuation did not keep it."""
    if value.margin is None or value.residual is None or (value.near_term and "near" not in value.detail):
        return None
    stays = stays_of([(value.account_id, value.margin, value.months, value.detail)])
    months = run.assumptions.get("horizon") or AHEAD
    return carry_on(run.fits, float(told[-1]), len(told) - 1, float(value.margin), stays, months=months)


def _curve(value: AccountValue, run: ValueRun) -> dict[str, Any]:
    """Cumulative profit by month, carried on as expected."""
    if len(value.curve) < LEAST_MONTHS:
        return {"chart": None}
    start = -float(value.acquisition or 0)
    told = np.concatenate([[start], start + np.asarray(value.curve, float)])
    ahead = _ahead(value, run, told)
    length = len(told) + (len(ahead.middle) if ahead else 0)
    series: list[dict[str, Any]] = [
        {"name": _("Cumulative profit"), "values": padded(told, 0, length), "colour": "c1"}
    ]
    if ahead is not None:
        joined = [np.concatenate([[told[-1]], part]) for part in (ahead.middle, ahead.low, ahead.high)]
        middle, low, high = (padded(part, len(told) - 1, length) for part in joined)
        series.append(
            {
                "name": _("expected"),
                "values": middle,
                "low": low,
                "high": high,
                "colour": "c1",
                "dashed": True,
            }
        )
    known = value.acquisition is not None
    even = value.even_month if value.even_month else (ahead.even_month if ahead else None)
    marks = (
        [{"x": str(even), "label": _("break-even: month %(n)d") % {"n": even}}]
        if known and even and even < length
        else []
    )
    spec: dict[str, Any] = {
        "kind": "line", "x": [str(m) for m in range(length)], "at": list(range(length)), "xName": _("Months since the start"),
        "series": series, "format": "money", "currency": get_company().currency, "marks": marks, "endLabels": False,
        "targets": [{"value": 0, "label": ""}],
    }  # fmt: skip
    return {
        "chart": spec,
        "even": even if known else None,
        "even_expected": known and not value.even_month,
        "now": whole_money(float(told[-1])),
    }
