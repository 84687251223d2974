"""Few files: merging within partitions, sealing old days into months, deleting what no reader can hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from enishi.kit.home import Home
from enishi.store.days import is_sealed
from enishi.store.durable import write_durably
from enishi.store.manifest import File, Manifest, write_manifest
from enishi.store.parquet import ROW_GROUP, new_name, write_file
from enishi.store.published import GRACE_SECONDS
from enishi.store.publishing import replace_files
from enishi.store.rollups import MONTH_TABLES, PAST, SEALED_LEVEL, merge_rollup
from enishi.store.schema import GROWN, ROLLUPS

# So many files of one partition and level become one of the next level: at most 15 of each level stay, and a
# row is written again once per level.
FAN_IN = 16
# Above this, rows are carried over in the order of their files instead of being sorted together in memory.
IN_MEMORY_ROWS = 2_000_000
# Months that are over join the past of what only grows once they are this large a part of it, or this many files.
PAST_SHARE = 4
MOST_FRESH = 64

_USAGE_KEY = ["group_no", "user_no", "event", "product", "day", "known_on"]


def compact(home: Home, manifest: Manifest, today: date, now: datetime) -> Manifest:
    """Merge what has gathered; the content stays the same. Returns the manifest in force."""
    result = manifest
    for table, part, level, files in list(due(manifest, today)):
        merged = merge(home.published, table, files, part, level)
        result = replace_files(result, table, files, [merged], now)
    if result is manifest:
        return manifest
    result = msgspec.structs.replace(result, generation=manifest.generation + 1)
    write_manifest(home.published, result)
    return result


def due(manifest: Manifest, today: date) -> Iterator[tuple[str, str, int, list[File]]]:
    """What to merge: (table, partition of the result, its level, files)."""
    for table, files in manifest.tables.items():
        whole = _months_over(files, today) if table in MONTH_TABLES else {}
        if table in GROWN and (past := _past(files, today)):
            yield table, PAST, SEALED_LEVEL, past
            files = [file for file in files if file not in past]
        groups: dict[tuple[str, int], list[File]] = {}
        sealed: dict[str, list[File]] = {}
        for file in files:
            if file.part and is_sealed(file.part, today):
                sealed.setdefault(file.part[:7], []).append(file)
            elif file.part not in whole:
                groups.setdefault((file.part, file.level), []).append(file)
        for month, found in whole.items():
            yield table, month, SEALED_LEVEL, found
        for month, found in sealed.items():
            yield table, month, max(file.level for file in found), found
        for (part, level), found in groups.items():
            if len(found) >= FAN_IN:
                yield table, part, level + 1, found


def _past(files: list[File], today: date) -> list[File]:
    """What is to become the past of a table that only grows: nothing, or all files of months that are over."""
    over = [file for file in files if file.part < f"{today:%Y-%m}"]
    fresh = [file for file in over if file.part != PAST]
    rows = sum(file.rows for file in fresh)
    enough = PAST_SHARE * rows >= sum(file.rows for file in over) - rows
    return over if fresh and (enough or len(fresh) > MOST_FRESH) else []


def _months_over(files: list[File], today: date) -> dict[str, list[File]]:
    """Months of a roll-up that have ended and were never merged as a whole."""
    months: dict[str, list[File]] = {}
    for file in files:
        if file.part < f"{today:%Y-%m}":
            months.setdefault(file.part, []).append(file)
    return {
        part: found
        for part, found in months.items()
        if len(found) > 1 and all(file.level < SEALED_LEVEL for file in found)
    }


def merge(published: Path, table: str, files: list[File], part: str, level: int) -> File:
    """One file with the rows of several."""
    if table in ROLLUPS:
        return merge_rollup(published, table, files, part, level)
    if sum(file.rows for file in files) > IN_MEMORY_ROWS:
        return _stream(published, table, files, part, level)
    rows = pa.concat_tables([read_file(published / file.path) for file in files])
    if table == "usage":
        rows = _sum_usage(rows)
    return write_file(published, table, rows, part, level)


def read_file(path: Path) -> pa.Table:
    """One published file as an Arrow table."""
    return pq.ParquetFile(path).read()


def _sum_usage(rows: pa.Table) -> pa.Table:
    summed = rows.group_by(_USAGE_KEY).aggregate([("n", "sum"), ("first_at", "min"), ("last_at", "max")])
    renamed = {"n_sum": "n", "first_at_min": "first_at", "last_at_max": "last_at"}
    summed = summed.rename_columns([renamed.get(name, name) for name in summed.column_names])
    return summed.select(rows.column_names).cast(rows.schema)


def _stream(published: Path, table: str, files: list[File], part: str, level: int) -> File:
    path = new_name(table, part)

    def write(target: Path) -> None:
        schema = pq.read_schema(published / files[0].path)
        with pq.ParquetWriter(target, schema, compression="zstd") as writer:
            for file in files:
                for chunk in pq.ParquetFile(published / file.path).iter_batches(ROW_GROUP):
                    writer.write_batch(chunk)

    write_durably(published / path, write)
    return File(
        path,
        sum(file.rows for file in files),
        (published / path).stat().st_size,
        part,
        min(file.first for file in files),
        max(file.last for file in files),
        level,
    )


def remove_retired(home: Home, manifest: Manifest, now: datetime, grace: float = GRACE_SECONDS) -> Manifest:
    """Delete files that left the manifest longer ago than any reader may still hold it."""
    over = [entry for entry in manifest.retired if now.timestamp() - entry.at >= grace]
    if not over:
        return manifest
    for entry in over:
        (home.published / entry.path).unlink(missing_ok=True)
    gone = {entry.path for entry in over}
    kept = [entry for entry in manifest.retired if entry.path not in gone]
    result = msgspec.structs.replace(manifest, retired=kept)
    write_manifest(home.published, result)
    return result


def remove_strays(home: Home, manifest: Manifest) -> int:
    """Delete files that no manifest lists: what a crash left between writing and listing. Returns how many."""
    listed = {file.path for files in manifest.tables.values() for file in files}
    listed |= {entry.path for entry in manifest.retired}
    count = 0
    for path in home.published.rglob("*.parquet*"):
        if path.relative_to(home.published).as_posix() not in listed:
            path.unlink(missing_ok=True)
            count += 1
    return count
