"""The list of relationships over the book, and its file."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from enishi.accounts.access import visible_accounts
from enishi.accounts.audit import write_audit
from enishi.accounts.company import company_day
from enishi.accounts.models import Member
from enishi.kit import clock
from enishi.segments.api import tier_titles
from enishi.stakeholders.models import RelationshipRun
from enishi.web import words
from enishi.web.exporting import asked_format, table_answer
from enishi.web.guard import WORKERS, PageRequest, page
from enishi.web.pages.account.words import say
from enishi.web.pages.stakeholders import listing


@require_GET
@page()
def relations(request: PageRequest) -> HttpResponse:
    """Where is the relationship thin, and who is about to leave?"""
    view = listing.read_view(request.GET)
    shown = listing.page_of(request.member, view, request.GET.get("page"))
    titles, counts = listing.finding_titles(), listing.counts(request.member)
    context = {
        "view": view,
        "sort": view.sort,
        "page": shown,
        "lines": list(listing.lines_of(listing.rows_of(list(shown)))),
        "findings": [(name, f"{title} ({counts[name]})") for name, title in titles.items()],
        "of_all": _("of %(n)s customers") % {"n": words.number(counts["all"])},
        "stats": [(name, titles[name], counts[name]) for name in ("key", "single", "executive", "silent")],
        "owners": _owners(request.member),
        "tiers": [(slug, say(title)) for slug, title in tier_titles().items()],
        "run": RelationshipRun.objects.exclude(finished_at=None).first(),
        "exports": request.member.role in WORKERS,
        "query_string": urlencode({key: value for key, value in request.GET.items() if key != "page"}),
    }
    return render(request, "pages/stakeholders/relations.html", context)


def _owners(member: Member) -> list[tuple[int, str]]:
    """Those who look after the customers in view."""
    theirs = visible_accounts(member).order_by().filter(owner=OuterRef("pk"))
    owners = Member.objects.filter(Exists(theirs)).order_by("name_kana", "family_name", "email")
    return [(one.pk, words.person(one)) for one in owners]


@require_GET
@page(roles=WORKERS)
def export_relations(request: PageRequest) -> HttpResponse:
    """The same list as a file."""
    file_format, view = asked_format(request), listing.read_view(request.GET)
    rows = listing.cells_of(listing.select(request.member, view).iterator(chunk_size=1000))
    name = f"relationships-{company_day(clock.system_clock()):%Y%m%d}"
    answer, written = table_answer(name, file_format, listing.headings(), rows, title=_("Relationships"))
    detail: dict[str, Any] = {"format": file_format, "rows": written}
    write_audit(request.member, "relations_exported", "relations", detail=detail)
    return answer
