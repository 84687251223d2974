"""The company's settings and the preview of its holidays."""

from __future__ import annotations

import holidays as calendar
from django.http import HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from enishi.accounts.company import get_company
from enishi.accounts.models import Company, Role
from enishi.kit.clock import Clock, system_clock
from enishi.web.feedback import toast_after
from enishi.web.guard import LEADERS, PageRequest, not_allowed, page
from enishi.web.pages.setup.actions import save_company
from enishi.web.pages.setup.forms import CompanyForm
from enishi.web.pages.setup.frame import setup_tabs

_LANGUAGES = {"ja": ("ja", "en_US"), "en": ("en_US", "en")}


@page(roles=LEADERS)
def company(request: PageRequest) -> HttpResponseBase:
    """The settings; managers read them, administrators change them."""
    may_change = request.member.role == Role.ADMIN
    if request.method == "POST" and not may_change:
        raise not_allowed()
    form = CompanyForm(request.POST or None, instance=Company.objects.get(pk=get_company().pk))
    if request.method == "POST" and form.is_valid():
        save_company(request.member, get_company(), form.cleaned_data, timezone.now())
        toast_after(request, _("Saved."))
        return HttpResponseRedirect(reverse("company"))
    context = {
        "form": form,
        "may_change": may_change,
        "tabs": setup_tabs(request.member, "company"),
        "holidays": list_holidays(get_company().holiday_country, request.member.language),
        "year": timezone.localdate().year,
    }
    return render(request, "pages/setup/company.html", context, status=422 if form.errors else 200)


@require_GET
@page(roles=LEADERS)
def holidays(request: PageRequest) -> HttpResponseBase:
    """The national holidays of the country chosen in the form."""
    country = request.GET.get("holiday_country", get_company().holiday_country)
    context = {
        "holidays": list_holidays(country, request.member.language),
        "year": timezone.localdate().year,
    }
    return render(request, "pages/setup/holidays.html", context)


def list_holidays(country: str, language: str, clock: Clock = system_clock) -> list[tuple[object, str]]:
    """This year's and next year's national holidays, named in the reader's language where they can be."""
    year = clock().year
    known = calendar.list_supported_countries()
    if country not in known:
        return []
    spoken = calendar.list_localized_countries().get(country, [])
    wanted = next((name for name in _LANGUAGES.get(language, ()) if name in spoken), None)
    return sorted(calendar.country_holidays(country, years=[year, year + 1], language=wanted).items())
