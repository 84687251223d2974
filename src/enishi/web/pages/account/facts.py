"""The published facts, opened for one request."""

from __future__ import annotations

from datetime import date

from enishi.accounts.company import get_company
from enishi.kit.home import Home
from enishi.metrics.api import Facts, FactSettings, duckdb_facts
from enishi.store.api import Published


def facts_now() -> Facts:
    """The facts with the company's currency; use as a context manager."""
    return duckdb_facts(Home.from_environment(), FactSettings(currency=get_company().currency))


def stamp_of(day: date) -> str:
    """Changes with whatever changes what is known of a past day: history that arrives late, a correction in place, a
    link or a merge; not with what is learned on later days."""
    published = Published(Home.from_environment())
    history = max((at for at, first in published.manifest.history if first <= day.isoformat()), default=0)
    tied = max(published.changed(table) for table in ("link", "merge"))
    return f"{published.rewritten}:{history}:{tied}:{get_company().currency}"
