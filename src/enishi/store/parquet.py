"""Writing one published file, and what the manifest says of it."""

from __future__ import annotations

import secrets
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from enishi.store.days import month_end
from enishi.store.durable import write_durably
from enishi.store.manifest import File

ROW_GROUP = 122_880

# The column by which a table's files are pruned and partitioned; a month's first day stands for the month.
DAY_COLUMNS = {
    "events": "day",
    "usage": "day",
    "group_days": "day",
    "user_months": "month",
    "feature_months": "month",
    "group_months": "month",
    "first_uses": "since",
}

# What readers filter by comes first, so that row groups can be skipped.
SORT_KEYS = {
    "events": ("day", "group_no", "user_no"),
    "usage": ("day", "group_no", "user_no"),
    "group_days": ("day", "group_no", "user_no"),
    "user_months": ("month", "group_no", "user_no"),
    "feature_months": ("month", "group_no", "user_no"),
    "group_months": ("month", "group_no", "user_no"),
    "first_uses": ("since", "group_no", "user_no"),
}


def new_name(table: str, part: str) -> str:
    """A path below the published folder that no other file ever had."""
    folder = f"{table}/{part}" if part else table
    return f"{folder}/{secrets.token_hex(8)}.parquet"


def write_file(
    published: Path, table: str, rows: pa.Table, part: str = "", level: int = 0, *, in_order: bool = False
) -> File:
    """Write rows as one durable Parquet file; it is not visible until a manifest lists it.

    Args:
        in_order: the rows are sorted by the table's :data:`SORT_KEYS` already.
    """
    path = new_name(table, part)
    if not in_order and (keys := SORT_KEYS.get(table)):
        rows = rows.sort_by([(key, "ascending") for key in keys])
    write_durably(
        published / path,
        lambda target: pq.write_table(rows, target, compression="zstd", row_group_size=ROW_GROUP),
    )
    return describe(published, table, path, part, level, rows=rows)


def describe(published: Path, table: str, path: str, part: str, level: int, *, rows: pa.Table) -> File:
    """The manifest's line for a file just written from ``rows``."""
    first, last = span_of(table, rows)
    return File(path, rows.num_rows, (published / path).stat().st_size, part, first, last, level)


def span_of(table: str, rows: pa.Table) -> tuple[str, str]:
    """The first and the last day that rows speak of, ISO; empty for tables without days."""
    column = DAY_COLUMNS.get(table)
    if column is None or not rows.num_rows:
        return "", ""
    span = pc.min_max(rows[column])
    first, last = span["min"].as_py(), span["max"].as_py()
    return first.isoformat(), (month_end(last) if column == "month" else last).isoformat()
