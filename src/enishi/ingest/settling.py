"""Rejected items that were taken in by another way leave the desk by themselves.

A message that comes again under its id, now understood, and a row that is imported again, corrected or not, and now
accepted. Nothing is counted twice: both go by the id under which they would have been taken from the desk.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet

from enishi.accounts.audit import SYSTEM, write_audit
from enishi.accounts.models import Account, Contact, Record
from enishi.ingest.decoding import content_of_message
from enishi.ingest.files.reading import SYSTEM_HEADINGS, Plan, ReadRow, RowReader
from enishi.ingest.files.standing import content_of, of_same_headings, parts
from enishi.ingest.files.tables import Table
from enishi.ingest.models import Import, Reject
from enishi.ingest.returning import note_settled
from enishi.store.columns import Events

CAME_AGAIN = "came-again"  # who closed such an item
_MESSAGES, _FILES = "inbox:", "import:"


def waiting_messages() -> set[str]:
    """What the open messages of the desk would be known by."""
    rows = _open().filter(kind="event", origin__startswith=_MESSAGES).exclude(content="")
    return set(rows.values_list("content", flat=True))


def settle_messages(events: Events, waiting: set[str], now: datetime) -> None:
    """Close the items whose message is among ``events``; ``waiting`` loses them."""
    if not waiting:
        return
    names = map(content_of_message, events.stream, events.message_id)
    found = sorted({name for name in names if name in waiting})
    waiting.difference_update(found)
    rows = _open().filter(kind="event", origin__startswith=_MESSAGES)
    _close([item for part in parts(found) for item in rows.filter(content__in=part)], now)


def settle_rows(made: Import, table: Table, reader: RowReader, now: datetime) -> None:
    """Close the items of earlier imports whose row this file brings too, corrected or not, whatever it is called, and
    which is not refused any more: those that still are, the run has moved to this import."""
    before = _open().filter(kind=made.kind, origin__startswith=_FILES).exclude(origin=made.origin)
    waiting = _Waiting.of(made, reader, list(before))
    if not waiting:
        return
    found: dict[int, Reject] = {}
    for place, cells in table.rows():
        found |= {item.pk: item for item in waiting.settled(made, reader.read(place, cells))}
    with transaction.atomic():
        for item in _close(list(found.values()), now, made):
            number = item.context.get("import", 0)
            Import.objects.filter(pk=number, rejected__gt=0).update(
                rejected=F("rejected") - 1, unchanged=F("unchanged") + 1
            )


class _Waiting:
    """Items that wait for their row: by its content; in files with the same headings also by their own number, and by
    the id of a row that states the record again."""

    def __init__(self) -> None:
        self._by_content: dict[str, list[Reject]] = defaultdict(list)
        self._by_number: dict[int, Reject] = {}
        self._by_id: dict[tuple[str, ...], list[Reject]] = defaultdict(list)
        self._refused: set[int] = set()

    def __bool__(self) -> bool:
        return bool(self._by_content or self._by_number)

    @classmethod
    def of(cls, made: Import, reader: RowReader, items: Sequence[Reject]) -> _Waiting:
        waiting = cls()
        alike = of_same_headings(made, {item.origin for item in items})
        waiting._refused = set(_open().filter(origin=made.origin).values_list("position", flat=True))
        for item in items:
            if item.content:
                waiting._by_content[item.content].append(item)
            if item.origin in alike:
                waiting._by_number[item.pk] = item
                if name := _naming(reader, item, alike[item.origin].system):
                    waiting._by_id[name].append(item)
        return waiting

    def settled(self, made: Import, row: ReadRow) -> list[Reject]:
        """The items a row of the file settles."""
        found = [*self._by_content.get(content_of(made, row), ())]
        if row.errors or row.place in self._refused:
            return found
        numbered = self._by_number.get(row.number)
        return [*found, *self._by_id.get(_named(row, made.system), ()), *([numbered] if numbered else ())]


def _naming(reader: RowReader, item: Reject, system: str) -> tuple[str, ...]:
    """What names the record of an item, where its row states its id."""
    if "id" not in reader.plan.columns:
        return ()
    cells = json.loads(item.payload)
    return _named(reader.read(item.position, [cells.get(heading) for heading in reader.headings]), system)


def _named(row: ReadRow, system: str) -> tuple[str, ...]:
    """What names the record a row states: the system of its id, the import's where the row says none, the id, and the day
    from which it states the record where terms have one."""
    name = str(row.values.get("id") or "")
    return (row.system or system, name, str(row.values.get("effective_on") or "")) if name else ()


def _open() -> QuerySet[Reject]:
    return Reject.objects.filter(status=Reject.Status.OPEN)


def _close(items: Sequence[Reject], now: datetime, made: Import | None = None) -> list[Reject]:
    """Close some items, those of files because of an import. What then comes and is refused is a new item."""
    closed: list[Reject] = []
    with transaction.atomic():
        for some in parts([item.pk for item in items]):
            closed += _open().select_for_update().filter(pk__in=some)
        for item in closed:
            if made:
                note_settled(item, made)
            item.status, item.content = Reject.Status.REPLAYED, ""
            item.closed_at, item.closed_by = now, CAME_AGAIN
        fields = ["status", "content", "closed_at", "closed_by", "context"]
        Reject.objects.bulk_update(closed, fields, batch_size=200)
        if items:
            write_audit(SYSTEM, "rejects_settled", "rejects", detail={"count": len(items)})
    return closed


def stated_since(reject: Reject, made: Import, cells: Mapping[str, object]) -> tuple[str, datetime] | None:
    """The id of a rejected row whose record was stated by another way since, and when that was."""
    wanted = cells.get(Plan.from_json(made.plan).columns.get("id", ""))
    if wanted in (None, ""):
        return None
    system = next(
        (told for heading in SYSTEM_HEADINGS if (told := str(cells.get(heading) or "").strip())), made.system
    )
    rows = _rows_of(made.kind).filter(source=system, outside_id=str(wanted))
    at = rows.filter(updated_at__gt=reject.made_at).values_list("updated_at", flat=True).first()
    return (str(wanted), at) if at else None


def _rows_of(kind: str) -> QuerySet[Any]:
    if kind == "account":
        return Account.objects.all()
    return Contact.objects.all() if kind == "contact" else Record.objects.filter(kind=kind)
