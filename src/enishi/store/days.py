"""Instants to calendar days of the company, many at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

# Days nearer than this are partitions of their own; older ones share the partition of their month.
RECENT_DAYS = 35


def instants(microseconds: Sequence[int] | npt.NDArray[np.int64]) -> pa.Array:
    """Microseconds since the epoch as naive UTC instants."""
    return pa.array(microseconds, pa.int64()).cast(pa.timestamp("us"))


def days_in(zone: str, naive_utc: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """The calendar day, in a time zone, of naive UTC instants."""
    local = pc.local_timestamp(pc.assume_timezone(naive_utc, "UTC").cast(pa.timestamp("us", zone)))
    return local.cast(pa.date32(), safe=False)


def part_of(day: date, today: date) -> str:
    """The partition of a day: itself while recent, else its month."""
    return day.isoformat() if day >= today - timedelta(days=RECENT_DAYS) else f"{day:%Y-%m}"


def is_sealed(part: str, today: date) -> bool:
    """Whether a day's partition has become old enough to join its month."""
    return len(part) == len("2026-11-21") and part_of(date.fromisoformat(part), today) != part


def month_end(day: date) -> date:
    """The last day of a day's month."""
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def split_parts(rows: pa.Table, column: str, part: Callable[[date], str]) -> Iterator[tuple[str, pa.Table]]:
    """Slices of rows sorted by a date column, one for each partition.

    Args:
        part: the partition of a day.
    """
    start = 0
    counts = rows[column].combine_chunks().value_counts() if rows.num_rows else []
    lengths = sorted((entry["values"].as_py(), entry["counts"].as_py()) for entry in counts)
    for name, group in groupby(lengths, key=lambda entry: part(entry[0])):
        length = sum(count for _, count in group)
        yield name, rows.slice(start, length)
        start += length
