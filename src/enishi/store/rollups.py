"""Roll-ups of ``usage``: what readers need most often, made smaller.

``group_days``      uses per group and day (per user where no group is named)
``user_months``     the days of a month on which a user was active, as bits
``feature_months``  the days of a month on which a group used a feature, as bits

and, of these, what only grows, so that no reader goes through the whole past for it:

``group_months``    uses per group and month in which they became known, with the first and last day of use
``first_uses``      since when a group is known to have used a feature, and from which day on

All are additive like ``usage`` itself: every publish appends the roll-up of its own new rows, late ones included,
and readers sum, or and take the smallest. So a new day costs what its events cost, whatever the history. They can be
made again from ``usage`` at any time and then say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from enishi.kit.home import Home
from enishi.store.days import month_end, part_of, split_parts
from enishi.store.durable import write_durably
from enishi.store.manifest import File, Manifest, Retired, write_manifest
from enishi.store.parquet import DAY_COLUMNS, ROW_GROUP, SORT_KEYS, new_name, span_of, write_file
from enishi.store.schema import GROWN, ROLLUPS, table_schemas

# Raise it when a roll-up's definition changes: the consumer makes them all again, and readers do without until then.
ROLLED = 2

_MONTHLY = [table for table in ROLLUPS if table not in GROWN]
MONTH_TABLES = ("user_months", "feature_months")
# The level of a month that is over: merged once as a whole, later only what arrives late is merged.
SEALED_LEVEL = 100
# The partition of what only grows, of all months that are over.
PAST = ""

# Bit 0 is the 31st, bit 30 the 1st: shifting to the right by what is left of the month cuts off the days to come.
_BIT = "CAST(power(2, 31 - extract(day FROM day)) AS BIGINT)"
_MONTH = "CAST(date_trunc('month', day) AS DATE)"
_LATE = "CASE WHEN known_on > day THEN known_on END"
# Whoever is known by a group needs no user to be counted towards an account.
GROUPED = "CASE WHEN group_no > 0 THEN 0 ELSE user_no END"
EVERYBODY = "user_no"

_KNOWN_IN = "CAST(date_trunc('month', greatest(day, known_on)) AS DATE)"
_SINCE = "coalesce(late_on, first_day)"

# Columns and keys, over rows of ``usage``; of what grows, over rows of another roll-up (:data:`GROWN`).
_DEFINITIONS = {
    "group_days": (
        "group_no, {user} AS user_no, product, day, known_on, CAST(sum(n) AS BIGINT) AS n",
        "group_no, {user}, product, day, known_on",
    ),
    "user_months": (
        f"group_no, user_no, product, {_MONTH} AS month, {_LATE} AS late_on, bit_or({_BIT}) AS days",
        f"group_no, user_no, product, {_MONTH}, {_LATE}",
    ),
    "feature_months": (
        f"group_no, {{user}} AS user_no, event, product, {_MONTH} AS month, {_LATE} AS late_on, "
        f"bit_or({_BIT}) AS days, min(day) AS first_day",
        f"group_no, {{user}}, event, product, {_MONTH}, {_LATE}",
    ),
    "group_months": (
        f"group_no, user_no, product, {_KNOWN_IN} AS month, CAST(sum(n) AS BIGINT) AS n, "
        "min(day) AS first_day, max(day) AS last_day",
        f"group_no, user_no, product, {_KNOWN_IN}",
    ),
    "first_uses": (
        f"group_no, user_no, event, {_SINCE} AS since, min(first_day) AS first_day",
        f"group_no, user_no, event, {_SINCE}",
    ),
}
_FOLDS = {
    "n": "CAST(sum(n) AS BIGINT)",
    "days": "bit_or(days)",
    "first_day": "min(first_day)",
    "last_day": "max(last_day)",
}
# A use says nothing new where one at least as early was known before.
_NEWS = (
    "SELECT {columns} FROM (SELECT *, min(first_day) OVER (PARTITION BY group_no, user_no, event ORDER BY since "
    "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before FROM ({rows})) WHERE before IS NULL OR first_day < before"
)


def rolled(table: str, rows: str, user: str = GROUPED) -> str:
    """SQL (of any engine) that makes a roll-up from rows of ``usage``.

    Args:
        rows: a table or subquery with the columns of ``usage``.
        user: :data:`GROUPED`, or :data:`EVERYBODY` to keep the user also where a group is named.
    """
    if table in GROWN:
        return grown(table, f"({rolled(GROWN[table], rows, user)}) of_usage")
    columns, keys = (text.format(user=user) for text in _DEFINITIONS[table])
    return f"SELECT {columns} FROM {rows} GROUP BY {keys}"  # noqa: S608 - constants of this module


def grown(table: str, rows: str) -> str:
    """SQL (of any engine) that makes what only grows from rows of the roll-up it is of."""
    columns, keys = _DEFINITIONS[table]
    return f"SELECT {columns} FROM {rows} GROUP BY {keys}"  # noqa: S608 - constants of this module


def folded(table: str, rows: str) -> str:
    """SQL that merges rows of a roll-up which share their key."""
    names = table_schemas()[table].names
    keys = [name for name in names if name not in _FOLDS]
    values = [f"{_FOLDS[name]} AS {name}" for name in names if name in _FOLDS]
    return _news(table, f"SELECT {', '.join([*keys, *values])} FROM {rows} GROUP BY {', '.join(keys)}")  # noqa: S608


def _news(table: str, rows: str) -> str:
    """Rows of first uses without those which say nothing new; of any other roll-up as they are."""
    return (
        _NEWS.format(columns=", ".join(table_schemas()[table].names), rows=rows)
        if table == "first_uses"
        else rows
    )


def part_in(table: str, day: date, today: date) -> str:
    """The partition of a roll-up's rows of a day."""
    return f"{day:%Y-%m}" if table in MONTH_TABLES or table in GROWN else part_of(day, today)


def roll_up(published: Path, usage: pa.Table, today: date) -> dict[str, list[File]]:
    """Write the roll-ups of new rows of ``usage``; nothing is listed yet."""
    if not usage.num_rows:
        return {}
    files: dict[str, list[File]] = {}
    with engine() as database:
        database.register("rows_in", usage)
        for table, schema in ROLLUPS.items():
            by = DAY_COLUMNS[table]
            rows = database.sql(f"{_news(table, rolled(table, 'rows_in'))} ORDER BY {by}").to_arrow_table()
            parts = split_parts(
                rows.select(schema.names).cast(schema), by, partial(part_in, table, today=today)
            )
            files[table] = [write_file(published, table, piece, part) for part, piece in parts]
    return files


def merge_rollup(published: Path, table: str, files: Iterable[File], part: str, level: int) -> File:
    """One file in place of several of a partition."""
    with engine() as database:
        database.read_parquet([str(published / file.path) for file in files]).create_view("rows_in")
        return write_query(database, published, table, folded(table, "rows_in"), part, level)


def roll_month(published: Path, manifest: Manifest, month: date) -> dict[str, list[File]]:
    """Write the roll-ups of one month again from all its usage, each as one file (what only grows left out)."""
    first, last = month.isoformat(), month_end(month).isoformat()
    files = [f for f in manifest.tables.get("usage", []) if f.first <= last and f.last >= first]
    if not files:
        return {table: [] for table in _MONTHLY}
    with engine() as database:
        usage = database.read_parquet([str(published / f.path) for f in files])
        usage.filter(f"day BETWEEN DATE '{first}' AND DATE '{last}'").create_view("rows_in")
        if not database.sql("SELECT 1 FROM rows_in LIMIT 1").fetchall():
            return {table: [] for table in _MONTHLY}
        return {t: [write_query(database, published, t, rolled(t, "rows_in"), first[:7])] for t in _MONTHLY}


def with_months_again(published: Path, manifest: Manifest, months: Iterable[date], now: datetime) -> Manifest:
    """A manifest whose roll-ups of some months were made again from its usage, and all that only grows from them;
    the old files are retired."""
    tables, retired = dict(manifest.tables), list(manifest.retired)
    for month in sorted(months):
        first, last = month.isoformat(), month_end(month).isoformat()
        for table, files in roll_month(published, manifest, month).items():
            old = [f for f in tables.get(table, []) if first <= f.first <= last]
            kept = [f for f in tables.get(table, []) if f not in old]
            tables[table] = [*kept, *files]
            retired += [Retired(f.path, now.timestamp()) for f in old]
    for table, source in GROWN.items():
        retired += [Retired(f.path, now.timestamp()) for f in tables.get(table, [])]
        tables[table] = grow(published, table, tables.get(source, []))
    return msgspec.structs.replace(manifest, tables=tables, retired=retired)


def grow(published: Path, table: str, files: Iterable[File]) -> list[File]:
    """Write what only grows from the whole of the roll-up it is of, as one file."""
    paths = [str(published / file.path) for file in files]
    if not paths:
        return []
    with engine() as database:
        database.read_parquet(paths).create_view("rows_in")
        query = _news(table, grown(table, "rows_in"))
        return [write_query(database, published, table, query, PAST, SEALED_LEVEL)]


def roll_history(home: Home, manifest: Manifest, now: datetime) -> Manifest:
    """Make all roll-ups from usage where a store has none, or those of an earlier definition."""
    if manifest.rolled == ROLLED or not manifest.generation:
        return manifest
    old = [file for table in ROLLUPS for file in manifest.tables.get(table, [])]
    bare = msgspec.structs.replace(
        manifest,
        tables={name: files for name, files in manifest.tables.items() if name not in ROLLUPS},
        retired=[*manifest.retired, *(Retired(file.path, now.timestamp()) for file in old)],
    )
    result = with_months_again(home.published, bare, months_of(manifest.tables.get("usage", [])), now)
    generation = manifest.generation + 1
    changed = manifest.changed | dict.fromkeys(ROLLUPS, generation)
    result = msgspec.structs.replace(result, generation=generation, rolled=ROLLED, changed=changed)
    write_manifest(home.published, result)
    return result


def months_of(files: Iterable[File]) -> set[date]:
    """The first days of all months that files with days reach into."""
    found: set[date] = set()
    for file in files:
        month, last = date.fromisoformat(file.first).replace(day=1), date.fromisoformat(file.last)
        while month <= last:
            found.add(month)
            month = month_end(month) + timedelta(days=1)
    return found


def engine() -> duckdb.DuckDBPyConnection:
    """A database in bounded memory, for reading published files and writing others."""
    return duckdb.connect(config={"memory_limit": "1GB", "threads": 2, "preserve_insertion_order": True})


def write_query(
    database: duckdb.DuckDBPyConnection, published: Path, table: str, query: str, part: str, level: int = 0
) -> File:
    """The result of a query as one durable file of a table, sorted, in pieces that fit into memory."""
    path, schema = new_name(table, part), table_schemas()[table]
    keys = ", ".join(SORT_KEYS[table])
    columns = ", ".join(schema.names)
    reader = database.sql(f"SELECT {columns} FROM ({query}) ORDER BY {keys}").to_arrow_reader(ROW_GROUP)  # noqa: S608
    count, spans = 0, []

    def batches() -> Iterator[pa.Table]:
        nonlocal count
        for batch in reader:
            rows = pa.Table.from_batches([batch]).cast(schema)
            count += rows.num_rows
            spans.append(span_of(table, rows))
            yield rows

    def write(target: Path) -> None:
        with pq.ParquetWriter(target, schema, compression="zstd") as writer:
            for rows in batches():
                writer.write_table(rows, ROW_GROUP)

    write_durably(published / path, write)
    first, last = min(low for low, _ in spans), max(high for _, high in spans)
    return File(path, count, (published / path).stat().st_size, part, first, last, level)
