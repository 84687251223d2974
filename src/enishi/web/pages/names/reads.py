"""What can be named: the events and products that came in, and those named already."""

from __future__ import annotations

from dataclasses import dataclass

from enishi.definitions.api import get_names, readable
from enishi.web.vocabulary import event_names, product_ids


@dataclass(frozen=True, slots=True)
class Row:
    """An id with its two names (empty where nobody gave one) and what is shown without them."""

    name: str
    ja: str
    en: str
    shown: str


def rows_of(kind: str) -> list[Row]:
    """The rows of ``events`` or ``products``: as they came in, the most frequent first, then those only named."""
    named = getattr(get_names(), kind)
    seen = event_names() if kind == "events" else product_ids()
    return [_row(name, named.get(name)) for name in dict.fromkeys([*seen, *named])]


def _row(name: str, words: str | dict[str, str] | None) -> Row:
    if isinstance(words, str):
        words = {"ja": words, "en": words}
    given = words or {}
    return Row(name, given.get("ja", ""), given.get("en", ""), readable(name))
