"""Names of bands, causes, alerts, tiers and stages in the reader's language, from where each is declared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from babel.numbers import get_currency_precision
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from enishi.definitions.api import get_causes, get_names, product_title
from enishi.kit.text import Text
from enishi.store.kinds import STAGES
from enishi.web.badges import band_word

BANDS = ("red", "yellow", "green", "unknown")
TRENDS = {"up": _("Rising"), "down": _("Falling"), "flat": _("Steady"), "": _("Not known")}
CONTRACTS = {
    "paying": _("With MRR"),
    "without": _("Without MRR"),
    "noticed": _("Notice given"),
    "unpriced": _("MRR unknown (no exchange rate)"),
}
SET_BY = {"hand": _("By hand"), "rules": _("Computed")}
FORECASTS = {"stated": _("With a probability"), "none": _("No probability")}
MOVES = {"worse": _("Got worse this week"), "better": _("Got better this week")}


def _read(texts: Mapping[str, Text]) -> dict[str, str]:
    language = get_language() or "ja"
    return {name: text.in_language(language) for name, text in texts.items()}


def stage_words() -> dict[str, str]:
    return _read(dict(STAGES))


def tier_words() -> dict[str, str]:
    from enishi.segments.api import tier_titles

    return _read(tier_titles())


def product_words(products: Iterable[str]) -> dict[str, str]:
    """Products by the names they are given, in the reader's language."""
    names = get_names()
    return _read({product: product_title(names, product) for product in products})


def cause_words() -> dict[str, str]:
    return _read({cause.id: Text.parse(cause.title) for cause in get_causes().causes})


def alert_words() -> dict[str, str]:
    return _read({alert.id: Text.parse(alert.title) for alert in get_causes().alerts})


def all_words() -> dict[str, dict[str, str]]:
    """Every name a row may need, read once per page."""
    return {
        "band": {name: band_word(name) for name in BANDS},
        "trend": {name: str(word) for name, word in TRENDS.items()},
        "stage": stage_words(),
        "tier": tier_words(),
        "cause": cause_words(),
        "alert": alert_words(),
    }


def plain_word(look: str, value: Any, words: Mapping[str, Mapping[str, str]]) -> Any:
    """A value as a file says it: names for codes, everything else as it is."""
    if look == "alerts":
        return "、".join(words["alert"].get(name, name) for name in str(value).split())
    if look == "tags":
        return "、".join(value)
    return words[look].get(value, value) if look in words else value


def minor_units(currency: str) -> int:
    """How many minor units one unit of a currency has: 1 for yen, 100 for euro."""
    return int(10 ** get_currency_precision(currency))
