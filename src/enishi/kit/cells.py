"""Text in the cells of a table that people open with a spreadsheet."""

from __future__ import annotations

import unicodedata

# What a spreadsheet takes for the start of a formula; Japanese ones also in full width.
_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_GUARD = "'"


def plain_text(cell: object) -> str:
    """A cell as folded text: width normalised, spaces at the ends gone, whole floats without their ``.0``."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return unicodedata.normalize("NFKC", str(cell)).strip()


def harmless(text: str) -> str:
    """Text that no spreadsheet runs as a formula.

    >>> harmless("=HYPERLINK(1)"), harmless("株式会社＝")
    ("'=HYPERLINK(1)", '株式会社＝')
    """
    return _GUARD + text if _is_formula(text) else text


def as_meant(text: str) -> str:
    """The text that :func:`harmless` was given.

    >>> as_meant("'=1"), as_meant("'quoted'")
    ('=1', "'quoted'")
    """
    return text[1:] if text.startswith(_GUARD) and _is_formula(text) else text


def _is_formula(text: str) -> bool:
    """Whether a text is a formula, guarded or not: one that comes with a guard of its own gets another."""
    return text.lstrip(_GUARD).startswith(_STARTS)
