"""The two ways in which a text may stand in SQL: as a quoted name or as a quoted literal."""

from __future__ import annotations


def literal(text: str) -> str:
    """A string literal, valid in every engine's SQL; refuses what engines escape differently."""
    if "\\" in text or "\x00" in text:
        raise ValueError(f"a text with a backslash cannot stand in a query: {text!r}")
    return "'" + text.replace("'", "''") + "'"


def name_of(name: str, quote: str = '"') -> str:
    """A quoted identifier; refuses quotes inside."""
    if not name or quote in name or "\x00" in name:
        raise ValueError(f"not a name for a table or column: {name!r}")
    return f"{quote}{name}{quote}"
