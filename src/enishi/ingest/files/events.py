"""Rows of event files on their way to the inbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from typing import Any

from enishi.accounts.coercion import plain_json
from enishi.accounts.saving import CREATED, MISSING, REJECTED, RowResult
from enishi.ingest.accepting import Accepted
from enishi.ingest.api import accept_events, event_message
from enishi.ingest.files.reading import ReadRow, RowReader
from enishi.ingest.files.tables import Table
from enishi.ingest.models import Import
from enishi.kit.home import Home
from enishi.kit.text import Text

_EVERY = 2000
NOBODY = Text("neither account nor user is given.", "顧客企業と利用者のどちらも入力されていません。")


def event_result(index: int, row: ReadRow) -> RowResult:
    """Whether a row can be an event; ``created`` or ``rejected``."""
    errors = dict(row.errors)
    for name in ("occurred_at", "event"):
        if not row.values.get(name):
            errors.setdefault(name, MISSING)
    if not (row.values.get("account") or row.values.get("user")) and "account" not in errors:
        errors["account"] = NOBODY
    return RowResult(index, REJECTED if errors else CREATED, errors=errors)


def as_message(row: ReadRow, reader: RowReader) -> dict[str, Any]:
    """A row as a message of the protocol. A day without time begins in the company's zone."""
    values = row.values
    at = values["occurred_at"]
    if not isinstance(at, datetime):
        assert isinstance(at, date)  # noqa: S101
        at = datetime.combine(at, time(), reader.zone)
    return event_message(
        occurred_at=at.astimezone(UTC),
        event=str(values["event"]),
        account=str(values.get("account") or ""),
        user=str(values.get("user") or ""),
        product=str(values.get("product") or ""),
        properties=plain_json(values.get("extra") or {}),
        message_id=str(values.get("message_id") or ""),
    )


def send_events(
    home: Home,
    made: Import,
    table: Table,
    reader: RowReader,
    now: datetime,
    rejected: Callable[[list[ReadRow]], None],
    passed: Callable[[int], None],
) -> int:
    """Put a file's events into the inbox, durable on return; gives how many were accepted.

    Args:
        rejected: takes rows that cannot be events, with their errors.
        passed: hears now and then how many rows were read.
    """
    places: list[int] = []
    accepted: Accepted = accept_events(
        _messages(table, reader, places, rejected, passed),
        source=made.name,
        backfill=made.backfill,
        system=made.system,
        delivery=made.delivery,
        home=home,
        now=now,
    )
    if accepted.refused:
        reasons = {places[position]: refused.message for position, refused in accepted.refused}
        rejected(list(_read_again(table, reader, reasons)))
    return accepted.count


def _messages(
    table: Table,
    reader: RowReader,
    places: list[int],
    rejected: Callable[[list[ReadRow]], None],
    passed: Callable[[int], None],
) -> Iterator[dict[str, Any]]:
    bad: list[ReadRow] = []
    count = 0
    for place, cells in table.rows():
        row = reader.read(place, cells)
        row.errors = event_result(0, row).errors
        if row.errors:
            bad.append(row)
        else:
            places.append(place)
            yield as_message(row, reader)
        count += 1
        if count % _EVERY == 0:
            rejected(bad)
            bad = []
            passed(count)
    rejected(bad)
    passed(count)


def _read_again(table: Table, reader: RowReader, reasons: dict[int, Text]) -> Iterator[ReadRow]:
    for place, cells in table.rows():
        if place in reasons:
            row = reader.read(place, cells)
            row.errors = {"occurred_at": reasons[place]}
            yield row
