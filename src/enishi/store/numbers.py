"""Dictionaries: outside ids get small numbers, for good."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
import pyarrow as pa

from enishi.store.hashing import key_hash

Key = tuple[str, str]  # system, outside id

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

    def assign(self, keys: Iterable[Key]) -> tuple[dict[Key, int], list[Key]]:
        """Numbers for all keys, and those of them that are new (the caller inserts them)."""
        if len(self._memory) > _REMEMBERED:
            self._memory.clear()
        wanted = set(keys)
        missing = [key for key in wanted if key not in self._memory]
        self._memory.update(self.find(missing))
        fresh = sorted(key for key in missing if key not in self._memory)
        for key in fresh:
            self._memory[key] = self.next_number
            self.next_number += 1
        return {key: self._memory[key] for key in wanted}, fresh

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

    def insert(self, fresh: list[tuple[Key, int, object]], batch: int) -> None:
        """Keep new ids within the open transaction: (key, number, first day) each."""
        if not fresh:
            return
        table = pa.table(
            {
                "no": pa.array([number for _, number, _ in fresh], pa.int64()),
                "system": [key[0] for key, _, _ in fresh],
                "value": [key[1] for key, _, _ in fresh],
                "key_hash": pa.array([key_hash(*key) for key, _, _ in fresh], pa.int64()),
                "first_day": pa.array([day for _, _, day in fresh], pa.date32()),
                "batch": pa.array([batch] * len(fresh), pa.int64()),
            }
        )
        self.database.register("fresh_keys", table)
        self.database.execute(f"INSERT INTO {self.table} BY NAME SELECT * FROM fresh_keys")  # noqa: S608 - our table
        self.database.unregister("fresh_keys")

    def forget(self, key: Key) -> None:
        """Drop a key from memory after its row was removed."""
        self._memory.pop(key, None)
