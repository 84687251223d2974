"""A declared thing as text, its versions and the way back: the same for whatever is declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import yaml
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

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
from enishi.web.asking import number_in
from enishi.web.feedback import toast_after
from enishi.web.guard import LEADERS, PageRequest
from enishi.web.pages.health.card_present import mistakes_of

Crumbs = Sequence[tuple[str, str]]  # title, address
MOST_SHOWN = 50
LARGEST = 200_000
DEEPEST = 50  # brackets within brackets
_SAID = gettext_noop("Version %(n)s is in force; customers are judged anew within minutes.")


@dataclass(frozen=True, slots=True)
class Declared:
    """A definition in force and where its pages are: ``form`` edits it, ``leave`` is where one came from; ``said`` once a
    version (``n``) is in force."""

    kind: str
    slug: str
    body: Mapping[str, Any]
    title: Text
    crumbs: Crumbs
    form: str
    leave: str
    said: str = _SAID


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
    return put_in_force(request, one.kind, one.slug, body, one.leave, said=one.said)


def read_text(text: str, kind: str) -> dict[str, Any]:
    """A definition's text as a body.

    Raises:
        EnishiError: ``bad_text`` where it is not YAML of the right kind, naming the line.
    """
    try:
        document = _parsed(text[:LARGEST])
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 1
        raise EnishiError(
            "bad_text",
            Text(
                f"Line {line} cannot be read: {getattr(error, 'problem', '')}.",
                f"{line}行目を読み取れません。",
            ),
            Text(
                "Check indentation, colons and quotes there.",
                "その行の字下げ、コロン、引用符をご確認ください。",
            ),
        ) from error
    except RecursionError:
        raise EnishiError(
            "bad_text",
            Text("The text is nested too deeply.", "入れ子が深すぎるため読み取れません。"),
            Text(
                "A definition needs fewer than ten levels; look for stray brackets.",
                "定義の入れ子は10段までで足ります。余分な括弧がないかご確認ください。",
            ),
        ) from None
    if not isinstance(document, dict):
        message = Text("The text is not a definition.", "定義として読み取れません。")
        raise EnishiError(
            "bad_text", message, Text("It starts with kind and slug.", "kind と slug から始めてください。")
        )
    document.pop("kind", None)
    document.pop("slug", None)
    return dict(document)


def _parsed(text: str) -> Any:
    """What the text says; stray brackets are refused before they are read, which takes the longer the more there are."""
    deepest = max(accumulate({"[": 1, "{": 1, "]": -1, "}": -1}.get(char, 0) for char in text), default=0)
    if deepest > DEEPEST:
        raise RecursionError
    return yaml.safe_load(text)


def put_in_force(
    request: PageRequest, kind: str, slug: str, body: Mapping[str, Any], leave: str, *, said: str = _SAID
) -> HttpResponse:
    """Publish what customers are judged by from now on."""
    now, note = system_clock(), request.POST.get("note", "")[:500]
    version = save_draft(kind, slug, dict(body), actor=request.member, now=now, note=note)
    publish(version, actor=request.member, now=now)
    toast_after(request, _(said) % {"n": version.number})
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
    number = number_in(request.POST.get("number")) or 0
    version = roll_back(kind, slug, number, actor=request.member, now=system_clock())
    toast_after(request, _("Version %(n)s is in force.") % {"n": version.number})
