"""The one folder that holds everything an installation owns."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path


def default_folder() -> Path:
    """``enishi`` in the user's own data directory."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "enishi"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "enishi"


@dataclass(frozen=True, slots=True)
class Home:
    """Paths below the data folder (``ENISHI_HOME``, or :func:`default_folder`). Nothing else is written."""

    root: Path

    @classmethod
    def from_environment(cls) -> Home:
        return cls(Path(os.environ.get("ENISHI_HOME") or default_folder()).resolve())

    @property
    def database(self) -> Path:
        """The application database where PostgreSQL is not configured."""
        return self.root / "app.sqlite3"

    @property
    def inbox(self) -> Path:
        """Request bodies acknowledged but not yet carried into the store."""
        return self.root / "inbox.sqlite3"

    @property
    def writer(self) -> Path:
        """The consumer's own DuckDB file; no other process opens it."""
        return self.root / "store" / "writer.duckdb"

    @property
    def failing(self) -> Path:
        """What the consumer notes while it fails; absent where it goes well."""
        return self.root / "store" / "failing.json"

    @property
    def published(self) -> Path:
        """Immutable Parquet and its manifest: what every reader reads."""
        return self.root / "store" / "published"

    @property
    def uploads(self) -> Path:
        return self.root / "uploads"

    @property
    def exports(self) -> Path:
        return self.root / "exports"

    @property
    def judging(self) -> Path:
        """Locked by the pass that judges the accounts."""
        return self.root / "judging.lock"

    @property
    def plans(self) -> Path:
        """Compiled queries; whatever is deleted is made again. ``ENISHI_PLANS`` names a folder that many installations
        of one program share."""
        shared = os.environ.get("ENISHI_PLANS")
        return Path(shared) if shared else self.root / "cache" / "plans"

    @property
    def ranks(self) -> Path:
        """Every account's metrics of the latest scoring as arrays; whatever is deleted is made again."""
        return self.root / "cache" / "ranks"

    @property
    def forecast_rows(self) -> Path:
        """What accounts looked like when they were forecast last, in a book too large to keep everybody's reasons."""
        return self.root / "cache" / "forecast-rows.parquet"

    @property
    def past(self) -> Path:
        """Past days of the book as they were known, worked out once and kept for a while."""
        return self.root / "cache" / "past"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def secret(self) -> Path:
        """The installation's signing key, made at ``enishi init``."""
        return self.root / "secret.key"

    @property
    def backup_note(self) -> Path:
        """When the last backup was made."""
        return self.root / "last-backup"

    def prepare(self) -> None:
        """Create the folders, readable by their owner alone and passed over by git, should they lie in a checkout."""
        self.root.mkdir(parents=True, exist_ok=True)
        self.root.chmod(0o700)
        ignored = self.root / ".gitignore"
        if not ignored.exists():
            ignored.write_text("*\n")
        for folder in (self.published, self.uploads, self.exports, self.logs):
            folder.mkdir(parents=True, exist_ok=True)
