"""What can be named: the events and products that came in, and those named already."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.cache import cache

from enishi.definitions.api import get_names, readable
from enishi.kit.home import Home
from enishi.metrics.api import duckdb_facts
from enishi.web.pages.health.builder import event_names

KEPT_SECONDS = 3600
MOST_PRODUCTS = 100


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


def product_ids() -> list[str]:
    """The products events came from, the most used first."""
    with duckdb_facts(Home.from_environment()) as facts:
        key = f"names:products:{facts.files.generation}"
        found: list[str] | None = cache.get(key)
        if found is None:
            facts.bind("usage")
            rows = facts.engine.rows(
                "SELECT product, SUM(n) AS n FROM usage GROUP BY product ORDER BY n DESC, product"
            )
            found = [name for name in rows["product"].to_pylist()[:MOST_PRODUCTS] if name]
            cache.set(key, found, KEPT_SECONDS)
    return found


def _row(name: str, words: str | dict[str, str] | None) -> Row:
    if isinstance(words, str):
        words = {"ja": words, "en": words}
    given = words or {}
    return Row(name, given.get("ja", ""), given.get("en", ""), readable(name))
