"""A backup taken while events pour in holds everything acknowledged before it, once; restoring is all or nothing."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from tests.template import begin, on_server

COUNT = "import json,sys; from enishi.store.api import Published; from enishi.kit.home import Home; import pyarrow.parquet as pq; " \
    "ids=[i for f in Published(Home.from_environment()).files('events') for i in pq.read_table(f)['message_id'].to_pylist()]; " \
    "print(json.dumps(sorted(ids)))"  # fmt: skip
DRAIN = "from enishi.cli.installation import open_installation as o; h=o(); from enishi.ingest.api import drain; drain(h)"
POUR = """
import sys, time
from enishi.cli.installation import open_installation
home = open_installation()
from enishi.ingest.api import accept_events, event_message
from enishi.kit.clock import system_clock
number = 0
while True:
    now = system_clock()
    part = [event_message(occurred_at=now, event="e", account="A", user="u", message_id=f"m{number + k}") for k in range(20)]
    accept_events(part, source="pour", home=home, now=now)
    number += 20
    print(number, flush=True)
    time.sleep(0.01)
"""


class Installation:
    """A data folder, and a database of its own where the suite runs on PostgreSQL."""

    def __init__(self, folder: Path, migrated: bool = False) -> None:
        self.folder = folder
        self.environment = {**os.environ, "ENISHI_HOME": str(folder), "ENISHI_LANG": "en"}
        self.database = ""
        if url := os.environ.get("DATABASE_URL"):
            self.database = f"backup_{uuid.uuid4().hex[:12]}"
            with psycopg.connect(url, autocommit=True) as server:
                like = on_server(url) if migrated else "template1"
                server.execute(f"CREATE DATABASE {self.database} TEMPLATE {like}")
            self.environment["DATABASE_URL"] = urlsplit(url)._replace(path=f"/{self.database}").geturl()
        elif migrated:
            begin(folder)

    def run(self, *arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "enishi.cli.main", *arguments],
            env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def python(self, script: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", script], env=self.environment, capture_output=True, text=True, check=True
        ).stdout

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *arguments], env=self.environment, stdout=subprocess.PIPE, text=True
        )

    def drop(self) -> None:
        if self.database:
            with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
                server.execute(f"DROP DATABASE {self.database} WITH (FORCE)")


@pytest.fixture
def first(tmp_path: Path) -> Iterator[Installation]:
    installation = Installation(tmp_path / "first", migrated=True)
    installation.run("init")
    yield installation
    installation.drop()


@pytest.fixture
def second(tmp_path: Path) -> Iterator[Installation]:
    installation = Installation(tmp_path / "second")
    yield installation
    installation.drop()


def read_numbers(pour: subprocess.Popen[str], upto: int) -> int:
    assert pour.stdout is not None
    number = 0
    while number < upto:
        number = int(pour.stdout.readline())
    return number


def end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    process.wait(40)
    if process.stdout is not None:
        process.stdout.close()


@pytest.mark.slow
@pytest.mark.both
def test_a_backup_under_load_holds_all_that_was_acknowledged(
    first: Installation, second: Installation, tmp_path: Path
) -> None:
    file = tmp_path / "backup.tar.gz"
    consumer = first.start("-m", "enishi.cli.main", "serve", "--only", "consumer")
    pour = first.start("-c", POUR)
    try:
        acknowledged = read_numbers(pour, 400)
        said = json.loads(first.run("backup", str(file), "--json"))
        read_numbers(pour, acknowledged + 200)
    finally:
        for process in (pour, consumer):
            end(process)
    assert said["bytes"] == file.stat().st_size
    assert file.stat().st_mode & 0o077 == 0
    second.run("restore", str(file))
    second.python(DRAIN)
    ids = json.loads(second.python(COUNT))
    assert len(ids) == len(set(ids))
    assert {f"m{n}" for n in range(acknowledged)} <= set(ids)
    after = "from enishi.cli.installation import open_installation as o; h=o(); from enishi.ingest.api import accept_events as a, drain, event_message as m; " \
        "from enishi.kit.clock import system_clock as c; a([m(occurred_at=c(), event='e', account='A', user='u', message_id=i) for i in ('m0', 'new')], source='t', home=h, now=c()); drain(h)"  # fmt: skip
    second.python(after)
    again = json.loads(second.python(COUNT))
    assert sorted([*ids, "new"]) == again, "a new event is taken, a known one is not counted twice"


@pytest.mark.slow
@pytest.mark.both
def test_restoring_refuses_what_it_must(first: Installation, second: Installation, tmp_path: Path) -> None:
    file = tmp_path / "b.tar.gz"
    (first.folder / "uploads" / "note.txt").write_text("kept")
    first.run("backup", str(file))
    first.run("backup", str(file), code=1)
    assert json.loads(first.run("restore", str(file), "--json", code=1))["error"] == "not_empty"
    cut = tmp_path / "cut.tar.gz"
    cut.write_bytes(file.read_bytes()[:-2000])
    assert json.loads(second.run("restore", str(cut), "--json", code=1))["error"] == "bad_backup"
    assert (
        json.loads(second.run("restore", str(changed(file, tmp_path)), "--json", code=1))["error"]
        == "bad_backup"
    )
    assert not second.folder.exists()
    first.run("restore", str(file), "--force")
    assert (first.folder / "uploads" / "note.txt").read_text() == "kept"
    (aside,) = first.folder.parent.glob("first.before-restore-*")
    assert (aside / "secret.key").exists()
    before = json.loads(first.run("member", "list", "--json"))
    assert [member["role"] for member in before] == ["admin"]


def changed(file: Path, folder: Path) -> Path:
    """The same archive with one byte of the upload changed."""
    target = folder / "changed.tar.gz"
    with tarfile.open(file) as old, tarfile.open(target, "w:gz") as new:
        for member in old:
            content = old.extractfile(member).read()  # type: ignore[union-attr]
            new.addfile(member, io.BytesIO(b"Kept" if content == b"kept" else content))
    return target


@pytest.mark.slow
@pytest.mark.both
def test_the_service_restarts_what_dies_and_ends_in_good_order(first: Installation) -> None:
    import socket
    import urllib.request

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    service = first.start("-m", "enishi.cli.main", "serve", "--port", str(port))

    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def wait_until(answering: bool) -> None:
        deadline = time.monotonic() + 60
        while answers() != answering:
            assert time.monotonic() < deadline
            time.sleep(0.2)

    try:
        wait_until(True)
        web = children(service.pid, "web")
        os.kill(web, 9)
        wait_until(False)
        wait_until(True)
        assert children(service.pid, "web") != web
    finally:
        end(service)
    assert service.returncode == 0
    assert not answers()


def children(parent: int, name: str) -> int:
    """The process number of a part of the service, by its command line."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                said = (folder / "cmdline").read_bytes().split(b"\0")
                status = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if name.encode() in said and int(status[1]) == parent:
                return int(folder.name)
    raise AssertionError(f"{name} is not running")
