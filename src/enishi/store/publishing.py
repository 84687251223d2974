"""From the writer's database to immutable Parquet: new files first, then one manifest that lists them."""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import date, datetime
from functools import partial
from itertools import groupby
from zoneinfo import ZoneInfo

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from enishi.kit.home import Home
from enishi.store.days import part_of, split_parts
from enishi.store.manifest import File, Manifest, Retired, read_manifest, write_manifest
from enishi.store.memory import COLUMNS, remember, write_seen
from enishi.store.memory import TABLE as SEEN
from enishi.store.parquet import write_file
from enishi.store.rollups import ROLLED, roll_up
from enishi.store.schema import table_schemas
from enishi.store.versions import fingerprint
from enishi.store.writer import State

COUNTED = "('track', 'page', 'screen')"

_EVENTS = "SELECT * EXCLUDE (batch) FROM pending_events WHERE day >= ? ORDER BY day, group_no, user_no"
USAGE_OF = """
SELECT group_no, user_no, event, product, day, known_on, count(*) AS n,
       min(occurred_at) AS first_at, max(occurred_at) AS last_at
FROM {rows} WHERE type IN {counted} GROUP BY ALL ORDER BY day, group_no, user_no
"""
# Late events of days whose raw events retention has dropped: they are counted, and their ids remembered.
_LATE = f"SELECT {', '.join(COLUMNS)} FROM pending_events WHERE day < ?"  # noqa: S608 - our columns
_INCREMENTS = {
    "users": "SELECT no AS user_no, system, value AS user_id, first_day FROM users WHERE batch > ? ORDER BY no",
    "groups": "SELECT no AS group_no, system, value AS group_id, first_day FROM groups WHERE batch > ? ORDER BY no",
    "memberships": "SELECT group_no, user_no, known_on FROM memberships WHERE batch > ?",
    "aliases": "SELECT previous_no, user_no, known_on FROM aliases WHERE batch > ?",
}

# Which id means which account holds for the past as well, whenever it is learned.
_FOR_ALL_TIME = ("link", "merge")

New = dict[str, list[File]]


def publish_pending(
    home: Home, database: duckdb.DuckDBPyConnection, state: State, zone: str, now: datetime
) -> Manifest:
    """Write what the transactions since the last publish added, and list it. Returns the manifest in force.

    The rows stay pending until the manifest is on the disk; :func:`forget_published` removes them then, or
    after a crash at the next start.
    """
    old = read_manifest(home.published)
    if state.batch <= old.batch:
        return old
    today = now.astimezone(ZoneInfo(zone)).date()
    new: New = {}
    days: set[date] = set()
    raw_from = date.fromisoformat(old.raw_from) if old.raw_from else date.min
    events = _arrow(database, _EVENTS, raw_from)
    write_days(home, "events", events, today, new)
    if seen := write_seen(home, [remember(_arrow(database, _LATE, raw_from), {})]):
        new[SEEN] = seen
    usage = _arrow(database, USAGE_OF.format(rows="pending_events", counted=COUNTED))
    days |= write_days(home, "usage", usage, today, new)
    new |= roll_up(home.published, usage, today)
    for table, query in _INCREMENTS.items():
        rows = _arrow(database, query, old.batch)
        if rows.num_rows:
            new[table] = [write_file(home.published, table, rows.cast(table_schemas()[table]))]
    first = _first_of_history(events)
    for table, rows in _pending_versions(database, old.batch):
        new[table] = [write_file(home.published, table, rows)]
        first = first if table in _FOR_ALL_TIME else min(first, _first_of_history(rows))
    manifest = _with_new(old, new, days, first, state, zone, now)
    write_manifest(home.published, manifest)
    return manifest


def _first_of_history(rows: pa.Table) -> date:
    """The first day of which rows tell that came after it; ``date.max`` where none does."""
    late = rows.filter(pc.less(rows["known_on"], rows["recorded_on"]))
    return pc.min(late["known_on"]).as_py() if late.num_rows else date.max


def forget_published(database: duckdb.DuckDBPyConnection, batch: int) -> None:
    """Remove pending rows which the manifest's files already hold."""
    for table in ("pending_events", "pending_versions"):
        found = database.execute(f"SELECT 1 FROM {table} WHERE batch <= ? LIMIT 1", [batch]).fetchall()  # noqa: S608
        if found:
            database.execute(f"DELETE FROM {table} WHERE batch <= ?", [batch])  # noqa: S608 - our tables


def _arrow(database: duckdb.DuckDBPyConnection, query: str, *parameters: object) -> pa.Table:
    return database.sql(query, params=list(parameters)).to_arrow_table()


def write_days(home: Home, table: str, rows: pa.Table, today: date, new: New) -> set[date]:
    """One file per partition of rows that are sorted by day, group and user. Returns the days."""
    rows = rows.cast(table_schemas()[table])
    days: set[date] = set()
    for part, piece in split_parts(rows, "day", partial(part_of, today=today)):
        days |= set(piece["day"].unique().to_pylist())
        new.setdefault(table, []).append(write_file(home.published, table, piece, part, in_order=True))
    return days


def _pending_versions(database: duckdb.DuckDBPyConnection, after: int) -> Iterable[tuple[str, pa.Table]]:
    rows = database.execute(
        "SELECT name, rows FROM pending_versions WHERE batch > ? ORDER BY name, batch", [after]
    ).fetchall()
    for name, group in groupby(rows, key=lambda row: row[0]):
        schema = table_schemas()[name]
        yield name, pa.concat_tables([from_ipc(blob) for _, blob in group]).cast(schema)


def to_ipc(table: pa.Table) -> bytes:
    """An Arrow table as bytes."""
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def from_ipc(blob: bytes) -> pa.Table:
    return pa.ipc.open_stream(blob).read_all()


def _with_new(
    old: Manifest, new: New, days: set[date], first: date, state: State, zone: str, now: datetime
) -> Manifest:
    generation = old.generation + 1
    tables = dict(old.tables)
    for table, files in new.items():
        tables[table] = [*tables.get(table, []), *files]
    return msgspec.structs.replace(
        old,
        generation=generation,
        batch=state.batch,
        inbox=state.inbox,
        versions=state.versions,
        schema=old.schema or fingerprint(),
        zone=zone,
        published_at=now.isoformat(timespec="milliseconds"),
        tables=tables,
        changed=old.changed | dict.fromkeys(new, generation),
        days=old.days | {day.isoformat(): generation for day in days},
        history=with_history(old.history, generation, first),
        rolled=old.rolled if old.generation else ROLLED,
    )


def with_history(history: list[tuple[int, str]], generation: int, first: date) -> list[tuple[int, str]]:
    """Note that from a first day on something else counts as known since a generation (``date.max``: nothing does)."""
    if first == date.max:
        return history
    return [*((at, day) for at, day in history if day < first.isoformat()), (generation, first.isoformat())]


def replace_files(
    manifest: Manifest, table: str, gone: Iterable[File], added: Iterable[File], now: datetime
) -> Manifest:
    """A manifest in which some files of a table stand in for others; the old ones are retired."""
    leaving = {file.path for file in gone}
    kept = [file for file in manifest.tables.get(table, []) if file.path not in leaving]
    retired = [Retired(path, now.timestamp()) for path in sorted(leaving)]
    return msgspec.structs.replace(
        manifest,
        tables=manifest.tables | {table: [*kept, *added]},
        retired=[*manifest.retired, *retired],
    )
