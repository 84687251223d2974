"""One customer's fit, for its page: the axes with why, and what people state."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts.access import access_account
from enishi.accounts.company import company_day
from enishi.definitions.api import get_fit
from enishi.fit import api as room
from enishi.kit import clock
from enishi.kit.errors import EnishiError
from enishi.kit.text import Text
from enishi.web.asking import day_in
from enishi.web.feedback import toast_after
from enishi.web.guard import PageRequest, page
from enishi.web.pages.account.act_views import show_errors
from enishi.web.pages.account.forms import DayInput
from enishi.web.pages.fit.present import band_words, language
from enishi.work.api import ACTING_ROLES, may_act

ACTING = frozenset(ACTING_ROLES)


def _stated() -> list[tuple[str, str]]:
    axes = get_fit()
    inputs = [one for axis in axes.body.axes for one in axis.inputs if one.stated] if axes else []
    return [(one.id, Text.parse(one.title).in_language(language())) for one in inputs]


class StateForm(forms.Form):
    """What somebody knows of the customer that no data say."""

    input = forms.ChoiceField(label=pgettext_lazy("fit", "Question"))
    points = forms.IntegerField(label=pgettext_lazy("fit", "Points (0 to 100)"), min_value=0, max_value=100)
    reason = forms.CharField(label=pgettext_lazy("fit", "Why"), max_length=500)
    expires_on = forms.DateField(label=pgettext_lazy("fit", "Holds until"), required=False, widget=DayInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["input"].choices = _stated()  # type: ignore[attr-defined]


@require_GET
@page()
def account_fit(request: PageRequest, number: int) -> HttpResponse:
    """The fit at the sale and now, axis by axis; of a past day what was said then."""
    account = access_account(request.member, number)
    words, day = band_words(), day_in(request.GET.get("as_of"))
    row = room.find_fit(account)
    today = company_day(clock.system_clock())
    if day is not None and day < today:
        said = room.said_on(account, day)
        context: dict[str, Any] = {
            "said": said,
            "day": day,
            "band": words[said.band] if said else "",
            "sale_band": words[said.sale_band] if said else "",
        }
        return render(request, "pages/fit/_account_then.html", context | {"axes": said.axes if said else []})
    opinions = room.FitOpinion.objects.filter(account=account, withdrawn_on=None).select_related("stated_by")
    titles = dict(_stated())
    context = {
        "account": account,
        "row": row,
        "sale_band": words[row.sale_band] if row else "",
        "band": words[row.band] if row else "",
        "axes": (row.axes or row.sale_axes) if row else [],
        "of_sale": bool(row and not row.axes),
        "opinions": [
            {
                "opinion": one,
                "title": titles[one.input],
                "over": bool(one.expires_on and one.expires_on < today),
            }
            for one in opinions
            if one.input in titles
        ],
        "may_state": may_act(request.member) and bool(titles),
    }
    return render(request, "pages/fit/_account.html", context)


@require_http_methods(["GET", "POST"])
@page(roles=ACTING)
def state(request: PageRequest, number: int) -> HttpResponse:
    """State a value of an input, with its reason."""
    account = access_account(request.member, number)
    form = StateForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            opinion = room.state_value(
                account, given["input"], given["points"], given["reason"], member=request.member,
                now=clock.system_clock(), expires_on=given["expires_on"],
            )  # fmt: skip
        except EnishiError as error:
            show_errors(form, error)
        else:
            undo = reverse("account-fit-withdraw", args=[opinion.pk])
            toast_after(request, _("Stated; the fit follows within minutes."), undo=undo)
            return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    context = {"form": form, "account": account, "address": reverse("account-fit-state", args=[account.pk])}
    return render(request, "pages/fit/state.html", context)


@require_POST
@page(roles=ACTING)
def withdraw(request: PageRequest, number: int) -> HttpResponse:
    """Take a stated value back."""
    opinion = get_object_or_404(room.FitOpinion.objects.select_related("account"), pk=number)
    access_account(request.member, opinion.account_id)
    room.withdraw_value(opinion, member=request.member, now=clock.system_clock())
    toast_after(request, _("Taken back; the fit follows within minutes."))
    return HttpResponse(status=204, headers={"HX-Refresh": "true"})
