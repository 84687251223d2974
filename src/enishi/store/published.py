"""The readers' side: one consistent generation of the published facts."""

from __future__ import annotations

from datetime import date
from functools import cache

import pyarrow as pa

from enishi.kit.home import Home
from enishi.store.manifest import File, read_manifest
from enishi.store.rollups import ROLLED
from enishi.store.schema import table_schemas

_schemas = cache(table_schemas)

# How long a file that was replaced stays readable. A reader that works longer must refresh in between.
GRACE_SECONDS = 3600.0


class Published:
    """The facts as of one generation.

    An instance never changes: it lists the files of the manifest it was made from, and those files stay for
    :data:`GRACE_SECONDS` after a later generation replaces them. Make a new instance (cheap: one small file)
    to see later facts.

    Args:
        home: the installation's data folder.

    Attributes:
        generation: ascending number; 0 where nothing was published yet.
    """

    def __init__(self, home: Home) -> None:
        self.folder = home.published
        self.manifest = read_manifest(home.published)

    def __repr__(self) -> str:
        return f"<Published generation {self.generation} in {self.folder}>"

    @property
    def generation(self) -> int:
        return self.manifest.generation

    @property
    def rewritten(self) -> int:
        """The generation at which facts of earlier days last changed in place (erasure, time zone)."""
        return self.manifest.rewritten

    @property
    def zone(self) -> str:
        """Name of the time zone by which the ``day`` and ``*_on`` columns were computed."""
        return self.manifest.zone

    @property
    def raw_from(self) -> date | None:
        """First day whose raw events are still kept; None while retention has dropped none."""
        return date.fromisoformat(self.manifest.raw_from) if self.manifest.raw_from else None

    def entries(self, table: str) -> list[File]:
        """The manifest's lines of one table. Raises KeyError for a table that is not of the schema."""
        _schemas()[table]
        return self.manifest.tables.get(table, [])

    def files(self, table: str, first: date | None = None, last: date | None = None) -> list[str]:
        """Absolute Parquet paths of a table, maybe none.

        Args:
            first, last: leave out files which hold no day of this closed span (events, usage and its roll-ups).
        """
        low, high = (first.isoformat() if first else ""), (last.isoformat() if last else "9999")
        return [
            str(self.folder / file.path)
            for file in self.entries(table)
            if not file.first or (file.last >= low and file.first <= high)
        ]

    def schema(self, table: str) -> pa.Schema:
        """The table's Arrow schema; KeyError for an unknown table."""
        return _schemas()[table]

    def has(self, table: str) -> bool:
        """Whether the table has any file."""
        return bool(self.entries(table))

    def rows(self, table: str) -> int:
        """How many rows the table's files hold together."""
        return sum(file.rows for file in self.entries(table))

    @property
    def rolled(self) -> bool:
        """Whether the roll-ups hold all usage; until the consumer has made them, readers do with usage."""
        return self.manifest.rolled == ROLLED

    def changed(self, table: str) -> int:
        """The generation at which the table's content last changed; 0 if never."""
        return self.manifest.changed.get(table, 0)

    def history_since(self, generation: int) -> date | None:
        """The first day of which history told that arrived after an earlier generation; None where none did. What
        counts as known on that day, and on all later ones, is more than it was."""
        found = (day for at, day in self.manifest.history if at > generation)
        return next((date.fromisoformat(day) for day in found), None)

    def days_changed_since(self, generation: int) -> list[date] | None:
        """Days whose usage grew after an earlier generation, ascending; None where earlier days were
        rewritten since, so that everything derived must be made again."""
        if self.manifest.rewritten > generation:
            return None
        return sorted(date.fromisoformat(day) for day, at in self.manifest.days.items() if at > generation)
