"""Causes, alerts and tiers: the rules in force in words, and the form (or text) to change them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET

from enishi.accounts.models import Member
from enishi.definitions.api import (
    BadDefinition,
    changes_between,
    default_body,
    find_published,
    get_causes,
    get_tiers,
    known_metrics,
    list_published,
    parse_body,
)
from enishi.definitions.contracts import Causes, TierRule
from enishi.definitions.rules import as_json
from enishi.kit.errors import EnishiError, NotFound
from enishi.kit.text import Text, plain_number
from enishi.web.feedback import toast_after
from enishi.web.guard import LEADERS, PageRequest, page
from enishi.web.pages.health import rule_effects, rule_present
from enishi.web.pages.health.card_form import OPERATORS
from enishi.web.pages.health.card_present import mistakes_of
from enishi.web.pages.health.declared import Declared, edit_as_text, put_in_force
from enishi.web.pages.health.listing import list_accounts
from enishi.web.pages.health.rule_form import SENT, read_rules
from enishi.web.pages.health.rule_present import in_words
from enishi.web.pages.health.tabs import tabs
from enishi.web.pages.portfolio.words import stage_words

KINDS = ("causes", "tiers")
_SAID = gettext_noop("Version %(n)s is in force from the next scoring on.")


def check_rules(kind: str) -> None:
    """Raises NotFound where there are no rules of that kind."""
    if kind not in KINDS:
        raise NotFound(
            "unknown_rules", Text(f"There are no rules “{kind}”.", f"「{kind}」というルールはありません。")
        )


def _strength(rule: Any) -> str:
    if rule.strength is not None:
        return plain_number(rule.strength)
    values = [y for _x, y in rule.points]
    return f"{plain_number(min(values))}–{plain_number(max(values))}" if values else ""


def _causes_context(member: Member) -> dict[str, Any]:
    body = get_causes()
    titles = rule_present.metric_titles(_topics(body))
    held = rule_effects.counts(member, body)
    causes = [
        {
            "title": Text.parse(cause.title),
            "rules": [
                {"when": in_words(r.when, titles), "strength": _strength(r), "evidence": rule_present.said({"text": r.evidence.text}),
                 "key": f"rule:{cause.id}.{r.id}", "count": held[f"rule:{cause.id}.{r.id}"]}
                for r in cause.rules
            ],
        }
        for cause in body.causes
    ]  # fmt: skip
    alerts = [
        {"title": Text.parse(a.title), "when": in_words(a.when, titles), "evidence": rule_present.said({"text": a.evidence.text}),
         "quiet": a.quiet_days, "key": f"alert:{a.id}", "count": held[f"alert:{a.id}"]}
        for a in body.alerts
    ]  # fmt: skip
    topics = [
        {"title": Text.parse(t.title), "words": "、".join(t.words[:12]), "more": max(0, len(t.words) - 12), "days": t.days,
         "tag": t.tag}
        for t in body.topics
    ]  # fmt: skip
    return {"body": body, "causes": causes, "alerts": alerts, "topics": topics}


def _topics(body: Causes) -> list[dict[str, Any]]:
    return [{"id": topic.id, "title": topic.title} for topic in body.topics]


def _tier_conditions(rule: TierRule, titles: Mapping[str, str]) -> str:
    """Everything a rule asks for, in one line."""
    stages, joint = stage_words(), _(" or ")
    parts = [in_words(rule.when, titles)] if rule.when else []
    if rule.stages:
        parts.append(f"{_('Stage')}: {joint.join(stages.get(s, s) for s in rule.stages)}")
    if rule.attribute:
        title = rule_present.ATTRIBUTE_WORDS.get(rule.attribute, rule.attribute)
        parts.append(f"{title}: {joint.join(rule.values)}")
    return _(" and ").join(parts)


def _tiers_context() -> dict[str, Any]:
    body, titles = get_tiers(), rule_present.metric_titles()
    rules = [
        {"title": Text.parse(r.title), "when": _tier_conditions(r, titles), "tier": r.tier}
        for r in body.rules
    ]
    tiers = [
        {"tier": t, "title": Text.parse(t.title), "description": Text.parse(t.description or "")}
        for t in body.tiers
    ]
    return {"body": body, "tiers": tiers, "rules": rules}


@require_GET
@page()
def rules(request: PageRequest, kind: str) -> HttpResponse:
    """The rules in force, in words."""
    check_rules(kind)
    context = _causes_context(request.member) if kind == "causes" else _tiers_context()
    found = list_published(kind)
    context |= {"tabs": tabs("health-rules"), "kind": kind, "edits": request.member.role in LEADERS}
    context["version"] = found[0].version if found else None
    return render(request, f"pages/health/{kind}.html", context)


@require_GET
@page()
def holding(request: PageRequest, key: str) -> HttpResponse:
    """The customers for whom a rule of a cause, or an alert, holds as of the last scoring."""
    body = get_causes()
    found = rule_effects.rules_of(body).get(key)
    if found is None:
        raise NotFound(
            "unknown_rule", Text("There is no such rule in force.", "該当する有効なルールはありません。")
        )
    title, when = found
    context = list_accounts(
        request.member, rule_effects.held_by(request.member, when), request.GET.get("page")
    )
    context |= {"title": title, "when": in_words(when, rule_present.metric_titles(_topics(body)))}
    return render(request, "pages/health/holding.html", context)


def slug_in_force(kind: str) -> str:
    """The name of a kind's rules."""
    found = list_published(kind)
    return found[0].slug if found else "default"


def _in_force(kind: str) -> tuple[str, dict[str, Any]]:
    slug = slug_in_force(kind)
    found = find_published(kind, slug)
    return slug, dict(found.version.body) if found else default_body(kind, slug)


def _form(kind: str, body: Mapping[str, Any], error: EnishiError | None = None) -> dict[str, Any]:
    """The form's context; what is wrong stands at its place."""
    mistakes = mistakes_of(error)
    shape = rule_present.causes_form if kind == "causes" else rule_present.tiers_form
    context = shape(body, mistakes)
    return context | {
        "kind": kind,
        "error": error,
        "mistakes": mistakes,
        "operators": OPERATORS,
        "sent": SENT,
    }


def _effect(member: Member, kind: str, before: Mapping[str, Any], typed: Any) -> dict[str, Any]:
    """What the edited rules change, in words, and whom they would concern today."""
    old = parse_body(kind, before)
    found: dict[str, Any] = {"changes": changes_between(kind, as_json(old), as_json(typed))}
    if kind == "causes":
        return found | {"rows": rule_effects.compare_causes(member, old, typed)}
    return found | {"tiers": rule_effects.compare_tiers(member, old, typed)}


@page(roles=LEADERS)
def edit(request: PageRequest, kind: str) -> HttpResponse:
    """The rules in a form: what would change is shown while editing; then they are put in force."""
    check_rules(kind)
    slug, before = _in_force(kind)
    if request.method != "POST":
        return render(request, "pages/health/rules_form.html", _form(kind, before))
    part = request.headers.get("HX-Request") == "true"
    body = read_rules(kind, before, request.POST)
    try:
        typed = parse_body(kind, body, known_metrics())
    except BadDefinition as error:
        if part:
            return render(
                request, "pages/health/_rules_effect.html", {"error": error, "n": len(error.fields)}
            )
        return render(request, "pages/health/rules_form.html", _form(kind, body, error), status=422)
    if part:
        context = {"effect": _effect(request.member, kind, before, typed), "kind": kind}
        return render(request, "pages/health/_rules_effect.html", context)
    if as_json(typed) == as_json(parse_body(kind, before)):
        toast_after(request, _("Nothing has changed."))
        return redirect("health-rules", kind)
    return put_in_force(request, kind, slug, body, reverse("health-rules", args=[kind]), said=_SAID)


@page(roles=LEADERS)
def edit_text(request: PageRequest, kind: str) -> HttpResponse:
    """The rules as text, for those who keep them as files: check, compare in words, put in force."""
    check_rules(kind)
    slug, before = _in_force(kind)
    form, leave = reverse("health-rules-edit", args=[kind]), reverse("health-rules", args=[kind])
    crumbs = (
        (_("Health"), reverse("health")),
        (_("Causes and alerts") if kind == "causes" else _("Tiers"), leave),
    )
    title = Text("Change the rules", "ルールを変更する")
    return edit_as_text(request, Declared(kind, slug, before, title, crumbs, form, leave, said=_SAID))
