"""What is written and acknowledged is on the disk."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from enishi.web.configuration import read_configuration

_FULL = 2


def test_a_write_that_was_acknowledged_outlives_a_power_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the write-ahead log only FULL syncs at every commit; NORMAL leaves the last ones to the operating system."""
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    options = read_configuration().database()["OPTIONS"]
    connection = sqlite3.connect(tmp_path / "a.sqlite3")
    connection.executescript(options["init_command"])
    assert connection.execute("PRAGMA synchronous").fetchone()[0] == _FULL
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    connection.close()
