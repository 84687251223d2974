"""What is assumed when customers are valued."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision
from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from enishi.accounts.company import get_company
from enishi.kit import clock
from enishi.kit.text import plain_number
from enishi.value.actions import MOST_YEARS
from enishi.value.api import Ranking, ValueSettings, get_settings, save_settings
from enishi.web.feedback import toast_after
from enishi.web.guard import LEADERS, PageRequest, page
from enishi.web.pages.revenue.tabs import tabs


class AssumptionsForm(forms.Form):
    """Discount, horizon, what serving costs, and which value ranks customers."""

    discount_rate = forms.DecimalField(
        label=gettext_lazy("Discount rate a year (%)"), min_value=0, max_value=100, max_digits=5, decimal_places=2,
        help_text=gettext_lazy("By how much money in a year is worth less than money today. Often the cost of capital of the company; 10% where nobody has said."),
    )  # fmt: skip
    horizon_years = forms.IntegerField(
        label=gettext_lazy("Years looked ahead"), min_value=1, max_value=MOST_YEARS,
        help_text=gettext_lazy("Nothing is counted beyond. Shorter is more careful: nobody has seen your customers of then."),
    )  # fmt: skip
    hour_cost = forms.DecimalField(
        label=gettext_lazy("Cost of an hour of the team"), min_value=0, max_value=10**9, required=False,
        help_text=gettext_lazy("Minutes of recorded calls, meetings and visits are counted at this rate, with the expenses stated. Empty: minutes are not counted."),
    )  # fmt: skip
    ticket_cost = forms.DecimalField(
        label=gettext_lazy("Cost of answering a ticket"), min_value=0, max_value=10**9, required=False,
        help_text=gettext_lazy("Each ticket opened is counted at this amount. Empty: tickets are not counted."),
    )  # fmt: skip
    ranking = forms.ChoiceField(
        label=gettext_lazy("Lifetime value in lists and for tiers"), choices=Ranking.choices,
        help_text=gettext_lazy("The first counts contract and orders still to come, by customer; where there is too little history for it, the simple value stands in."),
    )  # fmt: skip


def _initial(settings: ValueSettings, unit: int) -> dict[str, Any]:
    def whole(minor: int | None) -> str | None:
        return None if minor is None else plain_number(Decimal(minor) / unit)

    return {
        "discount_rate": plain_number(Decimal(settings.discount_rate) * 100),
        "horizon_years": settings.horizon_years,
        "hour_cost": whole(settings.hour_cost),
        "ticket_cost": whole(settings.ticket_cost),
        "ranking": settings.ranking,
    }


def _changes(fields: dict[str, Any], unit: int) -> dict[str, Any]:
    def minor(amount: Decimal | None) -> int | None:
        return None if amount is None else int((amount * unit).to_integral_value())

    return {
        "discount_rate": (fields["discount_rate"] / 100).quantize(Decimal("0.0001")),
        "horizon_years": fields["horizon_years"],
        "hour_cost": minor(fields["hour_cost"]),
        "ticket_cost": minor(fields["ticket_cost"]),
        "ranking": fields["ranking"],
    }


@require_http_methods(["GET", "POST"])
@page(roles=LEADERS)
def assumptions(request: PageRequest) -> HttpResponse:
    """Look at the assumptions, and change them."""
    company = get_company()
    unit = 10 ** get_currency_precision(company.currency)
    form = AssumptionsForm(request.POST or None, initial=_initial(get_settings(), unit))
    if request.method == "POST" and form.is_valid():
        save_settings(request.member, _changes(form.cleaned_data, unit), clock.system_clock())
        toast_after(
            request,
            _("Saved. Customers are valued anew within a quarter of an hour, or at once with “Value now”."),
        )
        return HttpResponseRedirect(reverse("value"))
    context = {"form": form, "tabs": tabs("value"), "company": company}
    return render(request, "pages/value/settings.html", context, status=422 if form.errors else 200)
