"""The published facts, opened for one request."""

from __future__ import annotations

from enishi.accounts.company import get_company
from enishi.kit.home import Home
from enishi.metrics.api import Facts, FactSettings, duckdb_facts


def facts_now() -> Facts:
    """The facts with the company's currency; use as a context manager."""
    return duckdb_facts(Home.from_environment(), FactSettings(currency=get_company().currency))
