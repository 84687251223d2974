"""Every version of a scorecard or of rules with what it changed, in words, and the way back to an earlier one."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from enishi.web.guard import LEADERS, PageRequest, page
from enishi.web.pages.health.card_views import KIND, find_versions
from enishi.web.pages.health.declared import go_back, show_versions
from enishi.web.pages.health.rule_views import check_rules, slug_in_force


def _list(request: PageRequest, kind: str, slug: str, back: str, rollback: str) -> HttpResponse:
    return show_versions(request, kind, slug, [(_("Health"), reverse("health")), ("", back)], rollback)


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


@require_POST
@page(roles=LEADERS)
def card_rollback(request: PageRequest, slug: str) -> HttpResponse:
    """Put an earlier version of a scorecard in force again."""
    go_back(request, KIND, slug)
    return redirect("health-card-versions", slug)


@require_POST
@page(roles=LEADERS)
def rule_rollback(request: PageRequest, kind: str) -> HttpResponse:
    """Put earlier rules in force again."""
    check_rules(kind)
    go_back(request, kind, slug_in_force(kind))
    return redirect("health-rules-versions", kind)
