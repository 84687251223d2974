"""Numbers and days as addresses and forms state them: anybody may type anything there.

What the databases and the calendar cannot hold is read as nothing, so that no page has to think of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from enishi.accounts.coercion import FIRST_YEAR, LAST_YEAR

BIGGEST = 2**63 - 1


def number_in(text: str | None) -> int | None:
    """A whole number, not below 0, that a row may have; None for anything else."""
    digits = (text or "").strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= len(str(BIGGEST))):
        return None
    number = int(digits)
    return number if number <= BIGGEST else None


def numbers_in(texts: Iterable[str]) -> list[int]:
    """Those of some texts that are numbers."""
    return [number for text in texts if (number := number_in(text)) is not None]


def day_in(text: str | None) -> date | None:
    """A day of the years that facts may have (ISO); None for anything else."""
    try:
        day = date.fromisoformat((text or "").strip())
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None
