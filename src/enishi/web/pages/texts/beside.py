"""Tone and topic beside tickets, survey comments, interactions and notes of an account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from enishi.texts.api import Read, judgements_of
from enishi.texts.sources import SOURCES, RecordSource


def reads_of_entries(entries: Iterable[Any], as_of: date | None = None) -> dict[str, Read]:
    """Judgements by the key of a timeline's entry: ``record-12``, ``note-3``. On a past day only of those whose wording
    of then (``worded``) is the one that was judged."""
    wanted: dict[str, dict[int, Any]] = {}
    for entry in entries:
        number = entry.key.rpartition("-")[2]
        if entry.kind in SOURCES and number.isdecimal():
            wanted.setdefault(entry.kind, {})[int(number)] = entry
    return {
        found[number].key: read
        for kind, found in wanted.items()
        for number, read in _judged(kind, found, as_of).items()
    }


def _judged(kind: str, entries: Mapping[int, Any], as_of: date | None) -> dict[int, Read]:
    if as_of is None:
        return judgements_of(kind, list(entries))
    return judgements_of(kind, {number: one.worded for number, one in entries.items()}, as_of)


def reads_of_records(
    kind: str, shown: Mapping[int, Mapping[str, Any]], as_of: date | None
) -> dict[int, Read]:
    """Judgements of records by number. On a past day only where the wording of then is the one that was judged.

    Args:
        shown: number -> fields as they are shown.
    """
    if as_of is None:
        return judgements_of(kind, list(shown))
    return judgements_of(kind, {number: text_of(kind, data) for number, data in shown.items()}, as_of)


def text_of(kind: str, data: Mapping[str, Any]) -> str:
    """What is read of a record with these values."""
    source = SOURCES.get(kind)
    return source.text_of(data) if isinstance(source, RecordSource) else ""
