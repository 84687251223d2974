"""Causes, alerts and tiers: the rules in force in words, and their text to change them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from enishi.definitions.api import (
    BadDefinition,
    as_yaml,
    describe_changes,
    find_published,
    get_causes,
    get_tiers,
    list_published,
    list_versions,
    parse_body,
    publish,
    save_draft,
)
from enishi.definitions.contracts import Condition
from enishi.definitions.models import DefinitionVersion
from enishi.kit.clock import system_clock
from enishi.kit.errors import EnishiError, NotFound
from enishi.kit.text import Text
from enishi.web.feedback import toast_after
from enishi.web.guard import LEADERS, PageRequest, page
from enishi.web.pages.health.card_present import mistakes_of
from enishi.web.pages.health.catalogue import metric_catalogue
from enishi.web.pages.health.tabs import tabs

KINDS = ("causes", "tiers")
LARGEST = 200_000


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise NotFound(
            "unknown_rules", Text(f"There are no rules “{kind}”.", f"「{kind}」というルールはありません。")
        )


def in_words(conditions: Iterable[Condition]) -> str:
    """Conditions as a person reads them: titles, comparison, number."""
    language = get_language() or "ja"
    known = metric_catalogue()

    def title(name: str) -> str:
        return known[name].title.in_language(language) if name in known else name

    parts = [f"{title(c.metric)} {c.op} {c.value:g}" for c in conditions]
    return (" かつ " if language.startswith("ja") else " and ").join(parts)


def _strength(rule: Any) -> str:
    if rule.strength is not None:
        return f"{rule.strength:g}"
    values = [y for _x, y in rule.points]
    return f"{min(values):g}–{max(values):g}" if values else ""


def _causes_context() -> dict[str, Any]:
    body = get_causes()
    causes = [
        {
            "title": Text.parse(cause.title),
            "rules": [
                {"when": in_words(r.when), "strength": _strength(r), "evidence": Text.parse(r.evidence.text)}
                for r in cause.rules
            ],
        }
        for cause in body.causes
    ]
    alerts = [
        {"title": Text.parse(a.title), "when": in_words(a.when), "evidence": Text.parse(a.evidence.text),
         "quiet": a.quiet_days}
        for a in body.alerts
    ]  # fmt: skip
    topics = [
        {"title": Text.parse(t.title), "words": "、".join(t.words[:12]), "more": max(0, len(t.words) - 12), "days": t.days,
         "tag": t.tag}
        for t in getattr(body, "topics", ())
    ]  # fmt: skip
    return {"body": body, "causes": causes, "alerts": alerts, "topics": topics}


def _tiers_context() -> dict[str, Any]:
    body = get_tiers()
    rules = [
        {"title": Text.parse(r.title), "when": in_words(r.when), "stages": ", ".join(r.stages), "tier": r.tier,
         "values": ", ".join(r.values), "attribute": r.attribute}
        for r in body.rules
    ]  # fmt: skip
    tiers = [
        {"tier": t, "title": Text.parse(t.title), "description": Text.parse(t.description or "")}
        for t in body.tiers
    ]
    return {"body": body, "tiers": tiers, "rules": rules}


@require_GET
@page()
def rules(request: PageRequest, kind: str) -> HttpResponse:
    """The rules in force, in words."""
    _check_kind(kind)
    context = _causes_context() if kind == "causes" else _tiers_context()
    found = list_published(kind)
    context |= {"tabs": tabs("health-rules"), "kind": kind, "edits": request.member.role in LEADERS}
    context["version"] = found[0].version if found else None
    return render(request, f"pages/health/{kind}.html", context)


def _slug(kind: str) -> str:
    found = list_published(kind)
    return found[0].slug if found else "default"


def read_text(text: str, kind: str) -> dict[str, Any]:
    """A definition's text as a body.

    Raises:
        EnishiError: ``bad_text`` where it is not YAML of the right kind, naming the line.
    """
    try:
        document = yaml.safe_load(text[:LARGEST])
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
    if not isinstance(document, dict):
        message = Text("The text is not a definition.", "定義として読み取れません。")
        raise EnishiError(
            "bad_text", message, Text("It starts with kind and slug.", "kind と slug から始めてください。")
        )
    document.pop("kind", None)
    document.pop("slug", None)
    return dict(document)


@page(roles=LEADERS)
def edit(request: PageRequest, kind: str) -> HttpResponse:
    """The rules as text: check, compare in words, put in force."""
    _check_kind(kind)
    slug = _slug(kind)
    found = find_published(kind, slug)
    before: dict[str, Any] = found.version.body if found else {}
    text = request.POST.get("text") if request.method == "POST" else as_yaml(kind, slug, before)
    context: dict[str, Any] = {"kind": kind, "slug": slug, "text": text, "note": request.POST.get("note", "")}
    if request.method != "POST":
        return render(request, "pages/health/rules_edit.html", context)
    try:
        body = read_text(text or "", kind)
        parse_body(kind, body)
    except (BadDefinition, EnishiError) as error:
        context |= {"error": error, "mistakes": mistakes_of(error)}
        return render(request, "pages/health/rules_edit.html", context, status=422)
    if request.POST.get("act") != "publish":
        context |= {"checked": True, "changes": describe_changes(before, body)}
        return render(request, "pages/health/rules_edit.html", context)
    return _put_in_force(request, kind, slug, body)


def _put_in_force(request: PageRequest, kind: str, slug: str, body: dict[str, Any]) -> HttpResponse:
    now = system_clock()
    note = request.POST.get("note", "")[:500]
    version = save_draft(kind, slug, body, actor=request.member, now=now, note=note)
    publish(version, actor=request.member, now=now)
    toast_after(request, _("Version %(n)s is in force from the next scoring on.") % {"n": version.number})
    return redirect("health-rules", kind)


def versions_of(kind: str) -> list[DefinitionVersion]:
    return list(list_versions(kind, _slug(kind))[:20])
