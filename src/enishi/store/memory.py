"""Message ids that outlive their events: what retention and erasure removed, and what came before streams.

An id counts once for ever, also when its event is gone and the writer's database is made again from what is
published. For an event that is there, its own row tells the hash; for one that is not, the published table ``seen``
does, which holds hashes and nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import chain
from typing import NamedTuple

import duckdb
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from enishi.kit.home import Home
from enishi.store.hashing import Ints, in_streams, message_hashes
from enishi.store.manifest import File, read_manifest, write_manifest
from enishi.store.parquet import write_file
from enishi.store.seen import IN_ALL, IN_STREAM, insert_hashes
from enishi.store.writer import transaction

log = logging.getLogger("enishi.store")

# Not for readers, and so not in ``schema.table_schemas``.
TABLE = "seen"
# Hashes that are still to leave the writer's database; listed from the manifest in which their events left until then.
FREED = "freed"
COLUMNS = ("message_id", "message_hash", "source")  # what is asked of an event


class Remembered(NamedTuple):
    """Hashes of ids: those by stream, and those of which no stream is known."""

    by_stream: Ints
    in_all: Ints


def remember(rows: pa.Table, streams: Mapping[str, str]) -> Remembered:
    """The hashes under which some stored events are remembered.

    An event stored before streams were told apart bears the hash of its id alone; its stream follows from its
    source, where a source of this name is known.

    Args:
        rows: events with :data:`COLUMNS`.
        streams: the stream of each source by name.
    """
    alone = message_hashes(rows["message_id"].to_pylist())
    stored = rows["message_hash"].to_numpy()
    hashes = np.column_stack([stored, alone[:, 1]])
    old = np.flatnonzero(stored == alone[:, 0])
    if not len(old):
        return Remembered(hashes, hashes[:0])
    names = [streams.get(name, "") for name in rows["source"].take(pa.array(old)).to_pylist()]
    hashes[old] = in_streams(alone[old], names)
    lost = np.zeros(len(hashes), dtype=bool)
    lost[old] = [not name for name in names]
    return Remembered(hashes[~lost], hashes[lost])


def write_seen(home: Home, remembered: Iterable[Remembered], table: str = TABLE) -> list[File]:
    """Publish hashes of events that leave, or never come in: at most one file.

    Args:
        table: :data:`TABLE`, or :data:`FREED` for ids that shall count as never seen.
    """
    tables = [
        pa.table({"hash": hashes[:, 0], "mark": hashes[:, 1], "in_all": np.full(len(hashes), in_all)})
        for part in remembered
        for hashes, in_all in ((part.by_stream, False), (part.in_all, True))
        if len(hashes)
    ]
    return [write_file(home.published, table, pa.concat_tables(tables))] if tables else []


def load_seen(database: duckdb.DuckDBPyConnection, rows: pa.Table) -> None:
    """Put published hashes back into the writer's database."""
    for name, chosen in ((IN_STREAM, pc.invert(rows["in_all"])), (IN_ALL, rows["in_all"])):
        part = rows.filter(chosen)
        insert_hashes(database, name, np.column_stack([part["hash"].to_numpy(), part["mark"].to_numpy()]))


def load_events(database: duckdb.DuckDBPyConnection, rows: pa.Table, streams: Mapping[str, str]) -> None:
    """Put the hashes of published events back into the writer's database."""
    found = remember(rows, streams)
    insert_hashes(database, IN_STREAM, found.by_stream)
    insert_hashes(database, IN_ALL, found.in_all)


# ---- a data folder from before streams were told apart --------------------------------------------------------


def needs_streams(database: duckdb.DuckDBPyConnection) -> bool:
    """Whether the table of ids is from before."""
    return not database.execute("SELECT 1 FROM layout").fetchall()


def tell_streams_apart(
    home: Home,
    database: duckdb.DuckDBPyConnection,
    events: Iterable[pa.Table],
    streams: Mapping[str, str],
    now: datetime,
) -> None:
    """Move the ids accepted before into their streams, as far as their events and sources are known. The others go on
    counting as seen in every stream.

    Args:
        events: all published events, in chunks.
    """
    log.warning("ids of messages are told apart by stream from now on: carrying those known over")
    database.execute("CREATE OR REPLACE TEMP TABLE met (hash BIGINT, mark BIGINT, told BOOLEAN)")
    with transaction(database):
        database.execute(f"ALTER TABLE {IN_STREAM} RENAME TO seen_before")
        database.execute(f"CREATE TABLE {IN_STREAM} (hash BIGINT, mark BIGINT)")
        for rows in chain(_pending(database), events):
            _move(database, rows, streams)
        left = "FROM seen_before b ANTI JOIN met m ON b.hash = m.hash AND b.mark = m.mark"
        gone = database.sql(f"SELECT b.hash, b.mark {left}").to_arrow_table()
        database.execute(f"INSERT INTO {IN_ALL} SELECT b.hash, b.mark {left} AND m.told")
        database.execute("DROP TABLE seen_before")
        database.execute("INSERT INTO layout VALUES (2)")
        _publish_gone(home, gone, now)
    database.execute("DROP TABLE met")


def _pending(database: duckdb.DuckDBPyConnection) -> list[pa.Table]:
    query = f"SELECT {', '.join(COLUMNS)} FROM pending_events"  # noqa: S608 - our columns
    rows = database.sql(query).to_arrow_table()
    return [rows] if rows.num_rows else []


def _move(database: duckdb.DuckDBPyConnection, rows: pa.Table, streams: Mapping[str, str]) -> None:
    alone = message_hashes(rows["message_id"].to_pylist())
    names = [streams.get(name, "") for name in rows["source"].to_pylist()]
    told = np.array([bool(name) for name in names], dtype=bool)
    met = pa.table({"hash": alone[:, 0], "mark": alone[:, 1], "told": told})
    database.register("met_now", met)
    database.execute("INSERT INTO met SELECT * FROM met_now")
    database.unregister("met_now")
    insert_hashes(database, IN_STREAM, in_streams(alone, names)[told])


def _publish_gone(home: Home, gone: pa.Table, now: datetime) -> None:
    """Ids whose events are no longer there must survive the loss of the writer's database, too."""
    pairs = np.column_stack([gone["hash"].to_numpy(), gone["mark"].to_numpy()])
    manifest = read_manifest(home.published)
    if files := write_seen(home, [Remembered(pairs[:0], pairs)]):
        tables = manifest.tables | {TABLE: [*manifest.tables.get(TABLE, []), *files]}
        at = now.isoformat(timespec="milliseconds")
        write_manifest(home.published, msgspec.structs.replace(manifest, tables=tables, published_at=at))
