"""The words customers' products send: names of events and of products, as they came in."""

from __future__ import annotations

from typing import Literal

from django.core.cache import cache

from enishi.kit.home import Home
from enishi.metrics.api import duckdb_facts

KEPT_SECONDS = 3600
MOST_EVENTS = 300
MOST_PRODUCTS = 100


def event_names() -> list[str]:
    """The names of events that have come in, the most frequent first."""
    return _most_used("event", MOST_EVENTS)


def product_ids() -> list[str]:
    """The products events came from, the most used first."""
    return _most_used("product", MOST_PRODUCTS)


def _most_used(column: Literal["event", "product"], most: int) -> list[str]:
    with duckdb_facts(Home.from_environment()) as facts:
        key = f"vocabulary:{column}:{facts.files.generation}"
        found: list[str] | None = cache.get(key)
        if found is None:
            facts.bind("usage")
            counted = f"SELECT {column}, SUM(n) AS n FROM usage GROUP BY {column}"  # noqa: S608
            rows = facts.engine.rows(f"{counted} ORDER BY n DESC, {column}")
            found = [name for name in rows[column].to_pylist()[:most] if name]
            cache.set(key, found, KEPT_SECONDS)
    return found
