"""One installation of real processes on loopback."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import duckdb

from enishi.kit.home import Home
from enishi.store.published import Published
from tests.template import begin

ROOT = Path(__file__).resolve().parents[2]
KEY = "enw_live-test-key"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Installation:
    """A data folder, a server and a consumer; on PostgreSQL with a database of its own, dropped by :meth:`stop`.

    ``env`` is added to the environment of all processes.
    """

    def __init__(self, folder: Path, **env: str) -> None:
        self.home = Home(folder)
        self.port = free_port()
        paths = f"{ROOT / 'src'}:{ROOT}"
        self.env = {**os.environ, "ENISHI_HOME": str(folder), "PYTHONPATH": paths, **env}
        self.server_url = self.env.get("DATABASE_URL", "")
        self.database = f"live_{secrets.token_hex(6)}" if self.server_url else ""
        if self.database:
            self.env["DATABASE_URL"] = urlsplit(self.server_url)._replace(path=f"/{self.database}").geturl()
        self.log = folder.with_suffix(".log")
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _run(self, *arguments: str) -> None:
        subprocess.run([sys.executable, *arguments], check=True, cwd=ROOT, env=self.env)

    def _ask_server(self, command: str) -> None:
        import psycopg

        with psycopg.connect(self.server_url, autocommit=True) as server:
            server.execute(f"{command} {self.database}")  # a name of ours

    def prepare(self) -> None:
        self.home.prepare()
        if self.database:
            self._ask_server("CREATE DATABASE")
        else:
            begin(self.home.root)
        self._run("-m", "tests.live.prepare", KEY)

    def _start(self, name: str, *arguments: str) -> None:
        with self.log.open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, *arguments], cwd=ROOT, env=self.env, stdout=log, stderr=log
            )

    def start_server(self, wait: bool = True) -> None:
        self._start(
            "server", "-m", "uvicorn", "enishi.web.asgi:application",
            "--port", str(self.port), "--log-level", "warning", "--no-access-log",
        )  # fmt: skip
        if wait:
            self.wait_ready()

    def start_consumer(self) -> None:
        self._start("consumer", "-m", "tests.live.consume")

    def wait_ready(self, timeout: float = 120.0) -> None:
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.url}/v1/ready", timeout=2)
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.03)
        raise TimeoutError(self.log.read_text())

    def kill(self, name: str) -> None:
        """kill -9."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for name in list(self.processes):
            process = self.processes.pop(name)
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self.database:
            self._ask_server("DROP DATABASE IF EXISTS")

    def wait_carried(self, timeout: float = 60.0) -> None:
        """Until everything in the inbox can be read: bodies leave it when they are published."""
        deadline = time.monotonic() + timeout
        while self._waiting():
            if time.monotonic() > deadline:
                raise TimeoutError(self.log.read_text()[-4000:])
            time.sleep(0.1)

    def _waiting(self) -> int:
        if url := self.env.get("DATABASE_URL"):
            import psycopg

            with psycopg.connect(url) as database:
                found = database.execute("SELECT count(*) FROM ingest_inboxbody").fetchone()
                return int(found[0]) if found else 0
        with closing(sqlite3.connect(self.home.inbox, timeout=20)) as inbox:
            return int(inbox.execute("SELECT count(*) FROM inbox").fetchone()[0])

    def query(self, table: str, select: str) -> list[tuple[object, ...]]:
        """Ask the published facts; ``{rows}`` stands for the table."""
        files = Published(self.home).files(table)
        return duckdb.sql(select.format(rows=f"read_parquet({files})")).fetchall() if files else []
