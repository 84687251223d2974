"""Revenue: where does the money move?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from enishi.accounts.audit import write_audit
from enishi.accounts.company import company_day, get_company
from enishi.kit.clock import system_clock
from enishi.reports.tables import Heading, Row
from enishi.web.exporting import asked_format, table_answer
from enishi.web.guard import LEADERS, PageRequest, page
from enishi.web.pages.portfolio.words import minor_units, product_words
from enishi.web.pages.revenue import present, reads, voices
from enishi.web.pages.revenue.listing import PAGE_SIZE, Listing, read_listing
from enishi.web.pages.revenue.query import Drill, read_drill, read_query
from enishi.web.pages.revenue.tabs import tabs

EXPORTING = LEADERS | {"csm", "sales"}


@require_GET
@page()
def revenue(request: PageRequest) -> HttpResponse:
    """Bridge, retention, cohorts, within the member's scope."""
    today = company_day(system_clock())
    query = read_query(request.GET)
    context = present.page_context(request.member, query, today) | {"today": today, "tabs": tabs("revenue")}
    if not query.segment and context["day"] == today:
        context["voice"] = voices.read_voice(request.member, today)
        found = voices.read_time_to_value(request.member)
        context["value"] = found
        context["value_chart"] = present.value_chart(found) if found and found.happened else None
    return render(request, "pages/revenue/revenue.html", context)


def _titles(drill: Drill) -> dict[str, str]:
    return present.movement_words() | {
        "": _("All movements"),
        "mrr": _("MRR in force"),
        "retention": _("What became of the customers of the start"),
        "lost": _("Customers lost"),
        "renewals": _("Renewals due"),
        "cohort": _("What became of those who came"),
    }


def renewal_words() -> dict[str, str]:
    return {"renewed": _("Renewed"), "not_renewed": _("Not renewed")}


@require_GET
@page()
def movements(request: PageRequest) -> HttpResponse:
    """The accounts behind a figure, adding up to it."""
    today = company_day(system_clock())
    drill = read_drill(request.GET, today)
    found = read_listing(request.member, drill, today)
    shown = Paginator(found.entries, PAGE_SIZE).get_page(request.GET.get("page"))
    names = reads.names_of([entry.account_id for entry in shown])
    context = {
        "drill": drill,
        "title": _titles(drill)[drill.movement],
        "listing": found,
        "page": shown,
        "names": names,
        "products": _products(drill, (entry.product for entry in shown)),
        "words": present.movement_words() | renewal_words(),
        "last": max(drill.start, drill.end - timedelta(days=1)),
        "looked": (drill.on or drill.end) - timedelta(days=1),
        "back": reverse("revenue") + drill.view.address,
        "exports": request.member.role in EXPORTING,
        "query_string": urlencode(request.GET, doseq=True),
    }
    return render(request, "pages/revenue/movements.html", context)


def _products(drill: Drill, ids: Iterable[str]) -> dict[str, str]:
    """What the rows name beside the account: a product by its name, a plan as it is."""
    own = {name for name in ids if name}
    return {name: name for name in own} if drill.view.by == "plan" else product_words(own)


def _table(found: Listing, drill: Drill) -> tuple[list[Heading], Iterator[Row]]:
    company = get_company()
    unit, words = minor_units(company.currency), present.movement_words() | renewal_words()
    names = reads.names_of([entry.account_id for entry in found.entries])
    products = _products(drill, (entry.product for entry in found.entries))
    money = f" ({company.currency})"
    headings = [
        Heading(_("Account")), Heading(_("Plan") if drill.view.by == "plan" else _("Product")), Heading(_("Movement")), Heading(_("Day"), "day"),
        Heading(_("Before") + money, "money"), Heading(pgettext("money", "Change") + money, "money"), Heading(_("After") + money, "money"),
    ]  # fmt: skip
    rows = (
        [names.get(e.account_id, ""), products.get(e.product, ""), words.get(e.kind, ""), e.on,
         *(Decimal(amount) / unit for amount in (e.before, e.amount, e.after))]
        for e in found.entries
    )  # fmt: skip
    return headings, rows


@require_GET
@page(roles=EXPORTING)
def export_movements(request: PageRequest) -> HttpResponse:
    """The same list as a file."""
    file_format = asked_format(request)
    today = company_day(system_clock())
    drill = read_drill(request.GET, today)
    headings, rows = _table(read_listing(request.member, drill, today), drill)
    name, title = f"revenue-{drill.start:%Y%m%d}", _titles(drill)[drill.movement]
    answer, _n = table_answer(name, file_format, headings, rows, title=title)
    detail = {
        "movement": drill.movement,
        "from": str(drill.start),
        "to": str(drill.end),
        "format": file_format,
    }
    write_audit(request.member, "revenue_exported", "revenue", detail=detail)
    return answer
