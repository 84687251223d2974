"""For tests of readers: published facts without an inbox or a consumer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

import msgspec
import pyarrow as pa

from enishi.kit.home import Home
from enishi.store.kinds import DEFAULT_SYSTEM
from enishi.store.manifest import read_manifest, write_manifest
from enishi.store.parquet import write_file
from enishi.store.rollups import ROLLED, roll_up
from enishi.store.schema import table_schemas

# Ascending over the whole test run, like the application database's own numbers.
_numbers = iter(range(1, 10**12))


def _noon(day: Any) -> datetime | None:
    return datetime.combine(day, time(12)) if isinstance(day, date) else None


def _filled(table: str, row: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """A row with what follows from the rest: known when it happened, counted once, live."""
    full: dict[str, Any] = {name: row.get(name) for name in names}
    unknown = set(row) - set(names)
    if unknown:
        raise KeyError(f"{table} has no column {sorted(unknown)}")
    day = row.get("day") or row.get("valid_on")
    defaults: dict[str, Any] = {
        "known_on": day,
        "recorded_on": row.get("known_on") or day,
        "deleted": False,
        "system": DEFAULT_SYSTEM,
        "source": "test",
    }
    if table in ("events", "usage"):
        instants = dict.fromkeys(("occurred_at", "received_at", "first_at", "last_at"), _noon(day))
        defaults |= {"product": "", "type": "track", "group_no": 0, "user_no": 0, "n": 1, "properties": "{}"}
        defaults |= instants
    if "version_id" in names and "version_id" not in row:
        full["version_id"] = next(_numbers)
    if table == "events" and "message_id" not in row:
        full["message_id"] = f"m-{next(_numbers)}"
    for name, value in defaults.items():
        if name in full and name not in row:
            full[name] = value
    return full


def _naive(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC).replace(tzinfo=None)
    return value


def as_table(table: str, rows: Sequence[Mapping[str, Any]] | pa.Table) -> pa.Table:
    """Rows as an Arrow table with exactly the columns of the schema."""
    schema = table_schemas()[table]
    if isinstance(rows, pa.Table):
        return rows.select(schema.names).cast(schema)
    filled = [{k: _naive(v) for k, v in _filled(table, row, schema.names).items()} for row in rows]
    return pa.Table.from_pylist(filled, schema=schema)


def publish(
    home: Home,
    table: str,
    rows: Sequence[Mapping[str, Any]] | pa.Table,
    *,
    replace: bool = False,
    zone: str = "Asia/Tokyo",
) -> None:
    """Publish rows of one table as one more file (``replace``: as its only file).

    Rows are dicts by column name. What is left out is null, except: ``known_on`` and ``recorded_on`` follow
    ``day``/``valid_on``; instants are noon of the day; ``n`` is 1, ``group_no`` and ``user_no`` 0,
    ``deleted`` false, ``version_id`` ascending, ``system`` "product", ``product`` "" and ``properties`` "{}".
    The roll-ups of ``usage`` follow by themselves. An unknown column is a KeyError. An Arrow table must have the schema's columns.
    """
    home.prepare()
    old = read_manifest(home.published)
    facts = as_table(table, rows)
    file = write_file(home.published, table, facts)
    days = facts["day"].unique().to_pylist() if table == "usage" else []
    generation = old.generation + 1
    new = {table: [file]}
    if table == "usage":
        new |= roll_up(home.published, facts, date.max)
    tables = {name: [*([] if replace else old.tables.get(name, [])), *files] for name, files in new.items()}
    write_manifest(
        home.published,
        msgspec.structs.replace(
            old,
            generation=generation,
            zone=old.zone if old.generation else zone,
            days=old.days | {day.isoformat(): generation for day in days},
            tables=old.tables | tables,
            changed=old.changed | dict.fromkeys(new, generation),
            rolled=ROLLED,
            rewritten=generation if replace else old.rewritten,
        ),
    )
