"""The sections of Revenue."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext


def tabs(current: str) -> list[dict[str, Any]]:
    sections = (
        ("revenue", pgettext("revenue", "Movements")),
        ("outlook", _("Forecast and targets")),
        ("value", _("Unit economics")),
        ("fit", _("Right customers")),
    )
    return [
        {"title": title, "address": reverse(name), "current": name == current, "count": ""}
        for name, title in sections
    ]
