"""A backup: one file, consistent although everything keeps running.

The order makes it so. First the inbox; then a manifest that already holds all that had left the inbox by then
(and its immutable files); last the application database, which therefore holds every record version the manifest
knows. What arrives in between is in one of the three, and the positions keep it from being counted twice.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import sqlite3
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
from django.db import connection

from enishi import __version__
from enishi.cli import pgcopy
from enishi.cli.health import consumer_is_running
from enishi.cli.snapshot_format import ABOUT, FORMAT, PUBLISHED, SUMS
from enishi.cli.words import this_program
from enishi.kit.errors import EnishiError
from enishi.kit.home import Home
from enishi.kit.text import Text
from enishi.store.manifest import MANIFEST, Manifest, read_manifest
from enishi.store.pins import pinned

CATCH_UP_SECONDS = 120.0

Told = Callable[[float, float], None]


@dataclass(frozen=True, slots=True)
class Made:
    path: Path
    bytes: int
    files: int
    generation: int


def make_backup(home: Home, target: Path, now: datetime, told: Told = lambda done, total: None) -> Made:
    """Write a backup of the installation to ``target`` (gzipped tar); the file appears whole or not at all."""
    part = target.with_name(f".{target.name}.part")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="enishi-backup-", dir=home.root) as folder:
        try:
            made = _write(home, part, Path(folder), now, told)
            os.replace(part, target)
        finally:
            part.unlink(missing_ok=True)
    return Made(target, target.stat().st_size, *made)


def _write(home: Home, part: Path, scratch: Path, now: datetime, told: Told) -> tuple[int, int]:
    low, inbox_files = _snapshot_inbox(home, scratch)
    manifest = _manifest_holding(home, low - 1)
    with pinned(home, manifest) as held:
        entries = [
            *inbox_files,
            *_snapshot_database(home, scratch),
            *((held / f.path, f"{PUBLISHED}/{f.path}") for files in manifest.tables.values() for f in files),
            *_plain_files(home),
        ]
        return _pack(part, entries, manifest, now, told)


def _pack(
    part: Path, entries: list[tuple[Path, str]], manifest: Manifest, now: datetime, told: Told
) -> tuple[int, int]:
    about = {
        "format": FORMAT,
        "enishi": __version__,
        "made_at": now.isoformat(),
        "database": connection.vendor,
        "migrations": _applied(),
        "inbox": manifest.inbox,
        "generation": manifest.generation,
    }
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as raw, tarfile.open(fileobj=raw, mode="w:gz", compresslevel=1) as tar:
        sums = [_add_bytes(tar, ABOUT, json.dumps(about, indent=1).encode(), now)]
        sums.append(_add_bytes(tar, f"{PUBLISHED}/{MANIFEST}", _without_retired(manifest), now))
        for place, (path, name) in enumerate(entries):
            sums.append(_add_file(tar, path, name))
            told(place + 1, len(entries))
        _add_bytes(tar, SUMS, "".join(f"{digest}  {name}\n" for digest, name in sums).encode(), now)
        tar.close()
        raw.flush()
        os.fsync(raw.fileno())
    return len(entries) + 3, manifest.generation


# ---- the three parts -----------------------------------------------------------------------------------------


def _snapshot_inbox(home: Home, scratch: Path) -> tuple[int, list[tuple[Path, str]]]:
    """A copy of what waits, and the lowest number in it: everything below has left the inbox for good."""
    if connection.vendor == "postgresql":
        target = scratch / "inbox.copy"
        low = pgcopy.dump_inbox(target)
        return low, [(target, "database/inbox.copy")]
    if not home.inbox.exists():
        return 1, []
    target = scratch / "inbox.sqlite3"
    _copy_sqlite(home.inbox, target)
    with closing(sqlite3.connect(target)) as copy:
        low = copy.execute("SELECT min(number) FROM inbox").fetchone()[0]
        if low is None:
            last = copy.execute("SELECT seq FROM sqlite_sequence WHERE name = 'inbox'").fetchone()
            low = (last[0] if last else 0) + 1
    return int(low), [(target, "inbox.sqlite3")]


def _manifest_holding(home: Home, inbox: int) -> Manifest:
    """The first manifest that holds every body up to a number; what the consumer took is soon published."""
    deadline = time.monotonic() + CATCH_UP_SECONDS
    while (manifest := read_manifest(home.published)).inbox < inbox:
        if not consumer_is_running(home):
            from enishi.ingest.api import drain

            drain(home)
        elif time.monotonic() > deadline:
            raise EnishiError(
                "consumer_behind",
                Text(
                    f"The consumer did not publish within {CATCH_UP_SECONDS:.0f} seconds what it had taken.",
                    f"取り込み処理が{CATCH_UP_SECONDS:.0f}秒以内に公開を終えませんでした。",
                ),
                Text(
                    f"See `{this_program()} doctor`, then try again.",
                    f"`{this_program()} doctor` で状態を確認し、再度お試しください。",
                ),
                retryable=True,
            )
        else:
            time.sleep(0.1)
    return manifest


def _snapshot_database(home: Home, scratch: Path) -> list[tuple[Path, str]]:
    if connection.vendor == "postgresql":
        folder = scratch / "database"
        folder.mkdir()
        return [(path, f"database/{path.name}") for path in pgcopy.dump_tables(folder)]
    target = scratch / "app.sqlite3"
    _copy_sqlite(home.database, target)
    return [(target, "app.sqlite3")]


def _copy_sqlite(source: Path, target: Path) -> None:
    """One read transaction: a consistent copy that neither waits for writers nor makes them wait."""
    with closing(sqlite3.connect(source, timeout=60)) as database:
        database.execute("VACUUM INTO ?", (str(target),))


def _plain_files(home: Home) -> Iterator[tuple[Path, str]]:
    for folder in (home.uploads, home.exports):
        for path in sorted(folder.rglob("*")) if folder.exists() else ():
            if path.is_file():
                yield path, path.relative_to(home.root).as_posix()
    for path in (home.secret, home.root / "sample.json"):
        if path.exists():
            yield path, path.name


def _without_retired(manifest: Manifest) -> bytes:
    """The manifest without the files that only older readers still hold; they are not in the backup."""
    return msgspec.json.encode(msgspec.structs.replace(manifest, retired=[]))


def _applied() -> dict[str, str]:
    """The last applied migration of each app, so that a restore makes the same tables."""
    from django.db.migrations.recorder import MigrationRecorder

    return dict(sorted(MigrationRecorder(connection).applied_migrations()))


# ---- the archive ---------------------------------------------------------------------------------------------


def _add_bytes(tar: tarfile.TarFile, name: str, content: bytes, now: datetime) -> tuple[str, str]:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = len(content), 0o600, int(now.timestamp())
    tar.addfile(info, io.BytesIO(content))
    return hashlib.sha256(content).hexdigest(), name


class _Summing:
    """A file that is read once: into the archive and into its check sum."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("rb")
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        piece = self.file.read(size)
        self.digest.update(piece)
        return piece


def _add_file(tar: tarfile.TarFile, path: Path, name: str) -> tuple[str, str]:
    reading = _Summing(path)
    with closing(reading.file):
        info = tarfile.TarInfo(name)
        found = os.fstat(reading.file.fileno())
        info.size, info.mode, info.mtime = found.st_size, 0o600, int(found.st_mtime)
        tar.addfile(info, reading)
    return reading.digest.hexdigest(), name
