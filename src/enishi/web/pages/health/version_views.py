"""Every version of a definition with what it changed, in words, and the way back to an earlier one."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from enishi.definitions.api import changes_between, find_published, list_versions, roll_back
from enishi.definitions.models import DefinitionVersion
from enishi.kit.clock import system_clock
from enishi.kit.text import Text
from enishi.web.feedback import toast_after
from enishi.web.guard import LEADERS, PageRequest, page
from enishi.web.pages.health.card_views import KIND, find_versions
from enishi.web.pages.health.rule_views import check_rules, slug_in_force

Status = DefinitionVersion.Status
MOST_SHOWN = 50


def _rows(found: list[DefinitionVersion]) -> list[dict[str, Any]]:
    rows = []
    for index, version in enumerate(found):
        before = next((v for v in found[index + 1 :] if v.status != Status.DRAFT), None)
        changes = changes_between(version.definition.kind, before.body, version.body) if before else []
        rows.append({"version": version, "changes": changes, "first": before is None})
    return rows


def _list(request: PageRequest, kind: str, slug: str, back: str, rollback: str) -> HttpResponse:
    found = list(list_versions(kind, slug)[:MOST_SHOWN]) if find_published(kind, slug) else []
    context = {
        "title": Text.parse(found[0].body.get("title") or slug) if found else Text(slug, slug),
        "rows": _rows(found),
        "back": back,
        "rollback": rollback,
        "edits": request.member.role in LEADERS,
    }
    return render(request, "pages/health/versions.html", context)


@require_GET
@page()
def card_versions(request: PageRequest, slug: str) -> HttpResponse:
    """The versions of a scorecard."""
    find_versions(slug)
    back, rollback = (reverse(name, args=[slug]) for name in ("health-card", "health-card-rollback"))
    return _list(request, KIND, slug, back, rollback)


@require_GET
@page()
def rule_versions(request: PageRequest, kind: str) -> HttpResponse:
    """The versions of causes and alerts, or of tiers."""
    check_rules(kind)
    back, rollback = (reverse(name, args=[kind]) for name in ("health-rules", "health-rules-rollback"))
    return _list(request, kind, slug_in_force(kind), back, rollback)


def _go_back(request: PageRequest, kind: str, slug: str) -> None:
    number = request.POST.get("number", "")
    version = roll_back(
        kind, slug, int(number) if number.isdecimal() else 0, actor=request.member, now=system_clock()
    )
    toast_after(request, _("Version %(n)s is in force.") % {"n": version.number})


@require_POST
@page(roles=LEADERS)
def card_rollback(request: PageRequest, slug: str) -> HttpResponse:
    """Put an earlier version of a scorecard in force again."""
    _go_back(request, KIND, slug)
    return redirect("health-card-versions", slug)


@require_POST
@page(roles=LEADERS)
def rule_rollback(request: PageRequest, kind: str) -> HttpResponse:
    """Put earlier rules in force again."""
    check_rules(kind)
    _go_back(request, kind, slug_in_force(kind))
    return redirect("health-rules-versions", kind)
