"""One set of tables for a whole test run: the first who needs it migrates, everybody else begins with a copy."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import md5
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

ROOT = Path(__file__).resolve().parents[1]
DATABASE = "app.sqlite3"


def begin(home: Path) -> None:
    """Put a migrated, empty database into a data folder that has none: whoever sets it up has nothing to migrate.

    Outside a test run (a measurement, :mod:`tests.crash`) the folder stays as it is.
    """
    if "ENISHI_TEMPLATE" not in os.environ:
        return
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_template(), home / DATABASE)


def begin_in_memory(name: str) -> sqlite3.Connection:
    """The same for a database in memory, which lives as long as the connection stays open."""
    memory = sqlite3.connect(name, uri=True, check_same_thread=False)
    template = sqlite3.connect(_template())
    template.backup(memory)
    template.close()
    return memory


def on_server(url: str) -> str:
    """The name of a migrated, empty database on a PostgreSQL server, for ``CREATE DATABASE … TEMPLATE``."""
    folder = _folder()
    name = f"template_{md5(str(folder).encode(), usedforsecurity=False).hexdigest()[:12]}"
    with _alone(folder):
        if not (folder / name).exists():
            _ask_server(url, f"CREATE DATABASE {name}")
            _migrate(folder / "making", urlsplit(url)._replace(path=f"/{name}").geturl())
            (folder / name).touch()
    return name


def drop_from_server(url: str) -> None:
    """At the end of the run."""
    for made in _folder().glob("template_*"):
        _ask_server(url, f"DROP DATABASE {made.name} WITH (FORCE)")


def _ask_server(url: str, command: str) -> None:
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(command)


def _template() -> Path:
    """The migrated database of this run, made by the first process that asks."""
    folder = _folder()
    made = folder / DATABASE
    with _alone(folder):
        if not made.exists():
            _migrate(folder / "making")
            # One file holds it all, and can be a database in memory too.
            with closing(sqlite3.connect(folder / "making" / DATABASE)) as database:
                database.execute("PRAGMA journal_mode=DELETE")
            (folder / "making" / DATABASE).rename(made)
    return made


def _folder() -> Path:
    folder = Path(os.environ["ENISHI_TEMPLATE"])
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _migrate(home: Path, url: str = "") -> None:
    home.mkdir(exist_ok=True)
    environment = {
        **os.environ,
        "ENISHI_HOME": str(home),
        "DATABASE_URL": url,
        "PYTHONPATH": f"{ROOT / 'src'}",
    }
    command = [sys.executable, str(ROOT / "manage.py"), "migrate", "--skip-checks", "--verbosity", "0"]
    subprocess.run(command, env=environment, check=True)
