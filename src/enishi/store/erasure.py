"""Removing a person from the published facts, and old raw events from them all.

Both rewrite the files concerned and list the new ones in one manifest; the old files go after the readers' grace
time. Hashes of message ids stay, so that a message sent again is not counted again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from enishi.kit.home import Home
from enishi.store.changing import Change, holding, without
from enishi.store.compaction import read_file
from enishi.store.contracts import Erasure
from enishi.store.kinds import CONTACT, KINDS, Kind
from enishi.store.manifest import Manifest, read_manifest
from enishi.store.numbers import Key, Numbers
from enishi.store.redaction import words_left
from enishi.store.writer import transaction

Emptied = tuple[str, int, tuple[str, ...]]  # kind, record, fields beside the personal ones

_USER_COLUMNS = {
    "events": ("user_no",),
    "usage": ("user_no",),
    "users": ("user_no",),
    "memberships": ("user_no",),
    "aliases": ("user_no", "previous_no"),
}


@dataclass(frozen=True, slots=True)
class Removed:
    """How many rows were removed, and how many record versions lost their personal fields."""

    rows: int
    blanked: int


def numbers_of(database: duckdb.DuckDBPyConnection, users: Numbers, keys: Sequence[Key]) -> list[int]:
    """The numbers of a person's ids, those joined to them by alias or sign-in included."""
    found = set(users.find(list(keys)).values())
    while True:
        listed = ",".join(map(str, sorted(found))) or "0"
        rows = database.execute(f"SELECT previous_no FROM aliases WHERE user_no IN ({listed})").fetchall()  # noqa: S608
        more = {row[0] for row in rows} - found
        if not more:
            return sorted(found)
        found |= more


def erase(
    home: Home, numbers: Sequence[int], contact_id: int | None, now: datetime, streams: Mapping[str, str]
) -> Removed:
    """Rewrite every file that names the person. Nothing may be pending."""
    manifest = read_manifest(home.published)
    change = Change(home, manifest, now, streams)
    for table, columns in _USER_COLUMNS.items():
        change.each(table, columns, holding(columns, numbers), without)
    if contact_id is not None:
        change.each("link", ("contact_id",), holding(["contact_id"], [contact_id]), without)
        for kind in KINDS.values():
            column = "record_id" if kind is CONTACT else "contact_id"
            blank = partial(_blank, column=column, personal=kind.personal, number=contact_id)
            meant = holding([column], [contact_id])
            change.each(f"record_{kind.name}", (column,), meant, blank, counts="blanked")
    return _done(change)


def blank_texts(home: Home, records: Sequence[Emptied], now: datetime, streams: Mapping[str, str]) -> Removed:
    """Take the personal fields, and those that are named, out of every version of some records, whoever they are
    about. Nothing may be pending."""
    change = Change(home, read_manifest(home.published), now, streams)
    for kind in {KINDS[kind] for kind, _number, _fields in records} - {CONTACT}:
        numbers = _emptied(kind, records)
        meant = holding(["record_id"], {number for found in numbers.values() for number in found})
        blank = partial(_blank_fields, numbers=numbers)
        change.each(f"record_{kind.name}", ("record_id",), meant, blank, counts="blanked")
    return _done(change)


def _emptied(kind: Kind, records: Sequence[Emptied]) -> dict[str, list[int]]:
    """Which records of a kind lose each of its fields."""
    numbers = defaultdict(list)
    for name, number, fields in records:
        for field in (*kind.personal, "extra", *fields) if name == kind.name else ():
            numbers[field].append(number)
    return numbers


def _blank_fields(rows: pa.Table, _hit: pa.Array, *, numbers: Mapping[str, Sequence[int]]) -> pa.Table:
    for field, lose in numbers.items():
        rows = _blanked(rows, holding(["record_id"], lose)(rows), field)
    return rows


def _blanked(rows: pa.Table, hit: pa.Array, field: str, value: str | None = None) -> pa.Table:
    place, column = rows.schema.get_field_index(field), rows.schema.field(field)
    return rows.set_column(place, column, pc.if_else(hit, pa.scalar(value, column.type), rows[field]))


def _done(change: Change) -> Removed:
    change.commit()
    return Removed(change.counts["rows"], change.counts["blanked"])


def _blank(rows: pa.Table, hit: pa.Array, *, column: str, personal: tuple[str, ...], number: int) -> pa.Table:
    for field in (*personal, "extra"):
        rows = _blanked(rows, hit, field)
    return _blanked(rows, hit, "outside_id", f"erased-{number}") if column == "record_id" else rows


def forget_users(database: duckdb.DuckDBPyConnection, numbers: Sequence[int]) -> None:
    """Remove a person from the writer's own tables. The file must be rewritten afterwards."""
    listed = ",".join(map(str, numbers)) or "0"
    with transaction(database):
        database.execute(f"DELETE FROM memberships WHERE user_no IN ({listed})")  # noqa: S608 - integers
        database.execute(f"DELETE FROM aliases WHERE user_no IN ({listed}) OR previous_no IN ({listed})")  # noqa: S608
        database.execute(f"DELETE FROM users WHERE no IN ({listed})")  # noqa: S608


def find_traces(home: Home, erasure: Erasure) -> int:
    """How many published rows still name the person: by user id, with personal fields of the contact, or in what
    others sent."""
    manifest = read_manifest(home.published)
    count = 0
    keys = set(erasure.users)
    for file in manifest.tables.get("users", []):
        rows = read_file(home.published / file.path)
        count += sum(
            key in keys for key in zip(*(rows[c].to_pylist() for c in ("system", "user_id")), strict=True)
        )
    for file in manifest.tables.get("link", []):
        rows = read_file(home.published / file.path)
        count += pc.sum(pc.equal(rows["contact_id"], erasure.contact_id or -1)).as_py() or 0
    for kind in KINDS.values():
        column = "record_id" if kind is CONTACT else "contact_id"
        for file in manifest.tables.get(f"record_{kind.name}", []):
            rows = read_file(home.published / file.path)
            rows = rows.filter(pc.fill_null(pc.equal(rows[column], erasure.contact_id or -1), False))
            count += sum(len(rows) - rows[name].null_count for name in kind.personal)
    return count + words_left(home, manifest, erasure.words) + _texts_left(home, manifest, erasure.records)


def _texts_left(home: Home, manifest: Manifest, records: Sequence[Emptied]) -> int:
    """How many texts these records still hold, over all their versions."""
    count = 0
    for kind in {KINDS[kind] for kind, _number, _fields in records}:
        for file in manifest.tables.get(f"record_{kind.name}", []):
            rows = read_file(home.published / file.path)
            for field, numbers in _emptied(kind, records).items():
                left = rows.filter(holding(["record_id"], numbers)(rows))[field]
                count += len(left) - left.null_count
    return count


def cutoff(today: date, months: int) -> date:
    """The first day of the month that lies ``months`` full months back."""
    place = today.year * 12 + today.month - 1 - months
    return date(place // 12, place % 12 + 1, 1)


def drop_raw(
    home: Home, manifest: Manifest, before: date, now: datetime, streams: Mapping[str, str]
) -> Manifest:
    """Remove raw events of days before a date; their counts in ``usage`` stay."""
    if manifest.raw_from and manifest.raw_from >= before.isoformat():
        return manifest
    change = Change(home, manifest, now, streams)
    for file in manifest.tables.get("events", []):
        if file.first >= before.isoformat():
            continue
        rows = read_file(home.published / file.path)
        kept = pc.greater_equal(rows["day"], pa.scalar(before))
        change.forget(rows.filter(pc.invert(kept)))
        change.replace("events", file, rows.filter(kept))
    change.commit(raw_from=before.isoformat())
    return read_manifest(home.published)
