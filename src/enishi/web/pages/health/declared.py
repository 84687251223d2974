"""A declared thing as text, its versions and the way back: the same for whatever is declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from enishi.definitions.api import (
    as_yaml,
    changes_between,
    find_published,
    known_metrics,
    list_versions,
    parse_body,
    publish,
    roll_back,
    save_draft,
)
from enishi.definitions.models import DefinitionVersion
from enishi.kit.clock import system_clock
from enishi.kit.errors import EnishiError
from enishi.kit.text import Text
from enishi.web.feedback import toast_after
from enishi.web.guard import LEADERS, PageRequest
from enishi.web.pages.health.card_present import mistakes_of
from enishi.web.pages.health.rule_views import read_text

Crumbs = Sequence[tuple[str, str]]  # title, address
MOST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Declared:
    """A definition in force and where its pages are: ``form`` edits it, ``leave`` is where one came from."""

    kind: str
    slug: str
    body: Mapping[str, Any]
    title: Text
    crumbs: Crumbs
    form: str
    leave: str


def edit_as_text(request: PageRequest, one: Declared) -> HttpResponse:
    """Check the text, compare it in words with what is in force, put it in force."""
    sent = request.method == "POST"
    text = request.POST.get("text", "") if sent else as_yaml(one.kind, one.slug, dict(one.body))
    context: dict[str, Any] = {"one": one, "text": text, "note": request.POST.get("note", "")}
    if not sent:
        return render(request, "pages/health/declared_text.html", context)
    try:
        body = read_text(text, one.kind)
        parse_body(one.kind, body, known_metrics())
    except EnishiError as error:
        context |= {"error": error, "mistakes": mistakes_of(error)}
        return render(request, "pages/health/declared_text.html", context, status=422)
    if request.POST.get("act") != "publish":
        context |= {"checked": True, "changes": changes_between(one.kind, one.body, body)}
        return render(request, "pages/health/declared_text.html", context)
    return put_in_force(request, one.kind, one.slug, body, one.leave)


def put_in_force(
    request: PageRequest, kind: str, slug: str, body: Mapping[str, Any], leave: str
) -> HttpResponse:
    """Publish what customers are judged by from now on."""
    now, note = system_clock(), request.POST.get("note", "")[:500]
    version = save_draft(kind, slug, dict(body), actor=request.member, now=now, note=note)
    publish(version, actor=request.member, now=now)
    said = _("Version %(n)s is in force; customers are judged anew within minutes.")
    toast_after(request, said % {"n": version.number})
    return redirect(leave)


def show_versions(
    request: PageRequest, kind: str, slug: str, crumbs: Crumbs, rollback: str, title: Text | None = None
) -> HttpResponse:
    """Who changed what, when and why."""
    found = list(list_versions(kind, slug)[:MOST_SHOWN]) if find_published(kind, slug) else []
    own = Text.parse(found[0].body.get("title") or slug) if found else Text(slug, slug)
    context = {
        "title": title or own,
        "rows": _rows(found),
        "crumbs": crumbs,
        "rollback": rollback,
        "edits": request.member.role in LEADERS,
    }
    return render(request, "pages/health/versions.html", context)


def _rows(found: list[DefinitionVersion]) -> list[dict[str, Any]]:
    """Each version with what it changed of the one that was in force before; drafts never were."""
    rows = []
    for index, version in enumerate(found):
        before = next((v for v in found[index + 1 :] if v.status != DefinitionVersion.Status.DRAFT), None)
        changes = changes_between(version.definition.kind, before.body, version.body) if before else []
        rows.append({"version": version, "changes": changes, "first": before is None})
    return rows


def go_back(request: PageRequest, kind: str, slug: str) -> None:
    """Put the version whose number was sent in force again."""
    number = request.POST.get("number", "")
    version = roll_back(
        kind, slug, int(number) if number.isdecimal() else 0, actor=request.member, now=system_clock()
    )
    toast_after(request, _("Version %(n)s is in force.") % {"n": version.number})
