"""The next product, what came of offers, and an account's own part."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from enishi.accounts.access import access_account, visible_accounts
from enishi.accounts.company import company_day
from enishi.accounts.search import named
from enishi.forecasts.recommend import LEAST_CUSTOMERS, MODEL
from enishi.growth import api as growth
from enishi.growth.models import Proposal
from enishi.kit import clock
from enishi.web.guard import LEADERS, PageRequest, page
from enishi.web.pages.growth.present import (
    basis_words,
    early_words,
    kind_words,
    language,
    line,
    target_words,
)
from enishi.web.pages.growth.tabs import tabs
from enishi.web.pages.growth.trust import came_words, trust_of
from enishi.web.pages.portfolio.words import product_words
from enishi.work.api import may_act

A_PAGE = 50
LIKELY = Q(account__value=None) | (
    Q(account__value__left=False)
    & (Q(account__value__order_year=None) | Q(account__value__order_year__gte=0.5))
)
"""Neither gone with the contract nor less likely than not to order within a year; who was not valued yet is shown."""


def way_words() -> dict[str, str]:
    return {
        MODEL: _("Learned: what goes together and follows"),
        "best_sellers": _("Best-sellers"),
        "repeat_last": _("The last one again"),
    }


def reason_words() -> dict[str, str]:
    return {
        "together": _("bought by the same customers"),
        "sequence": _("often follows the last order"),
        "habit": _("its own habit"),
        "popular": _("sells best"),
        "repeat": _("its last order"),
    }


def _ways(trial: growth.CommerceTrial) -> list[dict[str, Any]]:
    """What each way reached on later orders."""
    rates, ahead = trial.report.get("rates", {}), trial.report.get("ahead", {})
    return [
        {"title": title, **rates[name], "used": name == trial.used, "ahead": ahead.get(name)}
        for name, title in way_words().items()
        if name in rates
    ]


def _task_title(row: growth.NextItems) -> str:
    """What a task made from a row begins with."""
    return _("Talk about the next order: %(item)s") % {"item": row.items[0]["item"] if row.items else ""}


@require_GET
@page()
def next_products(request: PageRequest) -> HttpResponse:
    """What customers who order are likely to order next, and whether that beats best-sellers."""
    trial = growth.CommerceTrial.objects.first()
    rows = growth.NextItems.objects.filter(account__in=visible_accounts(request.member)).select_related(
        "account__owner", "account__value"
    )
    everybody = rows.count()
    whole = request.GET.get("show") == "all"
    if not whole:
        old = company_day(clock.system_clock()) - timedelta(days=365)
        # The model lets nobody go before a second order.
        rows = rows.filter(LIKELY).exclude(orders=1, last_on__lt=old)
    search = request.GET.get("q", "")[:100].strip()
    if search:
        rows = rows.filter(named(search, "account__"))
    shown = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    ways = _ways(trial) if trial else []
    gone = 0 if whole or search else everybody - shown.paginator.count
    context = {
        "tabs": tabs("growth-next"),
        "trial": trial,
        "ways": ways,
        "least": LEAST_CUSTOMERS,
        "used": way_words().get(trial.used, "") if trial else "",
        "learned": bool(trial and trial.used == MODEL),
        "page": shown,
        "search": search,
        "reasons": reason_words(),
        "show": "all" if whole else "",
        "shows": [("all", _("All who ever ordered"))],
        "gone": gone,
        "asks": {row.account_id: urlencode({"title": _task_title(row)}) for row in shown},
        "may_act": may_act(request.member),
    }
    return render(request, "pages/growth/next.html", context)


@require_GET
@page()
def record(request: PageRequest) -> HttpResponse:
    """What was offered and what came; how good the statements were."""
    status = request.GET.get("status", "")
    status = status if status in Proposal.Status.values else ""
    titles = growth.offer_titles()
    rows = growth.list_proposals(request.member, status)
    shown = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    products = product_words({r.target["product"] for r in shown if r.target.get("product")})
    context = {
        "tabs": tabs("growth-record"),
        "status": status,
        "statuses": [(value, label) for value, label in Proposal.Status.choices],
        "page": shown,
        "rows": [
            {
                "one": one,
                "title": titles[one.offer].in_language(language())
                if one.offer in titles
                else kind_words().get(one.kind, one.offer),
                "target": target_words(one.kind, one.target, products),
            }
            for one in shown
        ],
        "records": [
            (titles[offer].in_language(language()) if offer in titles else offer, found)
            for offer, found in growth.record_by_offer(request.member).items()
        ],
        "trust": trust_of(growth.fits(), growth.versions()),
        "came": came_words(growth.said_and_came(request.member, company_day(clock.system_clock()))),
        "leads": request.member.role in LEADERS,
        "may_act": may_act(request.member),
    }
    return render(request, "pages/growth/record.html", context)


@require_GET
@page()
def account(request: PageRequest, number: int) -> HttpResponse:
    """The next best offer to an account with its reasons, and why no other."""
    customer = access_account(request.member, number)
    today = company_day(clock.system_clock())
    chances, best = growth.chances_of(customer, today)
    fits, titles = growth.fits(), growth.offer_titles()
    rows = [one.row for one in chances if one.row]
    products = product_words({r.target["product"] for r in rows if r.target.get("product")})
    said = {one.offer.slug: _chance(one, titles, fits, products) for one in chances}
    open_now = growth.list_proposals(request.member, "open", number).first()
    context = {
        "account": customer,
        "best": said.get(best.offer.slug) if best else None,
        "others": [one for slug, one in said.items() if best is None or slug != best.offer.slug],
        "open": open_now,
        "open_title": titles[open_now.offer].in_language(language())
        if open_now and open_now.offer in titles
        else "",
        "items": growth.NextItems.objects.filter(account=customer).first(),
        "reasons": reason_words(),
        "may_act": may_act(request.member),
        "shared": _shared_reason(chances),
    }
    return render(request, "pages/growth/account.html", context)


def _shared_reason(chances: list[Any]) -> str:
    """The first reason that keeps every offer from the customer, if there is one."""
    if not chances:
        return ""
    common = set.intersection(*({reason.rule for reason in one.verdict.reasons} for one in chances))
    first = next((reason for reason in chances[0].verdict.reasons if reason.rule in common), None)
    return first.text.in_language(language()) if first else ""


def _chance(one: Any, titles: Any, fits: Any, products: Any) -> dict[str, Any]:
    verdict = one.verdict
    words = {
        "ready": pgettext("offer", "ready now"),
        "later": pgettext("offer", "ready later"),
        "no_sign": pgettext("offer", "no signs yet"),
        "blocked": pgettext("offer", "not now"),
    }
    return {
        "slug": one.offer.slug,
        "title": one.offer.title.in_language(language()),
        "status": verdict.status,
        "word": words[verdict.status],
        "reasons": [reason.text.in_language(language()) for reason in verdict.reasons],
        "signs": [sign.text.in_language(language()) for sign in verdict.signs],
        "on": verdict.on,
        "target": target_words(one.offer.body.type, verdict.target, products),
        "uplift": verdict.uplift,
        "basis": basis_words(verdict.worth.basis, verdict.worth.customers) if verdict.worth else "",
        "line": line(one.row, titles, fits, products) if one.row else None,
        "early": early_words(fits.get(one.offer.body.type)),
    }
