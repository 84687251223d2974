"""Data retention and erasure of a person: for administrators."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from enishi.accounts.models import Contact
from enishi.ingest.foreseeing import GROUPS, JUDGED, foresee_erasure
from enishi.ingest.models import ErasureRequest
from enishi.kit.clock import system_clock
from enishi.kit.errors import EnishiError
from enishi.kit.home import Home
from enishi.store.kinds import KINDS
from enishi.web.feedback import toast_after
from enishi.web.guard import ADMINS, LEADERS, PageRequest, page
from enishi.web.pages.setup import privacy
from enishi.web.pages.setup.frame import setup_tabs
from enishi.web.pages.setup.mentions import find_mentions, find_naming

SHOWN = 50


def _context(request: PageRequest) -> dict[str, Any]:
    erases = request.member.role in ADMINS
    text = request.GET.get("q", "")[:200] if erases else ""
    return {
        "erases": erases,
        "tabs": setup_tabs(request.member, "privacy"),
        "months": privacy.read_months(),
        "text": text,
        "found": privacy.find_contacts(request.member, text),
        **_requests(),
    }


def _requests() -> dict[str, Any]:
    rows = list(ErasureRequest.objects.order_by("-pk")[:SHOWN])
    return {"requests": rows, "waiting": any(row.done_at is None for row in rows)}


@require_GET
@page(roles=LEADERS)
def privacy_home(request: PageRequest) -> HttpResponse:
    """Retention, the search for a person, and what was erased before; managers read, administrators act."""
    return render(request, "pages/setup/privacy.html", _context(request))


@require_POST
@page(roles=ADMINS)
def retention(request: PageRequest) -> HttpResponse:
    """Keep raw events for so long."""
    try:
        privacy.save_months(request.member, request.POST.get("raw_months", ""))
    except EnishiError as error:
        context = _context(request) | {"error": error, "months": request.POST.get("raw_months", "")}
        return render(request, "pages/setup/privacy.html", context, status=422)
    toast_after(request, _("Saved."))
    return redirect("privacy")


@page(roles=ADMINS)
def erasure(request: PageRequest, number: int) -> HttpResponseBase:
    """What would be erased of a person; with a reason, the erasure itself."""
    contact = privacy.access_contact(request.member, number)
    error: EnishiError | None = None
    if request.method == "POST":
        try:
            privacy.erase(
                request.member,
                contact,
                request.POST.get("reason", ""),
                request.POST.getlist("text"),
                request.POST.getlist("shown"),
                now=system_clock(),
            )
        except EnishiError as refused:
            error = refused
        else:
            toast_after(
                request,
                _("The person is erased here. The facts of the store follow; see below how far it is."),
            )
            return redirect("privacy")
    context = {
        "tabs": setup_tabs(request.member, "privacy"),
        "contact": contact,
        "fields": privacy.fields_of(contact),
        "error": error,
        **_foreseen(request, contact),
    }
    return render(request, "pages/setup/erasure.html", context, status=422 if error else 200)


def _foreseen(request: PageRequest, contact: Contact) -> dict[str, Any]:
    """What would go, and the texts of others: those with an id are emptied unless somebody keeps them, those with a
    name only where somebody says so."""
    foreseen = foresee_erasure(contact, Home.from_environment())
    naming = find_naming(request.member, contact, foreseen.naming)
    keys = {one.key for one in naming}
    return {
        "foreseen": foreseen,
        "records": [(KINDS[kind].title, count) for kind, count in foreseen.records.items()],
        "rewritten": [(GROUPS[group], count) for group, count in foreseen.rewritten.items()],
        "judged": [(JUDGED[group], count) for group, count in foreseen.judged.items()],
        "naming": naming,
        "hidden": len(foreseen.naming) - len(naming),
        "mentions": [one for one in find_mentions(contact) if one.key not in keys],
        "chosen": request.POST.getlist("text") if request.method == "POST" else keys,
    }


@require_GET
@page(roles=LEADERS)
def erasures(request: PageRequest) -> HttpResponse:
    """The list of erasures alone, asked for while one is under way."""
    return render(request, "pages/setup/_erasures.html", _requests())


@require_GET
@page(roles=ADMINS)
def disclosure(request: PageRequest, number: int) -> HttpResponse:
    """Everything kept of a person as a file, for a request of access."""
    contact = privacy.access_contact(request.member, number)
    content = privacy.disclosed(request.member, contact, settings.CONFIGURATION.home)
    headers = {"Content-Disposition": f'attachment; filename="person-{contact.pk}.json"'}
    return HttpResponse(content, content_type="application/json; charset=utf-8", headers=headers)
