"""What stands where a page's figures are being worked out for the first time: ``{% load first_time %}``."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import Context

from enishi.kit.home import Home
from enishi.signals.models import ScoringRun
from enishi.store.api import Published

register = template.Library()


@register.simple_tag
def have_arrived(*kinds: str) -> bool:
    """Whether any record of these kinds is there to be worked through."""
    published = Published(Home.from_environment())
    return any(published.has(f"record_{kind}") for kind in kinds)


@register.inclusion_tag("frame/first_time.html", takes_context=True)
def first_time(context: Context) -> dict[str, Any]:
    """That the figures are being worked out, how far what comes first has come, and the page itself as soon as it is there."""
    runs = ScoringRun.objects.order_by("-started_at")
    scored = runs.filter(status="done").exists()
    running = None if scored else runs.filter(status="running").first()
    return {
        "address": context["request"].get_full_path(),
        "scored": scored,
        "percent": running.progress if running else None,
    }
