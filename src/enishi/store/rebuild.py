"""Making stored things again from what they came from: days in another time zone, record tables, the writer."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from enishi.kit.home import Home
from enishi.store.compaction import read_file
from enishi.store.contracts import Application
from enishi.store.days import days_in, part_of, split_parts
from enishi.store.hashing import key_hash
from enishi.store.manifest import File, Manifest, Retired, read_manifest, write_manifest
from enishi.store.memory import COLUMNS, Remembered, load_events, load_seen, remember, write_seen
from enishi.store.memory import TABLE as SEEN
from enishi.store.parquet import write_file
from enishi.store.publishing import COUNTED, USAGE_OF
from enishi.store.rollups import roll_up
from enishi.store.schema import HOUSE_FIELDS, ROLLUPS, table_schemas
from enishi.store.versions import fingerprint, versions_to_tables
from enishi.store.writer import State, connect, create_tables, write_state

log = logging.getLogger("enishi.store")

_CHUNK = 500_000


def is_outdated(manifest: Manifest, zone: str) -> bool:
    """Whether published rows were computed by another time zone, or record tables lack columns."""
    if not manifest.generation:
        return False
    return manifest.zone != zone or (bool(manifest.schema) and manifest.schema != fingerprint())


@dataclass(slots=True)
class _Rewrite:
    """Files that will replace all files of some tables in one manifest."""

    home: Home
    today: date
    files: dict[str, list[File]] = field(default_factory=dict)

    def days(self, table: str, rows: pa.Table) -> None:
        """Add rows of a table with days, and the roll-ups of usage."""
        rows = rows.sort_by([("day", "ascending")]).cast(table_schemas()[table])
        for part, piece in split_parts(rows, "day", partial(part_of, today=self.today)):
            self.add(table, write_file(self.home.published, table, piece, part))
        if table == "usage":
            for name, files in roll_up(self.home.published, rows, self.today).items():
                self.files[name] += files

    def add(self, table: str, file: File) -> None:
        self.files.setdefault(table, []).append(file)

    def commit(self, manifest: Manifest, now: datetime, **changes: object) -> Manifest:
        """List the new files in place of the old, in one step."""
        generation = manifest.generation + 1
        listed = {file.path for files in self.files.values() for file in files}
        old = [file for table in self.files for file in manifest.tables.get(table, [])]
        old = [file for file in old if file.path not in listed]
        result = msgspec.structs.replace(
            manifest,
            generation=generation,
            tables=manifest.tables | self.files,
            retired=[*manifest.retired, *(Retired(file.path, now.timestamp()) for file in old)],
            changed=manifest.changed | dict.fromkeys(self.files, generation),
            rewritten=generation,
            **changes,
        )
        write_manifest(self.home.published, result)
        return result


def rebuild(home: Home, application: Application, zone: str, now: datetime) -> Manifest:
    """Compute every published day again for a time zone, and carry all record versions anew.

    Nothing may be pending. Usage of days whose raw events retention has dropped stays as it was computed, and
    so do the days in dictionaries, memberships and aliases (at most one day off).
    """
    manifest = read_manifest(home.published)
    why = f"time zone {manifest.zone} -> {zone}" if manifest.zone != zone else "columns of another version"
    log.warning("rebuilding published facts: %s", why)
    change = _Rewrite(home, now.astimezone(ZoneInfo(zone)).date())
    if manifest.zone != zone:
        _redate_events(change, manifest, zone, application.streams())
    _recarry_records(change, application, manifest, zone)
    return change.commit(manifest, now, zone=zone, schema=fingerprint(), days={})


def carry_records_anew(home: Home, application: Application, zone: str, now: datetime) -> int:
    """Replace all record tables by the versions there are now; gives the number of the last.

    Nothing may be pending.
    """
    manifest = read_manifest(home.published)
    last = application.last_version()
    change = _Rewrite(home, now.astimezone(ZoneInfo(zone)).date())
    _recarry_records(change, application, msgspec.structs.replace(manifest, versions=last), zone)
    change.commit(manifest, now, versions=last)
    return last


def _redate_events(change: _Rewrite, manifest: Manifest, zone: str, streams: Mapping[str, str]) -> None:
    """All days by another zone. An event whose day now lies before those kept raw leaves, like all others of that day:
    its usage stays and its id is remembered. So usage from there on is always that of the raw events alone, and usage
    before it that of none of them."""
    change.files |= {table: [] for table in ("events", "usage", *ROLLUPS)}
    raw_from = pa.scalar(date.fromisoformat(manifest.raw_from) if manifest.raw_from else date.min)
    gone: list[Remembered] = []
    engine = duckdb.connect()
    for chunk in chunks(change.home, manifest.tables.get("events", [])):
        rows = redate(chunk, zone)
        raw = pc.greater_equal(rows["day"], raw_from)
        change.days("events", rows.filter(raw))
        gone.append(remember(rows.filter(pc.invert(raw)), streams))
        engine.register("redated", rows)
        usage = engine.sql(USAGE_OF.format(rows="redated", counted=COUNTED)).to_arrow_table()
        engine.unregister("redated")
        change.days("usage", usage)
    engine.close()
    for file in manifest.tables.get("usage", []):
        rows = read_file(change.home.published / file.path)
        change.days("usage", rows.filter(pc.less(rows["day"], raw_from)))
    if seen := write_seen(change.home, gone):
        change.files[SEEN] = [*manifest.tables.get(SEEN, []), *seen]


def redate(rows: pa.Table, zone: str) -> pa.Table:
    """Events with their three days computed for another time zone.

    An event counts as backfill if it was known when it happened and not when it arrived.
    """
    day, recorded = days_in(zone, rows["occurred_at"]), days_in(zone, rows["received_at"])
    backfill = pc.and_(
        pc.equal(rows["known_on"], rows["day"]), pc.not_equal(rows["known_on"], rows["recorded_on"])
    )
    for name, column in (
        ("day", day),
        ("known_on", pc.if_else(backfill, day, recorded)),
        ("recorded_on", recorded),
    ):
        rows = rows.set_column(rows.schema.get_field_index(name), name, column)
    return rows


def chunks(home: Home, files: list[File], columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """Rows of many files in pieces that fit into memory."""
    waiting: list[pa.RecordBatch] = []
    count = 0
    for file in files:
        for batch in pq.ParquetFile(home.published / file.path).iter_batches(columns=columns):
            waiting.append(batch)
            count += batch.num_rows
            if count >= _CHUNK:
                yield pa.Table.from_batches(waiting)
                waiting, count = [], 0
    if waiting:
        yield pa.Table.from_batches(waiting)


def _recarry_records(change: _Rewrite, application: Application, manifest: Manifest, zone: str) -> None:
    """All versions up to the position reached, from the application database."""
    for table in table_schemas():
        if table.startswith("record_") or table in HOUSE_FIELDS:
            change.files[table] = []
    after = 0
    while after < manifest.versions:
        versions = [v for v in application.versions(after, 20_000) if v.version_id <= manifest.versions]
        if not versions:
            return
        for table, rows in versions_to_tables(versions, ZoneInfo(zone)).items():
            change.add(table, write_file(change.home.published, table, rows))
        after = versions[-1].version_id


def restore_writer(home: Home, streams: Mapping[str, str]) -> bool:
    """Make the writer's database again from the published facts where it is missing (after a restore).

    Args:
        streams: the stream of each source by name, for events stored before streams were told apart.
    """
    manifest = read_manifest(home.published)
    if home.writer.exists() or not manifest.batch:
        return False
    log.warning("the writer's database is missing: making it again from the published facts")
    home.writer.parent.mkdir(parents=True, exist_ok=True)
    target = home.writer.with_name("restored.duckdb")
    target.unlink(missing_ok=True)
    database = connect(target)
    create_tables(database)
    for batch in chunks(home, manifest.tables.get("events", []), COLUMNS):
        load_events(database, batch, streams)
    for batch in chunks(home, manifest.tables.get(SEEN, [])):
        load_seen(database, batch)
    load_dictionaries(home, database, manifest)
    write_state(database, _state(database, manifest))
    database.execute("CHECKPOINT")
    database.close()
    target.replace(home.writer)
    return True


def load_dictionaries(home: Home, database: duckdb.DuckDBPyConnection, manifest: Manifest) -> None:
    """Users, groups, memberships and aliases as they are published, in place of what the writer's database holds."""
    for table, number, value in (("users", "user_no", "user_id"), ("groups", "group_no", "group_id")):
        _restore(database, home, manifest, table, partial(_keyed, number=number, value=value))
    for table in ("memberships", "aliases"):
        _restore(database, home, manifest, table, lambda rows: rows)


def _restore(
    database: duckdb.DuckDBPyConnection,
    home: Home,
    manifest: Manifest,
    table: str,
    shape: Callable[[pa.Table], pa.Table],
) -> None:
    database.execute(f"DELETE FROM {table}")  # noqa: S608 - our tables
    for file in manifest.tables.get(table, []):
        rows = shape(read_file(home.published / file.path))
        batch = pa.array([manifest.batch] * rows.num_rows, pa.int64())
        _load(database, table, rows.append_column("batch", batch))


def _keyed(rows: pa.Table, number: str, value: str) -> pa.Table:
    keys = zip(rows["system"].to_pylist(), rows[value].to_pylist(), strict=True)
    renamed = {number: "no", value: "value"}
    rows = rows.rename_columns([renamed.get(name, name) for name in rows.column_names])
    return rows.append_column("key_hash", pa.array([key_hash(*key) for key in keys], pa.int64()))


def _load(database: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
    database.register("restored", rows)
    database.execute(f"INSERT INTO {table} BY NAME SELECT * FROM restored")  # noqa: S608 - our tables
    database.unregister("restored")


def _state(database: duckdb.DuckDBPyConnection, manifest: Manifest) -> State:
    def following(table: str) -> int:
        rows = database.execute(f"SELECT coalesce(max(no), 0) + 1 FROM {table}").fetchall()  # noqa: S608
        return int(rows[0][0])

    return State(manifest.inbox, manifest.versions, manifest.batch, following("users"), following("groups"))
