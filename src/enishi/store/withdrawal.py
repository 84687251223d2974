"""Taking a delivery back: its events leave as if they had never come, with everything that only they said.

The counts of the days concerned are made again from the events that stay, which is exact as far back as raw events
are kept. What a crash may cut in two is one manifest, which lists the freed ids until the writer's database has
forgotten them (:func:`free_ids`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from enishi.kit.home import Home
from enishi.store.changing import Change, holding, without
from enishi.store.contracts import Withdrawal
from enishi.store.days import instants, month_end
from enishi.store.manifest import File, Manifest, read_manifest, write_manifest
from enishi.store.memory import FREED
from enishi.store.parquet import write_file
from enishi.store.publishing import COUNTED, USAGE_OF, replace_files, with_history, write_days
from enishi.store.rebuild import chunks, load_dictionaries
from enishi.store.rollups import engine
from enishi.store.schema import table_schemas
from enishi.store.seen import IN_ALL, IN_STREAM
from enishi.store.writer import transaction

_SAID = ["group_no", "user_no", "day", "known_on"]
_WHERE = ("source", "received_at")

# What is left in ``memberships``: rows which other facts say too, or which none of the withdrawn said; and of pairs
# that others say, the earliest day on which they do.
_MEMBERSHIPS = """
WITH gone AS (SELECT DISTINCT group_no, user_no, known_on FROM said WHERE group_no > 0 AND user_no > 0),
     still AS (SELECT DISTINCT group_no, user_no, known_on FROM facts
               SEMI JOIN gone USING (group_no, user_no)),
     false_now AS (SELECT * FROM gone ANTI JOIN still USING (group_no, user_no, known_on)),
     kept AS (SELECT * FROM memberships ANTI JOIN false_now USING (group_no, user_no, known_on)),
     earliest AS (SELECT group_no, user_no, min(known_on) AS known_on FROM still GROUP BY ALL)
SELECT * FROM kept
UNION ALL
SELECT * FROM earliest e WHERE NOT EXISTS
    (FROM kept k WHERE k.group_no = e.group_no AND k.user_no = e.user_no AND k.known_on <= e.known_on)
"""


def withdraw(home: Home, withdrawal: Withdrawal, now: datetime, streams: Mapping[str, str]) -> int:
    """Rewrite every file that holds events of the delivery; gives how many it had brought. Nothing may be pending."""
    manifest = read_manifest(home.published)
    if manifest.withdrawn[0] == withdrawal.delivery:
        return manifest.withdrawn[1]
    change = Change(home, manifest, now, streams)
    said: list[pa.Table] = []

    def leave(rows: pa.Table, hit: pa.Array) -> pa.Table:
        said.append(rows.filter(hit).select(_SAID).group_by(_SAID).aggregate([]))
        return without(rows, hit)

    change.each("events", _WHERE, partial(_brought, withdrawal), leave)
    count = change.counts["rows"]
    if said:
        _take_back(change, pa.concat_tables(said))
        first = pc.min(pa.concat_tables(said)["known_on"]).as_py()
        history = with_history(manifest.history, manifest.generation + 1, first)
        change.commit(FREED, history=history, withdrawn=(withdrawal.delivery, count))
    return count


def _brought(withdrawal: Withdrawal, rows: pa.Table) -> pa.Array:
    at = instants(list(withdrawal.received_us))
    return pc.and_(pc.equal(rows["source"], withdrawal.source), pc.is_in(rows["received_at"], at))


def _take_back(change: Change, said: pa.Table) -> None:
    """Everything that follows from events, once those are out."""
    days = said["day"].unique()
    change.each("usage", ["day"], lambda rows: pc.is_in(rows["day"], days), without, counts="counted")
    _count_again(change, days.to_pylist())
    with engine() as database:
        database.register("said", said)
        _view(change, database, "memberships", ["group_no", "user_no", "known_on"])
        _view(change, database, "aliases", ["previous_no", "user_no"])
        for table in ("events", "usage"):
            _view(change, database, table, ["group_no", "user_no", "known_on"])
        database.execute("CREATE VIEW facts AS FROM events UNION ALL FROM usage")
        _belong_again(change, database)
        for table, column in (("users", "user_no"), ("groups", "group_no")):
            change.each(table, [column], holding([column], _unheard(database, column)), without, counts=table)


def _view(change: Change, database: duckdb.DuckDBPyConnection, table: str, columns: list[str]) -> None:
    """What a table holds after the change so far."""
    paths = _paths(change, change.manifest.tables.get(table, []))
    if paths:
        database.read_parquet(paths).select(*columns).create_view(table)
    else:
        schema = table_schemas()[table]
        empty = pa.schema([schema.field(name) for name in columns]).empty_table()
        database.register(table, empty)


def _paths(change: Change, files: Iterable[File]) -> list[str]:
    return [str(change.home.published / file.path) for file in files]


def _count_again(change: Change, days: list[date]) -> None:
    """Usage of some days from the events that stay, a month at a time."""
    today = change.now.astimezone(ZoneInfo(change.manifest.zone)).date()
    for month in sorted({day.replace(day=1) for day in days}):
        first, last = month.isoformat(), month_end(month).isoformat()
        kept = change.manifest.tables.get("events", [])
        paths = _paths(change, (file for file in kept if file.first <= last and file.last >= first))
        if not paths:
            continue
        with engine() as database:
            database.register(
                "again", pa.table({"day": [day for day in days if day.replace(day=1) == month]})
            )
            database.read_parquet(paths).create_view("kept")
            rows = "(SELECT * FROM kept SEMI JOIN again USING (day))"
            usage = database.sql(USAGE_OF.format(rows=rows, counted=COUNTED)).to_arrow_table()
        new: dict[str, list[File]] = {}
        write_days(change.home, "usage", usage, today, new)
        change.put("usage", [], new.get("usage", []))


def _belong_again(change: Change, database: duckdb.DuckDBPyConnection) -> None:
    old = change.manifest.tables.get("memberships", [])
    if old:
        rows = database.sql(_MEMBERSHIPS).to_arrow_table().cast(table_schemas()["memberships"])
        added = [write_file(change.home.published, "memberships", rows)] if rows.num_rows else []
        change.put("memberships", old, added)
        _view(change, database, "memberships", rows.column_names)


def _unheard(database: duckdb.DuckDBPyConnection, column: str) -> list[int]:
    """Numbers of the withdrawn events that nothing else names."""
    others = ["facts", "memberships", *(["aliases"] if column == "user_no" else [])]
    named = " UNION ALL ".join(f"SELECT {column} AS no FROM {table}" for table in others)  # noqa: S608 - our tables
    if column == "user_no":
        named += " UNION ALL SELECT previous_no FROM aliases"
    rows = database.execute(
        f"SELECT DISTINCT no FROM (SELECT {column} AS no FROM said WHERE {column} > 0) "  # noqa: S608 - our columns
        f"ANTI JOIN ({named}) USING (no)"
    ).fetchall()
    return [row[0] for row in rows]


def free_ids(home: Home, database: duckdb.DuckDBPyConnection, now: datetime) -> Manifest:
    """Let the writer's database forget what a withdrawal took away, so that it may come again. Nothing may be pending;
    done twice it does the same."""
    manifest = read_manifest(home.published)
    files = manifest.tables.get(FREED, [])
    if not files:
        return manifest
    with transaction(database):
        for rows in chunks(home, files):
            database.register("freed", rows)
            for table, kept in ((IN_STREAM, "NOT in_all"), (IN_ALL, "in_all")):
                database.execute(
                    f"DELETE FROM {table} USING (FROM freed WHERE {kept}) f "  # noqa: S608 - our tables
                    f"WHERE {table}.hash = f.hash AND {table}.mark = f.mark"
                )
            database.unregister("freed")
        load_dictionaries(home, database, manifest)
    result = replace_files(manifest, FREED, files, [], now)
    result = msgspec.structs.replace(result, tables={k: v for k, v in result.tables.items() if k != FREED})
    write_manifest(home.published, result)
    return result
