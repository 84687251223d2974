"""What rooms above supply to the judgements."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

_tiers: Callable[[date], dict[int, str]] | None = None
_worth: Callable[[date], dict[int, int]] | None = None


def provide_tiers(source: Callable[[date], dict[int, str]]) -> None:
    """Say where the tiers of a day are read."""
    global _tiers
    _tiers = source


def tiers_on(day: date) -> dict[int, str]:
    """Account -> tier on a day; empty while nothing supplies them."""
    return _tiers(day) if _tiers else {}


def provide_worth(source: Callable[[date], dict[int, int]]) -> None:
    """Say where the lifetime values of a day are read."""
    global _worth
    _worth = source


def worth_on(day: date) -> dict[int, int]:
    """Account -> lifetime value on a day, minor units; without an entry the simple one is worked out."""
    return _worth(day) if _worth else {}
