"""Tone and topic beside tickets, survey comments, interactions and notes of an account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from enishi.texts.api import Read, judgements_of
from enishi.texts.sources import SOURCES, RecordSource


def reads_of_entries(entries: Iterable[Any]) -> dict[str, Read]:
    """Judgements by the key of a timeline's entry: ``record-12``, ``note-3``."""
    wanted: dict[str, dict[int, str]] = {}
    for entry in entries:
        number = entry.key.rpartition("-")[2]
        if entry.kind in SOURCES and number.isdecimal():
            wanted.setdefault(entry.kind, {})[int(number)] = entry.key
    return {
        keys[number]: read
        for kind, keys in wanted.items()
        for number, read in judgements_of(kind, list(keys)).items()
    }


def reads_of_records(
    kind: str, shown: Mapping[int, Mapping[str, Any]], as_of: date | None
) -> dict[int, Read]:
    """Judgements of records by number. On a past day only where the wording of then is the one that was judged.

    Args:
        shown: number -> fields as they are shown.
    """
    if as_of is None:
        return judgements_of(kind, list(shown))
    source = SOURCES[kind]
    fields = source.fields if isinstance(source, RecordSource) else ()
    texts = {
        number: "\n".join(part for name in fields if (part := str(data.get(name) or "").strip()))
        for number, data in shown.items()
    }
    return judgements_of(kind, texts, as_of)
