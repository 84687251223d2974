"""Dictionaries: outside ids get small numbers, for good."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa

from enishi.store.hashing import Ints, key_hash

Key = tuple[str, str]  # system, outside id


class Fresh(NamedTuple):
    """An id seen for the first time, its number, and the day of the earliest event that named it then."""

    key: Key
    number: int
    first_day: date


# Keys remembered in memory, about 200 bytes each; beyond, memory starts afresh and the table is asked again.
_REMEMBERED = 1_000_000


class Numbers:
    """One dictionary of the writer's database: (system, outside id) -> number from 1.

    Args:
        database: holds a table ``<table> (no, system, value, key_hash, first_day, batch)``.
        table: ``users`` or ``groups``.
        next_number: the number the next new id gets; kept by the caller so that none is ever used twice.
    """

    def __init__(self, database: duckdb.DuckDBPyConnection, table: str, next_number: int) -> None:
        self.database = database
        self.table = table
        self.next_number = next_number
        self._memory: dict[Key, int] = {}

    def assign(self, keys: list[Key | None]) -> tuple[Ints, dict[Key, int]]:
        """The number of every key (0 for None), and those given now, which the caller inserts."""
        memory = self._memory
        if len(memory) > _REMEMBERED:
            memory.clear()
        missing = {key for key in keys if key is not None and key not in memory}
        fresh: dict[Key, int] = {}
        if missing:
            memory.update(self.find(list(missing)))
            for key in sorted(missing):
                if key not in memory:
                    fresh[key] = memory[key] = self.next_number
                    self.next_number += 1
        return np.array([memory[key] if key else 0 for key in keys], dtype=np.int64), fresh

    def unknown(self, keys: list[Key]) -> list[Key]:
        """Those of the keys that have no number yet."""
        missing = [key for key in keys if key not in self._memory]
        found = self.find(missing)
        self._memory.update(found)
        return [key for key in missing if key not in found]

    def find(self, keys: list[Key]) -> dict[Key, int]:
        """The numbers of those keys that have one."""
        if not keys:
            return {}
        asked = pa.table({"key_hash": pa.array([key_hash(*key) for key in keys], pa.int64())})
        self.database.register("asked", asked)
        rows = self.database.execute(
            f"SELECT system, value, no FROM {self.table} SEMI JOIN asked USING (key_hash)"  # noqa: S608 - our table
        ).fetchall()
        self.database.unregister("asked")
        wanted = set(keys)
        return {(system, value): no for system, value, no in rows if (system, value) in wanted}

    def insert(self, fresh: list[Fresh], batch: int) -> None:
        """Keep new ids within the open transaction."""
        if not fresh:
            return
        keys, numbers, days = zip(*fresh, strict=True)
        systems, values = zip(*keys, strict=True)
        table = pa.table(
            {
                "no": pa.array(numbers, pa.int64()),
                "system": systems,
                "value": values,
                "key_hash": pa.array([key_hash(*key) for key in keys], pa.int64()),
                "first_day": pa.array(days, pa.date32()),
                "batch": pa.array([batch] * len(fresh), pa.int64()),
            }
        )
        self.database.register("fresh_keys", table)
        self.database.execute(f"INSERT INTO {self.table} BY NAME SELECT * FROM fresh_keys")  # noqa: S608 - our table
        self.database.unregister("fresh_keys")
