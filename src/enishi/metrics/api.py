"""The metrics room's doors."""

from __future__ import annotations

from typing import Any

from enishi.kit.home import Home
from enishi.metrics.contracts import FactSettings, Grain, Metric
from enishi.metrics.engines import DuckDBEngine, SparkEngine
from enishi.metrics.panel import panel
from enishi.metrics.registry import FAMILIES, REGISTRY, get_metric
from enishi.metrics.session import Facts
from enishi.metrics.sources import freshness, staleness
from enishi.store.api import Published

__all__ = [
    "FAMILIES",
    "REGISTRY",
    "FactSettings",
    "Facts",
    "Grain",
    "Metric",
    "duckdb_facts",
    "freshness",
    "get_metric",
    "panel",
    "spark_facts",
    "staleness",
]


def duckdb_facts(home: Home, settings: FactSettings | None = None, *, memory: str = "") -> Facts:
    """The published facts of an installation, read by a DuckDB of this process's own.

    Use as a context manager, or close ``facts.engine``. One generation: make a new one to see later facts.

    Args:
        settings: the company's currency and words; the defaults are yen and common sign-in events.
        memory: DuckDB's memory limit, for example ``2GB``; empty for its default.
    """
    return Facts(Published(home), DuckDBEngine(memory=memory), settings or FactSettings())


def spark_facts(home: Home, session: Any, settings: FactSettings | None = None) -> Facts:
    """The same facts, read through a Spark Connect session (Spark, Sail, …) that sees the same files."""
    return Facts(Published(home), SparkEngine(session), settings or FactSettings())
