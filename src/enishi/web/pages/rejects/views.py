"""Looking through rejected items, correcting them, taking them in or discarding them."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from enishi.ingest.about import FILE, way_of
from enishi.ingest.desk import bring_back, discard_many, may_open_again, take_in, take_in_many
from enishi.ingest.files.reading import stated_headings
from enishi.ingest.mending import Pile, item_of, places_at_fault
from enishi.ingest.models import Reject
from enishi.ingest.settling import stated_since
from enishi.kit.errors import EnishiError
from enishi.kit.home import Home
from enishi.web.asking import numbers_in
from enishi.web.feedback import toast_after
from enishi.web.guard import LEADERS, PageRequest, page
from enishi.web.pages.rejects.contents import as_entered, contents_of, corrected, editable, line_of
from enishi.web.pages.rejects.mending import failed_corrections, kept_corrections
from enishi.web.pages.rejects.reads import (
    Filters,
    bare,
    cells_of,
    choices,
    closed_by,
    find_rejects,
    heaps,
    import_of,
    kind_title,
    language,
    pretty,
    status_titles,
)
from enishi.web.pages.setup.frame import setup_tabs

A_PAGE = 50
AT_ONCE = 2000


def _find(number: int) -> Reject:
    found = Reject.objects.filter(pk=number).first()
    if found is None:
        raise Http404
    return found


@require_GET
@page(roles=LEADERS, whole_book=True)
def rejects(request: PageRequest) -> HttpResponseBase:
    """The desk: what waits, why, and from where."""
    filters = Filters.of(request.GET)
    shown = Paginator(find_rejects(filters), A_PAGE).get_page(request.GET.get("page"))
    open_items = Reject.objects.filter(status=Reject.Status.OPEN).count()
    context = {
        "tabs": setup_tabs(request.member, "rejects", {"rejects": open_items}),
        "page": shown,
        "lines": [line_of(row) for row in shown],
        "filters": filters,
        "kinds": choices("kind"),
        "sources": choices("source"),
        "statuses": status_titles(),
        "heaps": heaps(find_rejects(filters)) if filters.status == Reject.Status.OPEN else [],
        "kept": kept_corrections(),
        "failed": failed_corrections(),
        "query": urlencode({k: v for k, v in request.GET.items() if k != "page"}),
        "any": Reject.objects.exists(),
        "at_once": AT_ONCE,
    }
    return render(request, "pages/rejects/rejects.html", context)


def _place(reject: Reject) -> str:
    return next(iter(places_at_fault(reject)), "")


def _count_alike(reject: Reject) -> int:
    """How many wait for the same reason at the same place; 0 where the whole item is at fault."""
    place = _place(reject)
    return Pile(reject.kind, reject.source, reject.reason, place).waiting().count() if place else 0


def _show(
    request: PageRequest,
    found: Reject,
    *,
    payload: str = "",
    error: EnishiError | None = None,
    status: int = 200,
) -> HttpResponse:
    made = import_of(found)
    contents = [] if made else contents_of(found)
    context = {
        "tabs": setup_tabs(request.member, "rejects"),
        "reject": found,
        "kind": kind_title(found.kind),
        "reasons": found.message(language()).split("\n"),
        "place": bare(found.place),
        "made": made,
        "cells": cells_of(found, made) if made else [],
        "contents": as_entered(contents, request.POST),
        "editable": bool(editable(contents)),
        "raw_open": "payload" in request.POST,
        "payload": payload or pretty(found.payload),
        "error": error.as_dict(language()) if error else None,
        "wrong": [(bare(name), text.in_language(language())) for name, text in error.fields.items()]
        if error
        else [],
        "open": found.status == Reject.Status.OPEN,
        "may_open_again": may_open_again(found),
        "alike": _count_alike(found),
        "alike_query": urlencode(
            {"kind": found.kind, "source": found.source, "reason": found.reason, "place": _place(found)}
        ),
        "status_title": dict(status_titles())[found.status],
        "closed_by": closed_by(found),
        "since": stated_since(found, made, item_of(found) or {}) if made else None,
    }
    return render(request, "pages/rejects/reject.html", context, status=status)


@require_GET
@page(roles=LEADERS, whole_book=True)
def show(request: PageRequest, number: int) -> HttpResponseBase:
    """One item, its reason, and its content to be corrected."""
    return _show(request, _find(number))


@page(roles=LEADERS, whole_book=True)
@require_POST
def replay(request: PageRequest, number: int) -> HttpResponseBase:
    """Take a corrected item in."""
    found = _find(number)
    written = request.POST.get("payload", "")
    payload = written or _from_cells(request, found)
    try:
        take_in(Home.from_environment(), found, payload, actor=request.member, now=timezone.now())
    except EnishiError as error:
        found.refresh_from_db()
        return _show(request, found, payload=written, error=error, status=422)
    toast_after(request, _("The item was taken in."))
    return HttpResponseRedirect(_next_address(found))


def _from_cells(request: PageRequest, found: Reject) -> str:
    """The item as its form states it, as JSON."""
    made = import_of(found)
    if way_of(found) != FILE or made is None:
        return corrected(found, request.POST)
    cells = {h: request.POST.get(f"cell-{n}") or None for n, h in enumerate(stated_headings(made.headings))}
    return json.dumps(cells, ensure_ascii=False)


def _next_address(done: Reject) -> str:
    """The next open item of the same reason, so that a pile is worked off without going back."""
    rows = Reject.objects.filter(status=Reject.Status.OPEN, reason=done.reason, source=done.source)
    following = rows.filter(pk__lt=done.pk).order_by("-pk").first()
    return reverse("reject", args=[following.pk]) if following else reverse("rejects")


@page(roles=LEADERS, whole_book=True)
@require_POST
def discard(request: PageRequest, number: int) -> HttpResponseBase:
    """Close one item without taking it in."""
    found = _find(number)
    gone = discard_many([found], actor=request.member, now=timezone.now())
    toast_after(request, _("The item was discarded."), undo=_back_address(gone))
    return HttpResponseRedirect(_next_address(found))


def _back_address(numbers: list[int]) -> str:
    """Where discarding is undone; long lists are not undone at once, they stay under "Discarded"."""
    listed = ",".join(map(str, numbers))
    return f"{reverse('rejects-reopen')}?{urlencode({'items': listed})}" if 0 < len(listed) < 1500 else ""


@page(roles=LEADERS, whole_book=True)
@require_POST
def many(request: PageRequest) -> HttpResponseBase:
    """Try again or discard the ticked items, or all that fit the conditions."""
    picked = numbers_in(request.POST.getlist("pick"))
    rows = find_rejects(Filters.of(request.GET)).filter(status=Reject.Status.OPEN)
    chosen = rows[:AT_ONCE] if request.POST.get("all") else rows.filter(pk__in=picked)[:AT_ONCE]
    now = timezone.now()
    if request.POST.get("verb") == "discard":
        gone = discard_many(chosen, actor=request.member, now=now)
        text = ngettext("%(n)s item was discarded.", "%(n)s items were discarded.", len(gone)) % {
            "n": len(gone)
        }
        toast_after(request, text, undo=_back_address(gone))
    else:
        sweep = take_in_many(Home.from_environment(), list(chosen), actor=request.member, now=now)
        text = ngettext("%(n)s item was taken in.", "%(n)s items were taken in.", sweep.taken) % {
            "n": sweep.taken
        }
        if sweep.refused:
            text += " " + ngettext("%(n)s is still refused.", "%(n)s are still refused.", sweep.refused) % {
                "n": sweep.refused
            }
        toast_after(request, text, kind="info" if sweep.taken else "error")
    return HttpResponseRedirect(f"{reverse('rejects')}?{request.GET.urlencode()}")


@page(roles=LEADERS, whole_book=True)
@require_POST
def reopen(request: PageRequest) -> HttpResponseBase:
    """Undo a discarding."""
    numbers = numbers_in(request.GET.get("items", "").split(","))
    numbers += numbers_in(request.POST.getlist("pick"))
    count = bring_back(numbers, actor=request.member)
    text = ngettext("%(n)s item is open again.", "%(n)s items are open again.", count) % {"n": count}
    toast_after(request, text)
    return HttpResponseRedirect(reverse("rejects"))
