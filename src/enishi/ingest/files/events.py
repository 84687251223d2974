"""Rows of event files on their way to the inbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from enishi.accounts.coercion import plain_json
from enishi.accounts.saving import CREATED, MISSING, REJECTED, RowResult
from enishi.ingest.accepting import Accepted, refusal_of
from enishi.ingest.api import accept_events, event_message
from enishi.ingest.contracts import Refused
from enishi.ingest.files.reading import ROW, ReadRow, RowReader
from enishi.ingest.files.tables import Table
from enishi.ingest.models import Import
from enishi.kit.home import Home
from enishi.kit.text import Text

_EVERY = 2000
NOBODY = Text("neither account nor user is given.", "顧客企業と利用者のどちらも入力されていません。")

NO_ACCOUNT = Text(
    "names no account: it counts only if the user's account is known otherwise.",
    "顧客企業が空欄です。利用者の所属先が別途分かっている場合だけ集計されます。",
)
_FIELDS = {"timestamp": "occurred_at", "userId": "user", "groupId": "account", "messageId": "message_id"}


def event_result(index: int, row: ReadRow) -> RowResult:
    """Whether a row can be an event by what it holds; ``created`` or ``rejected``. Notes its errors on the row."""
    row.errors = _errors(row)
    if row.errors:
        return RowResult(index, REJECTED, errors=row.errors)
    empty = "account" in row.values and not row.values["account"]
    return RowResult(index, CREATED, warnings={"account": NO_ACCOUNT} if empty else {})


def tried_event(index: int, row: ReadRow, reader: RowReader, system: str, now: datetime) -> RowResult:
    """The same by the rules of the inbox too, which a real run asks when it puts the event there."""
    result = event_result(index, row)
    if not result.errors and (refused := refusal_of(as_message(row, reader), system=system, now=now)):
        refuse(row, refused)
        return RowResult(index, REJECTED, errors=row.errors)
    return result


def _errors(row: ReadRow) -> dict[str, Text]:
    errors = dict(row.errors)
    for name in ("occurred_at", "event"):
        if not row.values.get(name):
            errors.setdefault(name, MISSING)
    if not (row.values.get("account") or row.values.get("user")) and "account" not in errors:
        errors["account"] = NOBODY
    return errors


def refuse(row: ReadRow, refused: Refused) -> None:
    """Note on a row why the inbox does not take it, at the field concerned."""
    place = refused.place.rpartition(".")[2]
    row.errors = {_FIELDS.get(place, place if place == "event" else ROW): refused.message}
    row.reason = refused.code


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
    told: Callable[[list[tuple[ReadRow, RowResult]]], None],
    passed: Callable[[int], None],
    named: Callable[[ReadRow, Mapping[str, Any]], Mapping[str, Any]],
) -> int:
    """Put a file's events into the inbox, durable on return; gives how many were accepted.

    Args:
        told: takes rows that cannot be events, and those with a warning, with their results.
        passed: hears now and then how many rows were read.
        named: gives a row's message the id under which it may have come before.
    """
    places: list[int] = []
    accepted: Accepted = accept_events(
        _messages(made, table, reader, now, places, told, passed, named),
        source=made.name,
        backfill=made.backfill,
        system=made.system,
        delivery=made.delivery,
        home=home,
        now=now,
    )
    if accepted.refused:
        reasons = {places[position]: refused for position, refused in accepted.refused}
        told(list(_read_again(table, reader, reasons)))
    return accepted.count


def _messages(
    made: Import,
    table: Table,
    reader: RowReader,
    now: datetime,
    places: list[int],
    told: Callable[[list[tuple[ReadRow, RowResult]]], None],
    passed: Callable[[int], None],
    named: Callable[[ReadRow, Mapping[str, Any]], Mapping[str, Any]],
) -> Iterator[Mapping[str, Any]]:
    notable: list[tuple[ReadRow, RowResult]] = []
    count = 0
    for place, cells in table.rows():
        row = reader.read(place, cells)
        result = event_result(0, row)
        if result.warnings:  # told only of what the inbox takes
            result = tried_event(0, row, reader, made.system, now)
        if result.errors or result.warnings:
            notable.append((row, result))
        if not result.errors:
            places.append(place)
            yield named(row, as_message(row, reader))
        count += 1
        if count % _EVERY == 0:
            told(notable)
            notable = []
            passed(count)
    told(notable)
    passed(count)


def _read_again(
    table: Table, reader: RowReader, reasons: dict[int, Refused]
) -> Iterator[tuple[ReadRow, RowResult]]:
    for place, cells in table.rows():
        if place in reasons:
            row = reader.read(place, cells)
            refuse(row, reasons[place])
            yield row, RowResult(0, REJECTED, errors=row.errors)
