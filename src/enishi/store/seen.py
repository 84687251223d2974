"""Which message ids were ever accepted.

The ids' hashes are a table of the writer's database, inserted in the transaction of the events themselves. A
Bloom filter in memory (16 bits an id) answers "never seen" for all but 1 in 1,700 fresh ids, so that the
table is asked only about real repetitions and those few.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from enishi.store.hashing import Ints

_BITS_PER_ID = 16
_PROBES = 8
_FEW = 256
_SMALLEST = 1 << 27  # bits: 16 MB, good for 8 million ids


class Bloom:
    """A set that may say yes wrongly (about 0.06 %) and never says no wrongly.

    Args:
        expected: ids it is sized for; beyond twice that, make a larger one.
    """

    def __init__(self, expected: int) -> None:
        bits = _SMALLEST
        while bits < expected * _BITS_PER_ID:
            bits <<= 1
        self.capacity = bits // _BITS_PER_ID
        self._mask = np.uint64(bits - 1)
        self._bytes = np.zeros(bits >> 3, dtype=np.uint8)

    def _probes(self, hashes: Ints) -> Iterator[tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint8]]]:
        first, step = hashes[:, 0].astype(np.uint64), hashes[:, 1].astype(np.uint64) | np.uint64(1)
        for turn in range(_PROBES):
            place = (first + np.uint64(turn) * step) & self._mask
            yield place >> np.uint64(3), np.uint8(1) << (place & np.uint64(7)).astype(np.uint8)

    def add(self, hashes: Ints) -> None:
        for place, bit in self._probes(hashes):
            np.bitwise_or.at(self._bytes, place, bit)

    def may_contain(self, hashes: Ints) -> npt.NDArray[np.bool_]:
        found = np.ones(len(hashes), dtype=bool)
        for place, bit in self._probes(hashes):
            found &= (self._bytes[place] & bit) != 0
        return found


class Seen:
    """The memory of message ids, over an open writer database.

    Args:
        database: holds a table ``seen (hash BIGINT, mark BIGINT)``.
    """

    def __init__(self, database: duckdb.DuckDBPyConnection) -> None:
        self.database = database
        self.count = 0
        self.bloom = self._load()

    def _load(self) -> Bloom:
        self.count = self.database.execute("SELECT count(*) FROM seen").fetchall()[0][0]
        bloom = Bloom(2 * self.count)
        reader = self.database.sql("SELECT hash, mark FROM seen").to_arrow_reader(1_000_000)
        for chunk in reader:
            bloom.add(_pairs(chunk))
        return bloom

    def fresh(self, hashes: Ints) -> npt.NDArray[np.int64]:
        """Positions of the ids that were never accepted, the first of each within the batch, ascending."""
        if not len(hashes):
            return np.zeros(0, dtype=np.int64)
        keys = np.ascontiguousarray(hashes).view([("hash", "<i8"), ("mark", "<i8")]).reshape(-1)
        _, first = np.unique(keys, return_index=True)
        first.sort()
        suspects = first[self.bloom.may_contain(hashes[first])]
        if not len(suspects):
            return first
        known = self._known(hashes[suspects])
        return np.setdiff1d(first, suspects[known], assume_unique=True)

    def _known(self, hashes: Ints) -> npt.NDArray[np.bool_]:
        rows = self._few(hashes) if len(hashes) <= _FEW else self._many(hashes)
        stored = set(rows)
        return np.array([pair in stored for pair in map(tuple, hashes.tolist())], dtype=bool)

    def _few(self, hashes: Ints) -> list[tuple[int, int]]:
        """Naming the values lets the engine skip row groups."""
        values = ",".join(map(str, hashes[:, 0].tolist()))
        return self.database.execute(f"SELECT hash, mark FROM seen WHERE hash IN ({values})").fetchall()  # noqa: S608 - integers

    def _many(self, hashes: Ints) -> list[tuple[int, int]]:
        self.database.register("suspects", pa.table({"hash": hashes[:, 0]}))
        rows = self.database.execute("SELECT hash, mark FROM seen SEMI JOIN suspects USING (hash)").fetchall()
        self.database.unregister("suspects")
        return rows

    def insert(self, hashes: Ints) -> None:
        """Remember ids within the open transaction. Added to the filter at once: should the transaction
        fail, the filter is only asked for nothing."""
        table = pa.table({"hash": hashes[:, 0], "mark": hashes[:, 1]})
        self.database.register("new_seen", table)
        self.database.execute("INSERT INTO seen SELECT hash, mark FROM new_seen")
        self.database.unregister("new_seen")
        self.count += len(hashes)
        if self.count > 2 * self.bloom.capacity:
            self.bloom = self._load()
        else:
            self.bloom.add(hashes)


def _pairs(chunk: pa.RecordBatch) -> Ints:
    return np.column_stack([chunk.column(0).to_numpy(), chunk.column(1).to_numpy()])
