"""Changing what is published already: files replaced by their rewritten selves, all listed in one manifest.

The old files go after the readers' grace time. Months whose usage changed get their roll-ups anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from enishi.kit.home import Home
from enishi.store.compaction import read_file
from enishi.store.manifest import File, Manifest, write_manifest
from enishi.store.memory import TABLE as SEEN
from enishi.store.memory import Remembered, remember, write_seen
from enishi.store.parquet import write_file
from enishi.store.publishing import replace_files
from enishi.store.rollups import with_months_again
from enishi.store.schema import ROLLUPS

Chosen = Callable[[pa.Table], pa.Array]  # which rows are meant
Rewrite = Callable[[pa.Table, pa.Array], pa.Table]  # the rows as they shall be, given which are meant


class Change:
    """One change of published files. Nothing may be pending.

    Attributes:
        manifest: with the change so far; on the disk once :meth:`commit` has been called.
        counts: rows that were meant, by what :meth:`each` was told to count them as.
    """

    def __init__(self, home: Home, manifest: Manifest, now: datetime, streams: Mapping[str, str]) -> None:
        self.home, self.now, self.before, self.manifest = home, now, manifest, manifest
        self.streams = streams
        self.gone: list[Remembered] = []  # ids whose events leave
        self.counts: Counter[str] = Counter()
        self.months: set[date] = set()  # whose roll-ups are to be made again
        self.tables: set[str] = set()

    def each(
        self, table: str, columns: Sequence[str], chosen: Chosen, rewrite: Rewrite, counts: str = "rows"
    ) -> None:
        """Rewrite those files of a table in which some rows are meant.

        Args:
            columns: what ``chosen`` looks at.
        """
        for file in self.before.tables.get(table, []):
            path = self.home.published / file.path
            hit = chosen(pq.ParquetFile(path).read(columns=list(columns)))
            if count := pc.sum(hit).as_py():
                self.counts[counts] += count
                rows = read_file(path)
                if table == "usage":
                    self.months |= {
                        day.replace(day=1) for day in rows.filter(hit)["day"].unique().to_pylist()
                    }
                elif table == "events":
                    self.forget(rows.filter(hit))
                self.replace(table, file, rewrite(rows, hit))

    def forget(self, events: pa.Table) -> None:
        """Events that leave; their ids are noted."""
        self.gone.append(remember(events, self.streams))

    def replace(self, table: str, file: File, rows: pa.Table) -> None:
        """Put these rows in a file's place."""
        added = [write_file(self.home.published, table, rows, file.part, file.level)] if rows.num_rows else []
        self.put(table, [file], added)

    def put(self, table: str, gone: Iterable[File], added: Iterable[File]) -> None:
        """Put files in the place of others."""
        self.manifest = replace_files(self.manifest, table, gone, added, self.now)
        self.tables.add(table)

    def commit(self, ids: str = SEEN, **changes: object) -> None:
        """List everything in one manifest.

        Args:
            ids: the table of hashes that takes the ids of the events that leave.
            changes: further fields of the manifest.
        """
        if self.months:
            self.manifest = with_months_again(self.home.published, self.manifest, self.months, self.now)
            self.tables |= set(ROLLUPS)
        if files := write_seen(self.home, self.gone, ids):
            self.manifest = replace_files(self.manifest, ids, [], files, self.now)
        if self.tables or changes:
            generation = self.before.generation + 1
            changed = self.manifest.changed | dict.fromkeys(self.tables, generation)
            full = msgspec.structs.replace(
                self.manifest, generation=generation, changed=changed, rewritten=generation, **changes
            )
            write_manifest(self.home.published, full)


def holding(columns: Sequence[str], numbers: Iterable[int]) -> Chosen:
    """Choose the rows in which one of the columns holds one of the numbers."""
    wanted = pa.array(list(numbers), pa.int64())

    def chosen(rows: pa.Table) -> pa.Array:
        hit = pc.is_in(rows[columns[0]], wanted)
        for column in columns[1:]:
            hit = pc.or_(hit, pc.is_in(rows[column], wanted))
        return hit

    return chosen


def without(rows: pa.Table, hit: pa.Array) -> pa.Table:
    """The other rows."""
    return rows.filter(pc.invert(hit))
