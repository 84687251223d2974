"""The metrics room's doors."""

from __future__ import annotations

from typing import Any

from enishi.kit.home import Home
from enishi.metrics.cohorts import (
    Acquisition,
    Renewals,
    Triangle,
    acquisition,
    cohort_triangle,
    renewals,
    renewals_due,
)
from enishi.metrics.contracts import Compared, FactSettings, Grain, Metric
from enishi.metrics.custom import compile_metric, preview_metric
from enishi.metrics.engines import DuckDBEngine, SparkEngine
from enishi.metrics.known import KnownRecords
from enishi.metrics.panel import panel
from enishi.metrics.peers import LEAST_PEERS, STAGES, attributes, peer_percentiles, tenure_stage
from enishi.metrics.periods import Every, Period, add_months, period_of, periods_between
from enishi.metrics.plans import Plans
from enishi.metrics.registry import FAMILIES, REGISTRY, get_metric
from enishi.metrics.revenue import (
    Bridge,
    Rates,
    Retention,
    bridge,
    bridges,
    bridges_by,
    movements,
    mrr_at,
    rates,
    retention,
    retention_by_account,
)
from enishi.metrics.session import Facts
from enishi.metrics.sources import freshness, staleness
from enishi.metrics.subscriptions import acquisition_costs, subscription_periods
from enishi.metrics.surveys import (
    Nps,
    latest_answers,
    mean_answer,
    nps,
    nps_by,
    nps_by_revenue,
    satisfied_share,
)
from enishi.metrics.usagemap import UsageMap, usage_map
from enishi.store.api import Published

__all__ = [
    "FAMILIES",
    "LEAST_PEERS",
    "REGISTRY",
    "STAGES",
    "Acquisition",
    "Bridge",
    "Compared",
    "Every",
    "FactSettings",
    "Facts",
    "Grain",
    "KnownRecords",
    "Metric",
    "Nps",
    "Period",
    "Rates",
    "Renewals",
    "Retention",
    "Triangle",
    "UsageMap",
    "acquisition",
    "acquisition_costs",
    "add_months",
    "attributes",
    "bridge",
    "bridges",
    "bridges_by",
    "cohort_triangle",
    "compile_metric",
    "duckdb_facts",
    "freshness",
    "get_metric",
    "latest_answers",
    "mean_answer",
    "movements",
    "mrr_at",
    "nps",
    "nps_by",
    "nps_by_revenue",
    "panel",
    "peer_percentiles",
    "period_of",
    "periods_between",
    "preview_metric",
    "rates",
    "renewals",
    "renewals_due",
    "retention",
    "retention_by_account",
    "satisfied_share",
    "spark_facts",
    "staleness",
    "subscription_periods",
    "tenure_stage",
    "usage_map",
]


def duckdb_facts(home: Home, settings: FactSettings | None = None, *, memory: str = "") -> Facts:
    """The published facts of an installation, read by a DuckDB of this process's own.

    Use as a context manager, or close ``facts.engine``. One generation: make a new one to see later facts.

    Args:
        settings: the company's currency and words; the defaults are yen and common sign-in events.
        memory: DuckDB's memory limit, for example ``2GB``; empty for its default.
    """
    return Facts(Published(home), DuckDBEngine(memory=memory), settings or FactSettings(), Plans(home.plans))


def spark_facts(home: Home, session: Any, settings: FactSettings | None = None) -> Facts:
    """The same facts, read through a Spark Connect session (Spark, Sail, …) that sees the same files."""
    return Facts(Published(home), SparkEngine(session), settings or FactSettings(), Plans(home.plans))
