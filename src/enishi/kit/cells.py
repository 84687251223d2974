"""Text in the cells of a table that people open with a spreadsheet."""

from __future__ import annotations

# What a spreadsheet takes for the start of a formula; Japanese ones also in full width.
_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_GUARD = "'"


def harmless(text: str) -> str:
    """Text that no spreadsheet runs as a formula.

    >>> harmless("=HYPERLINK(1)"), harmless("株式会社＝")
    ("'=HYPERLINK(1)", '株式会社＝')
    """
    return _GUARD + text if text.startswith(_STARTS) else text


def as_meant(text: str) -> str:
    """The text that :func:`harmless` was given.

    >>> as_meant("'=1"), as_meant("'quoted'")
    ('=1', "'quoted'")
    """
    return text[1:] if text.startswith(_GUARD) and text[1:].startswith(_STARTS) else text
