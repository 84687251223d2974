"""Growth: who is ready for what, and why?"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from enishi.accounts.access import visible_accounts
from enishi.accounts.audit import write_audit
from enishi.accounts.company import company_day, get_company
from enishi.accounts.models import Member
from enishi.growth import api as growth
from enishi.kit import clock
from enishi.kit.text import Text
from enishi.reports.tables import Heading
from enishi.web.exporting import asked_format, table_answer
from enishi.web.guard import LEADERS, PageRequest, page
from enishi.web.pages.growth.present import lines
from enishi.web.pages.growth.query import read_wanted
from enishi.web.pages.growth.tabs import tabs
from enishi.web.pages.portfolio.words import minor_units, tier_words
from enishi.web.paging import AT_ONCE, Counted, Deep, batched
from enishi.web.words import person
from enishi.work.api import may_act

A_PAGE = 50
EXPORTING = LEADERS | {"csm", "sales"}
MOST_EXPORTED = 50_000


def _asked(request: PageRequest) -> tuple[growth.Wanted, dict[str, Text]]:
    titles = growth.offer_titles()
    return read_wanted(request.GET, set(titles), set(tier_words())), titles


@require_GET
@page()
def ready(request: PageRequest) -> HttpResponse:
    """Customers ready for an offer, the one to make first each."""
    today = company_day(clock.system_clock())
    wanted, titles = _asked(request)
    totals = growth.totals(request.member, wanted, today)
    now = (
        totals if wanted.when == "now" else growth.totals(request.member, replace(wanted, when="now"), today)
    )
    view = (request.member, wanted, today)
    numbers = Deep(
        growth.numbers_of(*view), partial(growth.portion_of, *view), partial(growth.standing_of, *view)
    )
    shown = Counted(numbers, A_PAGE, totals.rows).get_page(request.GET.get("page"))
    fits, run = growth.fits(), growth.last_run()
    context = {
        "tabs": tabs("growth"),
        "wanted": wanted,
        "filtered": any((wanted.offer, wanted.owner, wanted.tier, wanted.when, wanted.search)),
        "page": shown,
        "lines": lines(growth.rows_of(list(shown)), titles, fits),
        "totals": totals,
        "now": now,
        "later": totals.accounts - now.accounts,
        "offers": [(slug, title) for slug, title in _said(titles).items()],
        "owners": _owners(request.member),
        "tiers": list(tier_words().items()),
        "whens": [
            ("now", _("Now")),
            ("30", _("Within 30 days")),
            ("90", _("Within 90 days")),
            ("180", _("Within 180 days")),
        ],
        "run": run,
        "may_act": may_act(request.member),
        "exports": request.member.role in EXPORTING,
        "query_string": urlencode(request.GET, doseq=True),
        "today": today,
        "open": growth.list_proposals(request.member, "open").count(),
        "sort": request.GET.get("sort", "-expected"),
    }
    return render(request, "pages/growth/ready.html", context)


def _said(titles: dict[str, Text]) -> dict[str, str]:
    from enishi.web.pages.growth.present import language

    return {slug: title.in_language(language()) for slug, title in titles.items()}


def _owners(member: Member) -> list[tuple[str, str]]:
    theirs = visible_accounts(member).order_by().filter(owner=OuterRef("pk"))
    people = Member.objects.filter(Exists(theirs)).order_by("name_kana", "family_name", "email")
    return [*((str(one.pk), person(one)) for one in people), ("-", _("Nobody"))]


@require_GET
@page(roles=EXPORTING)
def export(request: PageRequest) -> HttpResponse:
    """The same list as a file."""
    file_format = asked_format(request)
    today = company_day(clock.system_clock())
    wanted, titles = _asked(request)
    numbers = growth.numbers_of(request.member, wanted, today)[:MOST_EXPORTED]
    rows = [row for part in batched(list(numbers), AT_ONCE) for row in growth.rows_of(part)]
    headings, table = _table(lines(rows, titles, growth.fits()))
    name, title = f"growth-{today:%Y%m%d}", _("Ready customers")
    answer, written = table_answer(name, file_format, headings, table, title=title)
    write_audit(request.member, "growth_exported", "growth", detail={"format": file_format, "rows": written})
    return answer


def _whole(amount: int | None, unit: int) -> Decimal | None:
    return None if amount is None else Decimal(amount) / unit


def _table(found: list[Any]) -> tuple[list[Heading], list[list[Any]]]:
    currency = get_company().currency
    unit, money = minor_units(currency), f" ({currency})"
    headings = [
        Heading(_("Account")), Heading(_("Owner")), Heading(_("Offer")), Heading(_("What exactly")), Heading(pgettext("offer", "When"), "day"),
        Heading(_("Signs")), Heading(_("Probability"), "percent"), Heading(_("Low"), "percent"), Heading(_("High"), "percent"),
        Heading(_("Uplift a month") + money, "money"), Heading(_("What the uplift rests on")), Heading(_("Expected margin of a year") + money, "money"),
        Heading(pgettext("offer", "Note")),
    ]  # fmt: skip
    table = [
        [
            one.row.account.name, person(one.row.account.owner) if one.row.account.owner else "", one.title, one.target,
            one.row.on, " / ".join(sign.text for sign in one.signs),
            one.row.probability, one.row.low, one.row.high,
            _whole(one.row.uplift, unit), one.basis, _whole(one.row.expected, unit),
            one.early or (_("rate of all") if one.shared else ""),
        ]
        for one in found
    ]  # fmt: skip
    return headings, table
