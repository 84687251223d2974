"""The consumer's own DuckDB file: what was carried, what waits to be published, what must never be forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from enishi.kit.home import Home
from enishi.store.durable import sync_file, sync_folder

_TABLES = """
CREATE TABLE IF NOT EXISTS state (
    inbox BIGINT, versions BIGINT, batch BIGINT, next_user BIGINT, next_group BIGINT
);
CREATE TABLE IF NOT EXISTS seen (hash BIGINT, mark BIGINT);
CREATE TABLE IF NOT EXISTS seen_in_all (hash BIGINT, mark BIGINT);
CREATE TABLE IF NOT EXISTS layout (version BIGINT);
CREATE TABLE IF NOT EXISTS users (
    no BIGINT, system VARCHAR, value VARCHAR, key_hash BIGINT, first_day DATE, batch BIGINT
);
CREATE TABLE IF NOT EXISTS groups (
    no BIGINT, system VARCHAR, value VARCHAR, key_hash BIGINT, first_day DATE, batch BIGINT
);
CREATE TABLE IF NOT EXISTS memberships (group_no BIGINT, user_no BIGINT, known_on DATE, batch BIGINT);
CREATE TABLE IF NOT EXISTS aliases (previous_no BIGINT, user_no BIGINT, known_on DATE, batch BIGINT);
CREATE TABLE IF NOT EXISTS pending_events (
    message_id VARCHAR, message_hash BIGINT, type VARCHAR, event VARCHAR, product VARCHAR, group_no BIGINT,
    user_no BIGINT, occurred_at TIMESTAMP, received_at TIMESTAMP, day DATE, known_on DATE, recorded_on DATE,
    properties VARCHAR, source VARCHAR, batch BIGINT
);
CREATE TABLE IF NOT EXISTS arrivals (delivery VARCHAR, fresh BIGINT, batch BIGINT);
CREATE TABLE IF NOT EXISTS pending_versions (batch BIGINT, name VARCHAR, rows BLOB);
INSERT INTO state SELECT 0, 0, 0, 1, 1 WHERE NOT EXISTS (FROM state);
INSERT INTO layout SELECT 2 WHERE NOT EXISTS (FROM layout) AND NOT EXISTS (FROM seen);
"""

# What is copied when the file is rewritten; pending rows are published before.
KEPT_TABLES = ("state", "seen", "seen_in_all", "users", "groups", "memberships", "aliases", "arrivals")


@dataclass(slots=True)
class State:
    """How far the store is.

    Args:
        inbox: number of the last body carried.
        versions: number of the last record version carried.
        batch: number of the last transaction.
    """

    inbox: int
    versions: int
    batch: int
    next_user: int
    next_group: int


def open_writer(home: Home) -> duckdb.DuckDBPyConnection:
    """Open (and on first use make) the writer's database. The caller holds the consumer's lock."""
    if not home.writer.exists():
        _make(home.writer)
    database = connect(home.writer)
    create_tables(database)
    return database


def _make(path: Path) -> None:
    """Make an empty database under another name first: a full disk or a crash in the middle would leave a file
    that can never be opened."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name("fresh.duckdb")
    for left in (fresh, fresh.with_name(fresh.name + ".wal")):
        left.unlink(missing_ok=True)
    database = connect(fresh)
    try:
        create_tables(database)
        database.execute("CHECKPOINT")
    finally:
        database.close()
    sync_file(fresh)
    fresh.replace(path)
    sync_folder(path.parent)


def create_tables(database: duckdb.DuckDBPyConnection) -> None:
    """Make what is missing."""
    database.execute(_TABLES)


def connect(path: Path) -> duckdb.DuckDBPyConnection:
    """A connection with bounded memory that spills below the data folder and reaches nothing outside."""
    return duckdb.connect(
        str(path),
        config={
            "memory_limit": "1GB",
            "threads": 2,
            "temp_directory": str(path.parent / "spill"),
            "checkpoint_threshold": "64MB",
            "preserve_insertion_order": True,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )


def read_state(database: duckdb.DuckDBPyConnection) -> State:
    rows = database.execute("SELECT inbox, versions, batch, next_user, next_group FROM state").fetchall()
    return State(*rows[0])


def write_state(database: duckdb.DuckDBPyConnection, state: State) -> None:
    database.execute(
        "UPDATE state SET inbox = ?, versions = ?, batch = ?, next_user = ?, next_group = ?",
        [state.inbox, state.versions, state.batch, state.next_user, state.next_group],
    )


@contextmanager
def transaction(database: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All or nothing, durable when it ends."""
    database.execute("BEGIN")
    try:
        yield
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


def rewrite(home: Home) -> None:
    """Copy the live rows to a new file in the old one's place, so that removed rows leave the disk.

    The database must be closed and hold nothing pending.
    """
    target = home.writer.with_name("rewritten.duckdb")
    target.unlink(missing_ok=True)
    database = connect(target)
    try:
        create_tables(database)
        database.execute("DELETE FROM state")
        database.execute(f"ATTACH '{str(home.writer).replace(chr(39), chr(39) * 2)}' AS old (READ_ONLY)")
        for table in KEPT_TABLES:
            database.execute(f"INSERT INTO {table} BY NAME SELECT * FROM old.{table}")  # noqa: S608 - our tables
        database.execute("DETACH old")
        database.execute("CHECKPOINT")
    finally:
        database.close()
    sync_file(target)
    target.replace(home.writer)
    home.writer.with_name(home.writer.name + ".wal").unlink(missing_ok=True)
    sync_folder(home.writer.parent)
