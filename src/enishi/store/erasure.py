"""Removing a person from the published facts, and old raw events from them all.

Both rewrite the files concerned and list the new ones in one manifest; the old files go after the readers' grace
time. Hashes of message ids stay, so that a message sent again is not counted again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from enishi.kit.home import Home
from enishi.store.compaction import read_file
from enishi.store.contracts import Erasure
from enishi.store.kinds import CONTACT, KINDS
from enishi.store.manifest import File, Manifest, read_manifest, write_manifest
from enishi.store.memory import TABLE as SEEN
from enishi.store.memory import Remembered, remember, write_seen
from enishi.store.numbers import Key, Numbers
from enishi.store.parquet import write_file
from enishi.store.publishing import replace_files
from enishi.store.rollups import with_months_again
from enishi.store.schema import ROLLUPS
from enishi.store.writer import transaction

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
    change = _Change(home, manifest, now, streams)
    for table, columns in _USER_COLUMNS.items():
        change.each(table, columns, numbers, _without)
    if contact_id is not None:
        change.each("link", ("contact_id",), [contact_id], _without)
        for kind in KINDS.values():
            column = "record_id" if kind is CONTACT else "contact_id"
            blank = partial(_blank, column=column, personal=kind.personal, number=contact_id)
            change.each(f"record_{kind.name}", (column,), [contact_id], blank, counts="blanked")
    return change.commit()


def blank_texts(
    home: Home, records: Sequence[tuple[str, int]], now: datetime, streams: Mapping[str, str]
) -> Removed:
    """Take the personal fields out of every version of some records, whoever they are about. Nothing may be pending."""
    change = _Change(home, read_manifest(home.published), now, streams)
    for kind in KINDS.values():
        numbers = [number for name, number in records if name == kind.name]
        if numbers and kind is not CONTACT:
            blank = partial(_blank, column="contact_id", personal=kind.personal, number=0)
            change.each(f"record_{kind.name}", ("record_id",), numbers, blank, counts="blanked")
    return change.commit()


class _Change:
    """Files replaced by their rewritten selves, listed together at the end."""

    def __init__(self, home: Home, manifest: Manifest, now: datetime, streams: Mapping[str, str]) -> None:
        self.home, self.now, self.before, self.manifest = home, now, manifest, manifest
        self.streams = streams
        self.gone: list[Remembered] = []  # ids whose events leave: they stay known as seen
        self.counts = {"rows": 0, "blanked": 0}
        self.months: set[date] = set()  # whose roll-ups are to be made again
        self.tables: set[str] = set()

    def each(
        self,
        table: str,
        columns: tuple[str, ...],
        numbers: Sequence[int],
        rewrite: Callable[[pa.Table, pa.Array], pa.Table],
        counts: str = "rows",
    ) -> None:
        """Rewrite those files of a table in which one of the columns holds one of the numbers.

        Args:
            rewrite: gets a file's rows and which of them are meant.
        """
        for file in self.before.tables.get(table, []):
            path = self.home.published / file.path
            hit = _hit(pq.ParquetFile(path).read(columns=list(columns)), columns, numbers)
            if count := pc.sum(hit).as_py():
                self.counts[counts] += count
                rows = read_file(path)
                if table == "usage":
                    self.months |= {
                        day.replace(day=1) for day in rows.filter(hit)["day"].unique().to_pylist()
                    }
                elif table == "events":
                    self.forget(rows.filter(hit))
                self.replace(table, file, rewrite(rows, hit))

    def forget(self, events: pa.Table) -> None:
        """Events that leave; their ids are remembered."""
        self.gone.append(remember(events, self.streams))

    def replace(self, table: str, file: File, rows: pa.Table) -> None:
        added = [write_file(self.home.published, table, rows, file.part, file.level)] if rows.num_rows else []
        self.manifest = replace_files(self.manifest, table, [file], added, self.now)
        self.tables.add(table)

    def commit(self, **changes: object) -> Removed:
        if self.months:
            self.manifest = with_months_again(self.home.published, self.manifest, self.months, self.now)
            self.tables |= set(ROLLUPS)
        if seen := write_seen(self.home, self.gone):
            self.manifest = replace_files(self.manifest, SEEN, [], seen, self.now)
        if self.tables or changes:
            generation = self.before.generation + 1
            changed = self.manifest.changed | dict.fromkeys(self.tables, generation)
            full = msgspec.structs.replace(
                self.manifest, generation=generation, changed=changed, rewritten=generation, **changes
            )
            write_manifest(self.home.published, full)
        return Removed(self.counts["rows"], self.counts["blanked"])


def _hit(rows: pa.Table, columns: tuple[str, ...], numbers: Sequence[int]) -> pa.Array:
    wanted = pa.array(list(numbers), pa.int64())
    hit = pc.is_in(rows[columns[0]], wanted)
    for column in columns[1:]:
        hit = pc.or_(hit, pc.is_in(rows[column], wanted))
    return hit


def _without(rows: pa.Table, hit: pa.Array) -> pa.Table:
    return rows.filter(pc.invert(hit))


def _blank(rows: pa.Table, hit: pa.Array, *, column: str, personal: tuple[str, ...], number: int) -> pa.Table:
    names = [*personal, "extra", *(["outside_id"] if column == "record_id" else [])]
    for name in names:
        place = rows.schema.get_field_index(name)
        type_ = rows.schema.field(name).type
        value = pa.scalar(f"erased-{number}" if name == "outside_id" else None, type_)
        rows = rows.set_column(place, rows.schema.field(name), pc.if_else(hit, value, rows[name]))
    return rows


def forget_users(database: duckdb.DuckDBPyConnection, numbers: Sequence[int]) -> None:
    """Remove a person from the writer's own tables. The file must be rewritten afterwards."""
    listed = ",".join(map(str, numbers)) or "0"
    with transaction(database):
        database.execute(f"DELETE FROM memberships WHERE user_no IN ({listed})")  # noqa: S608 - integers
        database.execute(f"DELETE FROM aliases WHERE user_no IN ({listed}) OR previous_no IN ({listed})")  # noqa: S608
        database.execute(f"DELETE FROM users WHERE no IN ({listed})")  # noqa: S608


def find_traces(home: Home, erasure: Erasure) -> int:
    """How many published rows still name the person: by user id, or with personal fields of the contact."""
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
    return count + _texts_left(home, manifest, erasure.records)


def _texts_left(home: Home, manifest: Manifest, records: Sequence[tuple[str, int]]) -> int:
    """How many versions of these records still hold a personal field."""
    count = 0
    for name in {name for name, _number in records}:
        numbers = [number for kind, number in records if kind == name]
        for file in manifest.tables.get(f"record_{name}", []):
            rows = read_file(home.published / file.path)
            rows = rows.filter(_hit(rows, ("record_id",), numbers))
            count += sum(len(rows) - rows[field].null_count for field in KINDS[name].personal)
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
    change = _Change(home, manifest, now, streams)
    for file in manifest.tables.get("events", []):
        if file.first >= before.isoformat():
            continue
        rows = read_file(home.published / file.path)
        kept = pc.greater_equal(rows["day"], pa.scalar(before))
        change.forget(rows.filter(pc.invert(kept)))
        change.replace("events", file, rows.filter(kept))
    change.commit(raw_from=before.isoformat())
    return read_manifest(home.published)
