"""Stating what we think of a person, taking it back, and deciding about moves."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from enishi.accounts.company import company_day
from enishi.accounts.models import Role
from enishi.kit import clock
from enishi.kit.errors import EnishiError, NotFound
from enishi.kit.text import Text
from enishi.stakeholders import api as room
from enishi.stakeholders.contracts import Said
from enishi.stakeholders.reads import said_of
from enishi.web import words
from enishi.web.feedback import toast_after
from enishi.web.guard import PageRequest, page
from enishi.web.pages.stakeholders.forms import OpinionForm

WRITING = frozenset({Role.ADMIN.value, Role.MANAGER.value, Role.CSM.value})
VERBS = {"confirm": "confirmed", "dismiss": "dismissed", "reopen": "proposed"}


def _fresh(request: PageRequest, message: str, undo: str) -> HttpResponse:
    """Every figure of the tab may have changed: it is drawn anew, and says what was done."""
    toast_after(request, message, undo=undo)
    return HttpResponse(status=204, headers={"HX-Refresh": "true"})


@require_http_methods(["GET", "POST"])
@page(roles=WRITING)
def opinion(request: PageRequest, number: int, contact: int) -> HttpResponse:
    """The dialog in which a person is assessed, and keeping it."""
    now = clock.system_clock()
    found = room.access_contact(request.member, number, contact)
    said = said_of([found.pk], None).get(found.pk, Said())
    data = request.POST if request.method == "POST" else None
    form = OpinionForm(data, contact=found, said=said, today=company_day(now))
    if data is not None and form.is_valid():
        try:
            made = room.assess(request.member, number, contact, form.opinion(), now=now)
        except EnishiError as error:
            _show(form, error)
        else:
            undo = reverse("stakeholder-undo", args=[made.pk])
            return _fresh(request, _("Kept for %(name)s.") % {"name": words.person(found)}, undo)
    context = {"form": form, "contact": found, "account": found.account}
    return render(request, "pages/stakeholders/opinion.html", context)


def _show(form: OpinionForm, error: EnishiError) -> None:
    language = get_language() or "ja"
    for name, text in error.fields.items():
        form.add_error(name if name in form.fields else None, text.in_language(language))
    if not error.fields:
        form.add_error(None, error.message.in_language(language))


@require_POST
@page(roles=WRITING)
def undo(request: PageRequest, number: int) -> HttpResponse:
    """Take a statement back."""
    room.undo_assessment(request.member, number, now=clock.system_clock())
    return _fresh(request, _("Taken back."), "")


@require_POST
@page(roles=WRITING)
def move(request: PageRequest, number: int, verb: str) -> HttpResponse:
    """Confirm or dismiss that two contacts are one person, or ask again."""
    if verb not in VERBS:
        raise NotFound("unknown_act", Text(f"There is no act “{verb}”.", f"操作「{verb}」はありません。"))
    room.decide_move(request.member, number, VERBS[verb], now=clock.system_clock())
    said = {
        "confirm": _("Linked: both customers show it."),
        "dismiss": _("Not the same person."),
        "reopen": _("The question is open again."),
    }[verb]
    back = "" if verb == "reopen" else reverse("stakeholder-move", args=[number, "reopen"])
    return _fresh(request, said, back)
