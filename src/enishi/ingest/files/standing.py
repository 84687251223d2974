"""Rejected rows that came before: the same row, imported again, is one item of the desk.

A row is the same by its cells, whatever its file is called, or by the number of the item where it comes back from a
downloaded list of rejected rows, whatever was corrected in it.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TypeVar

from enishi.accounts.coercion import plain_json
from enishi.ingest.files.reading import ReadRow, fingerprint
from enishi.ingest.models import Import, Reject

_T = TypeVar("_T")

_AT_ONCE = 500


def content_of(made: Import, row: ReadRow) -> str:
    """What tells whether the same row came again: its kind and its cells, however the file's form types them."""
    cells = plain_json(row.cells).items()
    told = {h: c if isinstance(c, dict | list) else str(c) for h, c in cells if c not in (None, "")}
    text = json.dumps([made.kind, told], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def standing(made: Import, rows: Sequence[ReadRow]) -> dict[int, Reject]:
    """The items as which rejected rows stand on the desk already, by the row's place; of equal rows each has its
    own. An item of this very import is the row's only at the same place."""
    found = numbered(made, rows)
    taken = {item.pk for item in found.values()}
    contents = {row.place: content_of(made, row) for row in rows if row.place not in found}
    waiting = _by_content(sorted(set(contents.values())))
    for place, content in contents.items():
        items = [item for item in waiting[content] if item.pk not in taken]
        own = [item for item in items if (item.origin, item.position) == (made.origin, place)]
        others = [item for item in items if item.origin != made.origin]
        if item := next(iter([*own, *others]), None):
            found[place] = item
            taken.add(item.pk)
    return found


def numbered(made: Import, rows: Iterable[ReadRow]) -> dict[int, Reject]:
    """The open items whose numbers the rows bear, by the row's place: those of files with the same headings."""
    places = {row.number: row.place for row in reversed(list(rows)) if row.number}
    items = [
        item
        for part in parts(sorted(places))
        for item in Reject.objects.filter(pk__in=part, kind=made.kind, status=Reject.Status.OPEN)
    ]
    alike = of_same_headings(made, {item.origin for item in items})
    return {places[item.pk]: item for item in items if item.origin in alike}


def of_same_headings(made: Import, origins: Collection[str]) -> dict[str, Import]:
    """Of the imports by which items stand on the desk, those whose file has the headings of this one."""
    own = fingerprint(made.headings)
    numbers = [int(origin.partition(":")[2]) for origin in origins if origin.startswith("import:")]
    found = [other for part in parts(sorted(numbers)) for other in Import.objects.filter(pk__in=part)]
    return {other.origin: other for other in found if fingerprint(other.headings) == own}


def _by_content(contents: Sequence[str]) -> dict[str, list[Reject]]:
    found: dict[str, list[Reject]] = defaultdict(list)
    for part in parts(contents):
        for item in Reject.objects.filter(content__in=part).order_by("pk"):
            found[item.content].append(item)
    return found


def parts(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """Values in portions one query takes."""
    return (values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE))
