"""What the rejects desk shows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q, QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from enishi.ingest.files.kinds import FILE_KINDS
from enishi.ingest.files.reading import stated_headings
from enishi.ingest.models import Import, Reject
from enishi.ingest.settling import CAME_AGAIN

_MESSAGES = 3  # of a heap that are shown


@dataclass(frozen=True, slots=True)
class Filters:
    """The conditions in the address."""

    query: str = ""
    kind: str = ""
    source: str = ""
    reason: str = ""
    place: str = ""
    status: str = Reject.Status.OPEN

    @classmethod
    def of(cls, asked: Any) -> Filters:
        status = asked.get("status", "")
        return cls(
            asked.get("q", "").strip()[:200],
            asked.get("kind", "")[:30],
            asked.get("source", "")[:100],
            asked.get("reason", "")[:60],
            asked.get("place", "")[:200],
            status if status in Reject.Status.values else Reject.Status.OPEN.value,
        )


def find_rejects(filters: Filters) -> QuerySet[Reject]:
    rows = Reject.objects.filter(status=filters.status)
    for name in ("kind", "source", "reason", "place"):
        if value := getattr(filters, name):
            rows = rows.filter(**{name: value})
    if filters.query:
        escaped = json.dumps(filters.query)[1:-1]
        rows = rows.filter(
            Q(payload__icontains=filters.query)
            | Q(payload__icontains=escaped)
            | Q(message_en__icontains=filters.query)
            | Q(message_ja__icontains=filters.query)
        )
    return rows


def kind_title(kind: str) -> str:
    found = FILE_KINDS.get(kind)
    return found.title.in_language(language()) if found else kind


def language() -> str:
    return get_language() or "ja"


def status_titles() -> list[tuple[str, str]]:
    return [("open", _("To be settled")), ("replayed", _("Taken in")), ("discarded", _("Discarded"))]


def choices(field: str) -> list[tuple[str, str]]:
    """The values of a field among open items, the most frequent first."""
    rows = Reject.objects.filter(status=Reject.Status.OPEN).order_by().values_list(field)
    found = rows.annotate(n=Count("pk")).order_by("-n")[:50]
    return [(value, kind_title(value) if field == "kind" else value) for value, _n in found if value]


@dataclass(frozen=True, slots=True)
class Heap:
    """Items that wait for one reason at one place, from one source; their most frequent messages; the address's query.
    ``more``: of them, those with other messages. ``mendable``: something within them is at fault, not the whole of them."""

    texts: list[str]
    more: int
    kind: str
    source: str
    count: int
    query: str
    mendable: bool


def heaps(rejects: QuerySet[Reject]) -> list[Heap]:
    """What waits, heaped up by reason, place and source, the highest heaps first."""
    names = ("kind", "source", "reason", "place")
    rows = rejects.order_by().values(*names)
    found = rows.annotate(n=Count("pk")).order_by("-n")[:8]
    return [_heap(rejects, {name: row[name] for name in names}, row["n"]) for row in found]


def _heap(rejects: QuerySet[Reject], of: dict[str, str], count: int) -> Heap:
    message = "message_ja" if language().startswith("ja") else "message_en"
    told = (
        rejects.filter(**of).order_by().values_list(message).annotate(n=Count("pk")).order_by("-n", message)
    )
    first: dict[str, int] = {}
    for text, n in told[:_MESSAGES]:
        line = text.split("\n")[0] or of["reason"]
        first[line] = first.get(line, 0) + n
    return Heap(
        list(first),
        count - sum(first.values()),
        kind_title(of["kind"]),
        of["source"],
        count,
        urlencode(of),
        of["place"] not in ("", "$"),
    )


def closed_by(reject: Reject) -> str:
    """Who or what settled an item."""
    words = {
        CAME_AGAIN: _("by itself: it came again and was taken in"),
        "erasure": _("the person was erased"),
    }
    return words.get(reject.closed_by, reject.closed_by)


def bare(place: str) -> str:
    """Where something is wrong, as people name it: a heading, or a name within a message without the root."""
    return place.removeprefix("$").removeprefix(".")


def pretty(payload: str) -> str:
    """JSON with indents, where it is JSON."""
    try:
        return json.dumps(json.loads(payload), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return payload


def import_of(reject: Reject) -> Import | None:
    number = reject.context.get("import")
    return Import.objects.filter(pk=number).first() if number else None


def cells_of(reject: Reject, made: Import) -> list[tuple[str, str, bool]]:
    """A file row's cells in the file's order, those at fault marked."""
    cells = json.loads(reject.payload)
    at_fault = set(reject.context.get("fields", {}).values())
    headings = stated_headings(made.headings)
    return [(h, "" if cells.get(h) is None else str(cells[h]), h in at_fault) for h in headings]
