"""Dictionaries: outside ids get small numbers, for good."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from enishi.store.hashing import Ints, key_hash

Key = tuple[str, str]  # system, outside id
Days = npt.NDArray[np.int32]  # days since the epoch

# Ids remembered in memory, about 150 bytes each; beyond, memory starts afresh and the table is asked again.
_REMEMBERED = 1_000_000
_NEVER = np.iinfo(np.int32).max


@dataclass(slots=True)
class Newcomers:
    """Ids numbered for the first time in one batch: their numbers follow each other from ``first``.

    ``first_day`` is the day of the earliest event of the batch that names each; see :meth:`date`.
    """

    first: int
    keys: list[Key] = field(default_factory=list)
    first_day: Days = field(default_factory=lambda: np.zeros(0, dtype=np.int32))

    def date(self, numbers: Ints, days: Days) -> None:
        """Take the earliest of the days on which newcomers are named."""
        missing = len(self.keys) - len(self.first_day)
        self.first_day = np.concatenate([self.first_day, np.full(missing, _NEVER, dtype=np.int32)])
        named = numbers >= self.first
        np.minimum.at(self.first_day, numbers[named] - self.first, days[named])


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
        self._memory: dict[str, dict[str, int]] = {}  # numbers by system and id

    def newcomers(self) -> Newcomers:
        """To be filled by :meth:`assign` with the ids of one batch."""
        if sum(map(len, self._memory.values())) > _REMEMBERED:
            self._memory.clear()
        return Newcomers(self.next_number)

    def assign(self, systems: Sequence[str], values: Sequence[str], fresh: Newcomers) -> Ints:
        """The number of every id (0 for empty text); those given now are added to ``fresh``."""
        spaces = set(systems)
        for system in spaces:
            own = (
                values
                if len(spaces) == 1
                else [v for s, v in zip(systems, values, strict=True) if s == system]
            )
            self._learn(system, set(own), fresh)
        if len(spaces) == 1:
            known = self._memory[systems[0]]
            numbers = [known[value] for value in values]
        else:
            numbers = [self._memory[system][value] for system, value in zip(systems, values, strict=True)]
        return np.array(numbers, dtype=np.int64)

    def _learn(self, system: str, values: set[str], fresh: Newcomers) -> None:
        """Have every id of a system in memory: from the table, or numbered now."""
        memory = self._memory.setdefault(system, {"": 0})
        if missing := [value for value in values if value not in memory]:
            self._recall([(system, value) for value in missing])
            for value in sorted(missing):
                if value not in memory:
                    memory[value] = self.next_number
                    fresh.keys.append((system, value))
                    self.next_number += 1

    def _recall(self, keys: Sequence[Key]) -> dict[Key, int]:
        found = self.find(keys)
        for (system, value), number in found.items():
            self._memory.setdefault(system, {"": 0})[value] = number
        return found

    def unknown(self, keys: Iterable[Key]) -> list[Key]:
        """Those of the keys that have no number yet."""
        missing = [key for key in keys if key[1] not in self._memory.get(key[0], ())]
        found = self._recall(missing)
        return [key for key in missing if key not in found]

    def find(self, keys: Sequence[Key]) -> dict[Key, int]:
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

    def insert(self, fresh: Newcomers, batch: int) -> None:
        """Keep new ids within the open transaction."""
        if not fresh.keys:
            return
        systems, values = zip(*fresh.keys, strict=True)
        count = len(fresh.keys)
        table = pa.table(
            {
                "no": np.arange(fresh.first, fresh.first + count, dtype=np.int64),
                "system": systems,
                "value": values,
                "key_hash": pa.array([key_hash(*key) for key in fresh.keys], pa.int64()),
                "first_day": pa.array(fresh.first_day, pa.int32()).cast(pa.date32()),
                "batch": np.full(count, batch, dtype=np.int64),
            }
        )
        self.database.register("fresh_keys", table)
        self.database.execute(f"INSERT INTO {self.table} BY NAME SELECT * FROM fresh_keys")  # noqa: S608 - our table
        self.database.unregister("fresh_keys")
