"""Putting a backup back: checked whole first, then moved into place; what was there is set aside, not deleted."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from enishi.cli.snapshot_format import ABOUT, FORMAT, SUMS
from enishi.kit.errors import Conflict, EnishiError
from enishi.kit.home import Home
from enishi.kit.text import Text


def restore_backup(source: Path, home: Home, *, force: bool, now: datetime) -> dict[str, Any]:
    """Restore into the data folder; returns what the backup says of itself.

    Raises:
        Conflict: there is an installation already and ``force`` is not given, or it is running.
        EnishiError: the file is damaged, or made by a newer Enishi or for the other database.
    """
    _check_target(home, force)
    home.root.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{home.root.name}-restoring-", dir=home.root.parent))
    try:
        about = unpack(source, scratch)
        _check_about(about)
        if about["database"] == "sqlite":
            set_inbox_number(scratch / "inbox.sqlite3", about["inbox"])
        _take_place(scratch, home, now)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return about


def _check_target(home: Home, force: bool) -> None:
    from enishi.cli.health import consumer_is_running

    if not home.root.exists() or not any(home.root.iterdir()):
        return
    if consumer_is_running(home):
        raise Conflict(
            "running",
            Text(f"Enishi is running on {home.root}.", f"{home.root} でEnishiが稼働中です。"),
            Text(
                "Stop it first (Ctrl-C where it was started).",
                "先に停止してください(起動した端末でCtrl-C)。",
            ),
        )
    if not force:
        raise Conflict(
            "not_empty",
            Text(f"{home.root} is not empty.", f"{home.root} は空ではありません。"),
            Text(
                "Restore into another folder (--data), or add --force: what is there is then set aside, not deleted.",
                "別のフォルダー(--data)に復元するか、--force を付けてください(既存の内容は削除せず退避します)。",
            ),
        )


def unpack(source: Path, folder: Path) -> dict[str, Any]:
    """Extract into an empty folder and compare every file with its check sum; returns ``about.json``."""
    found: dict[str, str] = {}
    try:
        with tarfile.open(source, "r:gz") as tar:
            for member in tar:
                _extract(tar, member, folder)
                found[member.name] = _digest(folder / member.name)
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        raise _damaged(source, str(error)) from error
    if SUMS not in found or ABOUT not in found:
        raise _damaged(source, f"{SUMS} is missing")
    for line in (folder / SUMS).read_text().splitlines():
        digest, _, name = line.partition("  ")
        if found.get(name) != digest:
            raise _damaged(source, name)
    about: dict[str, Any] = json.loads((folder / ABOUT).read_text())
    for name in (SUMS, ABOUT):
        (folder / name).unlink()
    return about


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """Write one plain file below the folder. (The filters of ``tarfile`` came only with Python 3.11.4.)"""
    target = (folder / member.name).resolve()
    content = tar.extractfile(member) if member.isfile() else None
    if content is None or not target.is_relative_to(folder.resolve()):
        raise ValueError(f"{member.name} does not belong into a backup")
    target.parent.mkdir(parents=True, exist_ok=True)
    with content, target.open("xb") as out:
        shutil.copyfileobj(content, out, 1 << 20)
    target.chmod((member.mode & 0o755) | 0o600)
    os.utime(target, (member.mtime, member.mtime))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _damaged(source: Path, what: str) -> EnishiError:
    return EnishiError(
        "bad_backup",
        Text(
            f"{source} is no whole backup ({what}). Nothing was changed.",
            f"{source} は完全なバックアップではありません({what})。何も変更していません。",
        ),
        Text("Use another backup.", "別のバックアップをご利用ください。"),
    )


def _check_about(about: dict[str, Any]) -> None:
    if about["format"] > FORMAT:
        raise EnishiError(
            "backup_too_new",
            Text(
                f"The backup was made by a newer Enishi ({about['enishi']}).",
                f"より新しいEnishi({about['enishi']})で作られたバックアップです。",
            ),
            Text("Update Enishi, then restore.", "Enishiを更新してから復元してください。"),
        )
    kind = "postgresql" if os.environ.get("DATABASE_URL") else "sqlite"
    if about["database"] != kind:
        raise EnishiError(
            "other_database",
            Text(
                f"The backup is of {about['database']}, this installation uses {kind}.",
                f"バックアップは {about['database']} 用ですが、この環境は {kind} です。",
            ),
            Text(
                "Set DATABASE_URL to an empty PostgreSQL database, or unset it, as the backup needs.",
                "バックアップに合わせて、DATABASE_URL に空のPostgreSQLデータベースを設定するか、設定を外してください。",
            ),
        )


def set_inbox_number(path: Path, number: int) -> None:
    """New bodies get numbers beyond those the store has carried already; carried ones are forgotten."""
    if not path.exists():
        return
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("DELETE FROM inbox WHERE number <= ?", (number,))
        changed = database.execute(
            "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'inbox'", (number,)
        )
        if not changed.rowcount:
            database.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('inbox', ?)", (number,))


def _take_place(scratch: Path, home: Home, now: datetime) -> None:
    """Rename the restored folder into place; an older one keeps its content under another name."""
    scratch.chmod(0o700)
    if home.root.exists():
        if any(home.root.iterdir()):
            home.root.rename(home.root.with_name(f"{home.root.name}.before-restore-{now:%Y%m%d-%H%M%S}"))
        else:
            home.root.rmdir()
    scratch.rename(home.root)
    home.prepare()
