"""What rooms above supply to the judgements."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

_tiers: Callable[[date], dict[int, str]] | None = None


def provide_tiers(source: Callable[[date], dict[int, str]]) -> None:
    """Say where the tiers of a day are read."""
    global _tiers
    _tiers = source


def tiers_on(day: date) -> dict[int, str]:
    """Account -> tier on a day; empty while nothing supplies them."""
    return _tiers(day) if _tiers else {}
