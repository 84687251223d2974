"""Rejected items that were taken in by another way leave the desk by themselves.

A message that comes again under its id, now understood, and a row of the same file that is imported again and now
accepted. Nothing is counted twice: both go by the id under which they would have been taken from the desk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import F, QuerySet

from enishi.accounts.audit import SYSTEM, write_audit
from enishi.accounts.models import Account, Contact, Record
from enishi.ingest.decoding import content_of_message
from enishi.ingest.files.reading import Plan, RowReader
from enishi.ingest.files.standing import content_of
from enishi.ingest.files.tables import Table
from enishi.ingest.models import Import, Reject
from enishi.store.columns import Events

_T = TypeVar("_T")

CAME_AGAIN = "came-again"  # who closed such an item
_MESSAGES = "inbox:"
_AT_ONCE = 500


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
    _close(_open().filter(kind="event", origin__startswith=_MESSAGES), found, now)


def settle_rows(made: Import, table: Table, reader: RowReader, now: datetime) -> None:
    """Close the items of earlier imports whose row stands in this file too and is not refused any more: those that
    still are, the run has moved to this import."""
    before = _open().filter(kind=made.kind, source=made.name[:100]).exclude(origin=made.origin)
    waiting = set(before.exclude(content="").values_list("content", flat=True))
    if not waiting:
        return
    rows = (reader.read(place, cells) for place, cells in table.rows())
    found = {content for content in (content_of(made, row) for row in rows) if content in waiting}
    with transaction.atomic():
        for item in _close(before, sorted(found), now):
            number = item.context.get("import", 0)
            Import.objects.filter(pk=number, rejected__gt=0).update(
                rejected=F("rejected") - 1, unchanged=F("unchanged") + 1
            )


def _open() -> QuerySet[Reject]:
    return Reject.objects.filter(status=Reject.Status.OPEN)


def _close(rows: QuerySet[Reject], contents: Sequence[str], now: datetime) -> list[Reject]:
    """Close those of some items that are known by these contents; gives them. What then comes and is refused is a
    new item."""
    with transaction.atomic():
        closed = [item for part in _parts(contents) for item in rows.filter(content__in=part)]
        for some in _parts([item.pk for item in closed]):
            Reject.objects.filter(pk__in=some, status=Reject.Status.OPEN).update(
                status=Reject.Status.REPLAYED, content="", closed_at=now, closed_by=CAME_AGAIN
            )
        if closed:
            write_audit(SYSTEM, "rejects_settled", "rejects", detail={"count": len(closed)})
    return closed


def _parts(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    return (values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE))


def stated_since(reject: Reject, made: Import, cells: Mapping[str, object]) -> tuple[str, datetime] | None:
    """The id of a rejected row whose record was stated by another way since, and when that was."""
    wanted = cells.get(Plan.from_json(made.plan).columns.get("id", ""))
    if wanted in (None, ""):
        return None
    rows = _rows_of(made.kind).filter(source=made.system, outside_id=str(wanted))
    at = rows.filter(updated_at__gt=reject.made_at).values_list("updated_at", flat=True).first()
    return (str(wanted), at) if at else None


def _rows_of(kind: str) -> QuerySet[Any]:
    if kind == "account":
        return Account.objects.all()
    return Contact.objects.all() if kind == "contact" else Record.objects.filter(kind=kind)
