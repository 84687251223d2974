"""Writing, pinning, changing and deleting notes in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts.access import access_account
from enishi.accounts.models import Account
from enishi.kit import clock
from enishi.kit.errors import EnishiError, NotFound
from enishi.kit.text import Text
from enishi.texts.api import judgements_of
from enishi.web.feedback import toast, trigger
from enishi.web.guard import PageRequest, page
from enishi.web.pages.account.words import say
from enishi.work import api as work

ACTING = frozenset(work.ACTING_ROLES)


def notes_context(request: PageRequest, account: Account) -> dict[str, object]:
    member = request.member
    notes: list[dict[str, Any]] = [
        {"note": note, "may_change": work.may_act(member) and work.may_change_note(member, note)}
        for note in work.notes_of(account)
    ]
    reads = judgements_of("note", {item["note"].pk: item["note"].body.strip() for item in notes})
    return {"account": account, "notes": notes, "may_act": work.may_act(member), "reads": reads}


def _list(request: PageRequest, account: Account, **more: object) -> HttpResponse:
    return render(request, "pages/account/notes_list.html", {**notes_context(request, account), **more})


@require_POST
@page(roles=ACTING)
def add(request: PageRequest, number: int) -> HttpResponse:
    """A new note; the list comes back."""
    account = access_account(request.member, number)
    body = request.POST.get("body", "")
    try:
        work.add_note(request.member, number, body, now=clock.system_clock())
    except EnishiError as error:
        return _list(request, account, error=say(error.message), body=body)
    return toast(_list(request, account), _("The note is saved."))


@require_http_methods(["GET", "POST"])
@page(roles=ACTING)
def edit(request: PageRequest, number: int) -> HttpResponse:
    """The note as a form, and back."""
    note = work.access_note(request.member, number)
    if request.method == "GET":
        return _list(request, note.account, editing=note.pk)
    body = request.POST.get("body", "")
    try:
        work.edit_note(request.member, number, body, now=clock.system_clock())
    except EnishiError as error:
        return _list(request, note.account, editing=note.pk, edit_error=say(error.message), edit_body=body)
    return toast(_list(request, note.account), _("The note is saved."))


@require_POST
@page(roles=ACTING)
def act(request: PageRequest, number: int, verb: str) -> HttpResponse:
    """Pin, unpin, delete, restore: the list comes back. The undo of a deletion only tells the list to reload."""
    member, now = request.member, clock.system_clock()
    verbs: dict[str, Callable[[], work.Note]] = {
        "pin": lambda: work.pin_note(member, number, pinned=True),
        "unpin": lambda: work.pin_note(member, number, pinned=False),
        "delete": lambda: work.delete_note(member, number, now=now),
        "restore": lambda: work.restore_note(member, number),
    }
    if verb not in verbs:
        raise NotFound("unknown_act", Text(f"There is no act “{verb}”.", f"操作「{verb}」はありません。"))
    note = verbs[verb]()
    if verb == "restore":
        return trigger(toast(HttpResponse(status=204), _("The note is back.")), "notesChanged")
    response = _list(request, note.account)
    if verb == "delete":
        undo = reverse("account-note-act", args=[number, "restore"])
        return toast(response, _("The note is deleted."), undo=undo)
    return response


@require_GET
@page()
def listing(request: PageRequest, number: int) -> HttpResponse:
    """The notes alone, drawn anew."""
    return _list(request, access_account(request.member, number))
