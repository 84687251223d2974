"""Where the next hour pays most."""

from __future__ import annotations

from math import isinf
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from enishi.accounts.company import company_day
from enishi.forecasts import marginal
from enishi.growth import api as growth
from enishi.growth.actions import EFFORT_FIELDS
from enishi.kit import clock
from enishi.web.feedback import toast_after
from enishi.web.guard import LEADERS, PageRequest, page
from enishi.web.pages.growth import hour
from enishi.web.pages.growth.tabs import tabs


@require_GET
@page()
def next_hour(request: PageRequest) -> HttpResponse:
    """A point of churn against a point of expansion, at today's rates, with the curve."""
    rates = hour.read_rates(request.member, company_day(clock.system_clock()))
    context: dict[str, Any] = {"tabs": tabs("growth-hour"), "rates": rates, "least": marginal.LEAST_CUSTOMERS}
    if rates.enough:
        usual = hour.inputs_of(rates, growth.get_effort())
        form = hour.asked_of(request.GET, usual)
        book, work = hour.chosen(form, usual, rates)
        found = marginal.answer(book, work, rates.customers)
        steady = marginal.steady_mrr(book)
        context |= {
            "form": form,
            "changed": any(name in request.GET for name in usual),
            "book": book,
            "answer": found,
            "sentence": hour.sentence(found, book),
            "charts": hour.charts(book, work, rates.usual_mrr),
            "churn_point": round(marginal.point_of_churn(book)),
            "expansion_point": round(marginal.point_of_expansion(book)),
            "hours": None if found.hours is None else round(found.hours),
            "keep": round(found.churn),
            "grow": round(found.expansion),
            "steady": None if isinf(steady) else round(steady),
            "edits": request.member.role in LEADERS,
            "effort": growth.get_effort(),
        }
    return render(request, "pages/growth/hour.html", context)


@require_POST
@page(roles=LEADERS)
def declare(request: PageRequest) -> HttpResponse:
    """Keep the assumptions on work for everybody."""
    now = clock.system_clock()
    usual = hour.inputs_of(hour.read_rates(request.member, company_day(now)), growth.get_effort())
    form = hour.InputsForm({name: request.POST.get(name, value) for name, value in usual.items()})
    if not form.is_valid():
        toast_after(
            request, " ".join(str(text) for errors in form.errors.values() for text in errors), kind="error"
        )
        return redirect(f"{reverse('growth-hour')}?{request.POST.urlencode()}")
    shares = {"floor", "ceiling"}
    values = {n: form.cleaned_data[n] / 100 if n in shares else form.cleaned_data[n] for n in EFFORT_FIELDS}
    growth.declare_effort(request.member, now=now, **values)
    toast_after(request, _("The assumptions are kept for everybody."))
    return redirect("growth-hour")
