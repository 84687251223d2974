"""Give events and products names that people read, in both languages."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from enishi.definitions.api import default_body, find_published, publish, save_draft
from enishi.kit import clock
from enishi.web.feedback import toast_after
from enishi.web.guard import LEADERS, PageRequest, page
from enishi.web.pages.names.reads import rows_of
from enishi.web.pages.setup.frame import setup_tabs

KINDS = ("events", "products")
LANGUAGES = ("ja", "en")
LONGEST = 80


@require_http_methods(["GET", "POST"])
@page(roles=LEADERS)
def names(request: PageRequest) -> HttpResponse:
    """The list of names, and saving it as a new version in force."""
    if request.method == "POST":
        _save(request)
        toast_after(request, _("Saved. The names are in use at once."))
        return HttpResponseRedirect(reverse("names"))
    context = {
        "tabs": setup_tabs(request.member, "names"),
        "events": rows_of("events"),
        "products": rows_of("products"),
        "longest": LONGEST,
    }
    return render(request, "pages/names/names.html", context)


def _save(request: PageRequest) -> None:
    found = find_published("names", "default")
    body = dict(found.version.body if found else default_body("names", "default"))
    for kind in KINDS:
        body[kind] = {**body.get(kind, {}), **_sent(request.POST.items(), kind)}
        body[kind] = {name: words for name, words in body[kind].items() if words}
    now = clock.system_clock()
    draft = save_draft("names", "default", body, actor=request.member, now=now)
    publish(draft, actor=request.member, now=now)


def _sent(fields: Iterable[tuple[str, object]], kind: str) -> dict[str, dict[str, str]]:
    """The names sent in fields ``<kind>:<id>:<language>``; an id without any name is empty."""
    sent: dict[str, dict[str, str]] = {}
    for field, value in fields:
        start, _colon, rest = field.partition(":")
        name, _colon, language = rest.rpartition(":")
        if start == kind and name and language in LANGUAGES:
            words = sent.setdefault(name, {})
            if text := " ".join(str(value).split())[:LONGEST]:
                words[language] = text
    return sent
