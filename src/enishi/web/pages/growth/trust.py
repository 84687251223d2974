"""How good the statements about growth were, by kind, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from enishi.forecasts.evaluation import wilson
from enishi.growth.api import Came, Propensity
from enishi.kit.text import Text
from enishi.web.pages.growth.present import kind_words, language

LEAST = 20
"""Offers whose days are over before what was said is compared with what came."""


def came_words(came: Came) -> dict[str, Any]:
    """What was said of the offers made beside what came, with Wilson's interval; or how many are missing."""
    told = wilson(came.won, came.n) if came.n >= LEAST else None
    return {"n": came.n, "least": LEAST, "won": came.won, "said": came.said, "told": told}


def trust_of(
    fits: Mapping[str, Propensity], versions: Mapping[str, Sequence[Propensity]]
) -> list[dict[str, Any]]:
    """A card for each kind: the sentence, the figures of the test on later time, and the versions."""
    return [
        _card(fits[kind], title, versions.get(kind, ()))
        for kind, title in kind_words().items()
        if kind in fits
    ]


def _past(row: Propensity) -> dict[str, Any]:
    """The test on later time, where enough customers in it grew for its figures to say something."""
    past = row.report.get("past") or {}
    return past if past.get("winners", 0) >= row.least else {}


def _version(row: Propensity) -> dict[str, Any]:
    past = _past(row)
    return {"row": row, "auc": past.get("auc"), "skill": past.get("skill"), "rate": row.report.get("rate")}


def _card(fit: Propensity, title: str, versions: Sequence[Propensity]) -> dict[str, Any]:
    past = _past(fit)
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
        "versions": [_version(row) for row in versions] if len(versions) > 1 else [],
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
