"""The sections of Health."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext


def tabs(current: str) -> list[dict[str, Any]]:
    sections = (
        ("health", pgettext("health", "Record")),
        ("forecast", pgettext("tab", "Forecast")),
        ("health-cards", _("Scorecards")),
        ("health-rules", _("Causes and alerts")),
        ("health-metrics", _("Metrics")),
        ("texts", _("Text reading")),
        ("health-coverage", _("Data coverage")),
        ("health-definitions", _("Definitions as text")),
    )
    return [
        {
            "title": title,
            "address": reverse(name, args=["causes"] if name == "health-rules" else []),
            "current": name == current,
            "count": "",
        }
        for name, title in sections
    ]
