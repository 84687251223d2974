"""The sections of Growth."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _


def tabs(current: str) -> list[dict[str, Any]]:
    sections = (
        ("growth", _("Ready customers")),
        ("growth-hour", _("Where the next hour pays most")),
        ("growth-next", _("Next product")),
        ("growth-record", _("Offers made and what came")),
        ("growth-offers", _("Catalogue of offers")),
    )
    return [
        {"title": title, "address": reverse(name), "current": name == current, "count": ""}
        for name, title in sections
    ]
