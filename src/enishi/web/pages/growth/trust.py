"""How good the statements about growth were, by kind, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from enishi.growth.models import Propensity
from enishi.kit.text import Text
from enishi.web.pages.growth.present import kind_words, language


def trust_of(fits: Mapping[str, Propensity]) -> list[dict[str, Any]]:
    """A card for each kind: the sentence, and the figures of the test on later time."""
    return [_card(fits[kind], title) for kind, title in kind_words().items() if kind in fits]


def _card(fit: Propensity, title: str) -> dict[str, Any]:
    past = fit.report.get("past") or {}
    return {
        "title": title,
        "fit": fit,
        "reason": Text(fit.reason_en, fit.reason_ja).in_language(language()),
        "verdict": verdict(past),
        "past": past if past.get("auc") else None,
        "rate": fit.report.get("rate"),
        "beside": [
            (name, past["baselines"][key])
            for key, name in (
                ("licence_utilisation", _("Seat use alone")),
                ("since_same", _("Time since it last grew")),
            )
            if key in past.get("baselines", {})
        ],
        "missing": max(fit.least - fit.winners, 0),
    }


def verdict(past: Mapping[str, Any]) -> str:
    """Whether the test on later time shows more than guessing, in a sentence."""
    auc = past.get("auc") or {}
    if auc.get("value") is None or auc.get("low") is None:
        return ""
    if auc["low"] <= 0.5:
        return _("On later time it cannot be told from guessing yet.")
    ahead = [
        entry["ahead"]["low"]
        for entry in past.get("baselines", {}).values()
        if entry["ahead"]["low"] is not None
    ]
    if ahead and min(ahead) > 0:
        return _(
            "On later time it was better than guessing, than seat use alone and than the time since the last growth."
        )
    return _(
        "On later time it was better than guessing, though not clearly better than every simple rule beside it."
    )
