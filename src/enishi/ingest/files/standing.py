"""Rejected rows that came before: the same row of the same file, imported again, is one item of the desk."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence

from enishi.accounts.coercion import plain_json
from enishi.ingest.files.reading import ReadRow
from enishi.ingest.models import Import, Reject

_AT_ONCE = 500


def content_of(made: Import, row: ReadRow) -> str:
    """What tells whether the same row came again: its kind, its file's name and its cells."""
    text = json.dumps([made.kind, made.name, plain_json(row.cells)], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def standing(made: Import, rows: Sequence[ReadRow]) -> dict[int, Reject]:
    """The items as which rejected rows stand on the desk already, by the row's place; of equal rows each has its
    own. An item of this very import is the row's only at the same place."""
    contents = {row.place: content_of(made, row) for row in rows}
    waiting = _by_content(sorted(set(contents.values())))
    found: dict[int, Reject] = {}
    for place, content in contents.items():
        items = waiting[content]
        own = [item for item in items if (item.origin, item.position) == (made.origin, place)]
        others = [item for item in items if item.origin != made.origin]
        if item := next(iter([*own, *others]), None):
            found[place] = item
            items.remove(item)
    return found


def _by_content(contents: Sequence[str]) -> dict[str, list[Reject]]:
    found: dict[str, list[Reject]] = defaultdict(list)
    for start in range(0, len(contents), _AT_ONCE):
        for item in Reject.objects.filter(content__in=contents[start : start + _AT_ONCE]).order_by("pk"):
            found[item.content].append(item)
    return found
