"""Scorecards: list, edit with preview, draft, back-test, publish, versions, roll back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from enishi.accounts.company import company_day
from enishi.definitions.api import (
    BadDefinition,
    changes_between,
    discard_draft,
    find_published,
    list_scorecards,
    list_versions,
    parse_body,
    publish,
    retire,
    save_draft,
)
from enishi.definitions.models import DefinitionVersion
from enishi.kit.clock import system_clock
from enishi.kit.errors import EnishiError, NotFound
from enishi.kit.text import Text
from enishi.signals.api import ask_backtest
from enishi.signals.models import AccountState
from enishi.web.feedback import toast_after
from enishi.web.guard import LEADERS, PageRequest, page
from enishi.web.pages.health import backtests, previews
from enishi.web.pages.health.card_form import read_form
from enishi.web.pages.health.card_present import editor_context, for_whom, named_mistakes, shares_shown
from enishi.web.pages.health.tabs import tabs
from enishi.web.pages.portfolio.reads import choices_on_offer

Status = DefinitionVersion.Status
KIND = "scorecard"
BLANK_CONDITIONS = [{"metric": "", "op": "<", "value": ""}] * 2


def find_versions(slug: str) -> tuple[DefinitionVersion | None, DefinitionVersion | None]:
    """The version in force and the draft of a scorecard; either may be missing, not both."""
    versions = list_versions(KIND, slug)
    published = versions.filter(status=Status.PUBLISHED).first()
    draft = versions.filter(status=Status.DRAFT).first()
    if published is None and draft is None:
        raise NotFound(
            "unknown_scorecard",
            Text(f"There is no scorecard “{slug}”.", f"「{slug}」というスコアカードはありません。"),
            Text("Choose one from the list.", "一覧からお選びください。"),
        )
    return published, draft


def _working(slug: str) -> tuple[Mapping[str, Any], DefinitionVersion | None, DefinitionVersion | None]:
    published, draft = find_versions(slug)
    shown = draft or published
    return (shown.body if shown else {}), published, draft


def _edits(request: PageRequest) -> bool:
    return request.member.role in LEADERS


@require_GET
@page()
def cards(request: PageRequest) -> HttpResponse:
    """Every scorecard: in force, in draft, and how many accounts each judges."""
    counts = dict(
        AccountState.objects.exclude(scorecard="").order_by().values_list("scorecard").annotate(Count("pk"))
    )
    drafts = DefinitionVersion.objects.filter(definition__kind=KIND, status=Status.DRAFT).select_related(
        "definition"
    )
    draft_of = {draft.definition.slug: draft for draft in drafts}
    in_force = list_scorecards()
    rows = [
        {"slug": e.slug, "title": e.title, "version": e.version, "body": e.body, "accounts": counts.get(e.slug, 0),
         "draft": draft_of.get(e.slug), "for_whom": for_whom(e.body.applies_to)}
        for e in in_force
    ]  # fmt: skip
    known = {entry.slug for entry in in_force}
    new = [
        {"slug": slug, "title": Text.parse(draft.body.get("title") or slug), "draft": draft}
        for slug, draft in draft_of.items()
        if slug not in known
    ]
    context = {"tabs": tabs("health-cards"), "rows": rows, "new": new, "edits": _edits(request)}
    return render(request, "pages/health/cards.html", context)


@require_POST
@page(roles=LEADERS)
def copy(request: PageRequest) -> HttpResponse:
    """Start a further scorecard from one in force."""
    source = find_published(KIND, request.POST.get("source", ""))
    title = " ".join(request.POST.get("title", "").split())
    if source is None or not title:
        raise EnishiError(
            "no_title", Text("Give the scorecard a title.", "スコアカードの名称を入力してください。")
        )
    base = slugify(request.POST.get("slug", "") or title).replace("-", "_")[:60] or "scorecard"
    slug, n = base, 2
    while list_versions(KIND, slug).exists():
        slug, n = f"{base}_{n}", n + 1
    body = {**source.version.body, "title": {"en": title, "ja": title}, "priority": source.body.priority - 10}
    save_draft(KIND, slug, body, actor=request.member, now=system_clock())
    return redirect("health-card", slug)


@require_GET
@page()
def editor(request: PageRequest, slug: str) -> HttpResponse:
    """One scorecard, to read or to edit."""
    body, published, draft = _working(slug)
    return _editor(request, slug, body, published, draft)


def _editor(
    request: PageRequest,
    slug: str,
    body: Mapping[str, Any],
    published: DefinitionVersion | None,
    draft: DefinitionVersion | None,
    error: EnishiError | None = None,
) -> HttpResponse:
    offered = choices_on_offer(request.member)
    context = editor_context(slug, body, published, draft, error, offered=offered)
    context |= {"edits": _edits(request), "blank_conditions": BLANK_CONDITIONS}
    return render(request, "pages/health/card.html", context, status=422 if error else 200)


@require_POST
@page(roles=LEADERS)
def preview(request: PageRequest, slug: str) -> HttpResponse:
    """Who would change band today if the form were in force."""
    base = _working(slug)[0]
    body = read_form(base, request.POST)
    context: dict[str, Any] = shares_shown(base, body)
    try:
        parse_body(KIND, body)
        today, names = company_day(system_clock()), request.POST.get("preview:accounts", "")[:500]
        context["preview"] = previews.preview_card(request.member, slug, body, today, names)
    except BadDefinition as error:
        context["mistakes"] = named_mistakes(body, error)
    return render(request, "pages/health/_preview.html", context)


@require_POST
@page(roles=LEADERS)
def draft(request: PageRequest, slug: str) -> HttpResponse:
    """Keep the form as the scorecard's draft."""
    body, published, old = _working(slug)
    changed = read_form(body, request.POST)
    try:
        save_draft(KIND, slug, changed, actor=request.member, now=system_clock())
    except BadDefinition as error:
        return _editor(request, slug, changed, published, old, error)
    toast_after(request, _("The draft is saved. No score has changed."))
    return redirect("health-card", slug)


@require_POST
@page(roles=LEADERS)
def discard(request: PageRequest, slug: str) -> HttpResponse:
    """Throw the draft away."""
    discard_draft(KIND, slug, actor=request.member)
    toast_after(request, _("The draft is thrown away."))
    return redirect("health-card", slug) if list_versions(KIND, slug).exists() else redirect("health-cards")


@require_POST
@page(roles=LEADERS)
def start_test(request: PageRequest, slug: str) -> HttpResponse:
    """Replay the draft (or the version in force) over the past."""
    published, old = find_versions(slug)
    version = old or published
    if version is None:
        return redirect("health-card", slug)
    test = ask_backtest(version, member=request.member, now=system_clock())
    return redirect("health-backtest", test.pk)


@page(roles=LEADERS)
def publish_draft(request: PageRequest, slug: str) -> HttpResponse:
    """What would change in words, what the back-test says, and the button that does it."""
    published, waiting = find_versions(slug)
    if waiting is None:
        return redirect("health-card", slug)
    if request.method == "POST":
        note = request.POST.get("note", "")[:500]
        now = system_clock()
        version = save_draft(KIND, slug, waiting.body, actor=request.member, now=now, note=note)
        publish(version, actor=request.member, now=now)
        toast_after(
            request,
            _("Version %(n)s is in force. Scores follow with the next scoring.") % {"n": version.number},
        )
        return redirect("health-card", slug)
    context = {
        "slug": slug,
        "title": Text.parse(waiting.body.get("title") or slug),
        "published": published,
        "draft": waiting,
        "changes": changes_between(KIND, published.body if published else {}, waiting.body),
        "test": backtests.latest_test(waiting),
    }
    return render(request, "pages/health/publish.html", context)


@require_POST
@page(roles=LEADERS)
def retire_card(request: PageRequest, slug: str) -> HttpResponse:
    """Take a scorecard out of force."""
    retire(KIND, slug, actor=request.member, now=system_clock())
    toast_after(request, _("The scorecard is retired. Its accounts go to the next one that fits."))
    return redirect("health-cards")
