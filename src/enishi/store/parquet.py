"""Writing one published file, and what the manifest says of it."""

from __future__ import annotations

import secrets
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from enishi.store.durable import write_durably
from enishi.store.manifest import File

ROW_GROUP = 122_880

# The column by which a table's files are pruned and partitioned.
DAY_TABLES = ("events", "usage")

# What readers filter by comes first, so that row groups can be skipped.
SORT_KEYS = {
    "events": ("day", "group_no", "user_no"),
    "usage": ("day", "group_no", "user_no"),
}


def new_name(table: str, part: str) -> str:
    """A path below the published folder that no other file ever had."""
    folder = f"{table}/{part}" if part else table
    return f"{folder}/{secrets.token_hex(8)}.parquet"


def write_file(published: Path, table: str, rows: pa.Table, part: str = "", level: int = 0) -> File:
    """Write rows as one durable Parquet file; it is not visible until a manifest lists it."""
    path = new_name(table, part)
    if keys := SORT_KEYS.get(table):
        rows = rows.sort_by([(key, "ascending") for key in keys])
    write_durably(
        published / path,
        lambda target: pq.write_table(rows, target, compression="zstd", row_group_size=ROW_GROUP),
    )
    return describe(published, table, path, part, level, rows=rows)


def describe(published: Path, table: str, path: str, part: str, level: int, *, rows: pa.Table) -> File:
    """The manifest's line for a file just written from ``rows``."""
    first = last = ""
    if table in DAY_TABLES and rows.num_rows:
        span = pc.min_max(rows["day"])
        first, last = _iso(span["min"]), _iso(span["max"])
    return File(path, rows.num_rows, (published / path).stat().st_size, part, first, last, level)


def _iso(day: pa.Scalar) -> str:
    value = day.as_py()
    return value.isoformat() if isinstance(value, date) else ""
