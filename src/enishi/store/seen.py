"""Which message ids were ever accepted, within which stream.

The ids' hashes are tables of the writer's database, inserted in the transaction of the events themselves. A Bloom
filter in memory answers "never seen" for all but a few in 100,000 fresh ids (a few in a thousand when it is full), so
that a table is asked only about real repetitions and those few.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from enishi.store.hashing import Ints, in_streams

_BITS_PER_ID = 16
_WORDS, _PROBES = 2, 5
_FEW = 256
_SMALLEST = 1 << 27  # bits: 16 MB, good for 8 million ids

# Ids by stream; and ids accepted before streams were told apart, of which nobody knows the stream any more: they
# count as seen in every stream.
IN_STREAM, IN_ALL = "seen", "seen_in_all"


class Bloom:
    """A set that may say yes wrongly (2 of 100,000 when half full, 120 when full) and never says no wrongly.

    The probes of an id lie in two 64-bit words: two looks into memory an id instead of ten. With one word nearly
    every batch had an id to ask the table about, and that reads the whole table.

    Args:
        expected: ids it is sized for.
    """

    def __init__(self, expected: int) -> None:
        bits = _SMALLEST
        while bits < expected * _BITS_PER_ID:
            bits <<= 1
        self.capacity = bits // _BITS_PER_ID
        self._words = np.zeros(bits >> 6, dtype=np.uint64)

    def _probes(self, hashes: Ints) -> Iterator[tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]]:
        """Of each of its words: which it is, for each id, and the id's bits within."""
        at, mark = hashes[:, 0].astype(np.uint64), hashes[:, 1].astype(np.uint64)
        for word in range(_WORDS):
            bits = np.zeros(len(hashes), dtype=np.uint64)
            for turn in range(_PROBES * word, _PROBES * (word + 1)):
                bits |= np.uint64(1) << ((mark >> np.uint64(6 * turn)) & np.uint64(63))
            yield (at >> np.uint64(32 * word)) & np.uint64(len(self._words) - 1), bits

    def add(self, hashes: Ints) -> None:
        for place, bits in self._probes(hashes):
            np.bitwise_or.at(self._words, place, bits)

    def may_contain(self, hashes: Ints) -> npt.NDArray[np.bool_]:
        found = np.ones(len(hashes), dtype=np.bool_)
        for place, bits in self._probes(hashes):
            found &= (self._words[place] & bits) == bits
        return found


class HashTable:
    """A table ``(hash BIGINT, mark BIGINT)`` of the writer's database with its filter in memory."""

    def __init__(self, database: duckdb.DuckDBPyConnection, name: str) -> None:
        self.database, self.name = database, name
        self.count = 0
        self.bloom = self._load()

    def _load(self) -> Bloom:
        self.count = count_rows(self.database, self.name)
        bloom = Bloom(2 * self.count)
        reader = self.database.sql(f"SELECT hash, mark FROM {self.name}").to_arrow_reader(1_000_000)  # noqa: S608 - our table
        for chunk in reader:
            bloom.add(np.column_stack([chunk.column(0).to_numpy(), chunk.column(1).to_numpy()]))
        return bloom

    def contains(self, hashes: Ints) -> npt.NDArray[np.bool_]:
        """Which of some hashes are in the table."""
        found = self.bloom.may_contain(hashes)
        suspects = np.flatnonzero(found)
        if len(suspects):
            pairs = hashes[suspects]
            stored = set(self._few(pairs) if len(pairs) <= _FEW else self._many(pairs))
            found[suspects] = [pair in stored for pair in map(tuple, pairs.tolist())]
        return found

    def _few(self, hashes: Ints) -> list[tuple[int, int]]:
        values = ",".join(map(str, hashes[:, 0].tolist()))
        query = f"SELECT hash, mark FROM {self.name} WHERE hash IN ({values})"  # noqa: S608 - integers
        return self.database.execute(query).fetchall()

    def _many(self, hashes: Ints) -> list[tuple[int, int]]:
        self.database.register("suspects", pa.table({"hash": hashes[:, 0]}))
        query = f"SELECT hash, mark FROM {self.name} SEMI JOIN suspects USING (hash)"  # noqa: S608 - our table
        rows = self.database.execute(query).fetchall()
        self.database.unregister("suspects")
        return rows

    def insert(self, hashes: Ints) -> None:
        """Remember hashes within the open transaction. Added to the filter at once: should the transaction
        fail, the filter is only asked for nothing."""
        insert_hashes(self.database, self.name, hashes)
        self.count += len(hashes)
        if self.count > self.bloom.capacity:
            self.bloom = self._load()
        else:
            self.bloom.add(hashes)


class Seen:
    """The memory of message ids, over an open writer database."""

    def __init__(self, database: duckdb.DuckDBPyConnection) -> None:
        self._by_stream = HashTable(database, IN_STREAM)
        self._everywhere = HashTable(database, IN_ALL) if count_rows(database, IN_ALL) else None

    def fresh(self, alone: Ints, streams: Sequence[str]) -> tuple[npt.NDArray[np.int64], Ints]:
        """Positions of the ids that were never accepted in their stream, the first of each, ascending.

        Args:
            alone: hashes of the ids without their streams.

        Returns:
            the positions, and the hashes by stream at these positions.
        """
        hashes = in_streams(alone, streams)
        kept = _first_of_each(hashes)
        kept = kept[~self._by_stream.contains(hashes[kept])]
        if self._everywhere is not None:
            kept = kept[~self._everywhere.contains(alone[kept])]
        return kept, hashes[kept]

    def insert(self, hashes: Ints) -> None:
        """Remember hashes by stream within the open transaction."""
        self._by_stream.insert(hashes)


def _first_of_each(hashes: Ints) -> npt.NDArray[np.int64]:
    """Positions of the first of each pair, ascending."""
    if len(np.unique(hashes[:, 0])) == len(hashes):
        return np.arange(len(hashes), dtype=np.int64)
    keys = np.ascontiguousarray(hashes).view([("hash", "<i8"), ("mark", "<i8")]).reshape(-1)
    _, first = np.unique(keys, return_index=True)
    return np.sort(first)


def count_rows(database: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(database.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])  # noqa: S608 - our table


def insert_hashes(database: duckdb.DuckDBPyConnection, table: str, hashes: Ints) -> None:
    """Add hashes to a table."""
    database.register("new_hashes", pa.table({"hash": hashes[:, 0], "mark": hashes[:, 1]}))
    database.execute(f"INSERT INTO {table} SELECT hash, mark FROM new_hashes")  # noqa: S608 - our table
    database.unregister("new_hashes")
