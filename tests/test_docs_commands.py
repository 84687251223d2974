"""What the documents tell a reader to type works, in the order they tell it, in a folder of the reader's own."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import xlsxwriter

from tests.live.installation import KEY, Installation, free_port
from tests.test_docs import BLOCK, ROOT

pytestmark = pytest.mark.slow

ENISHI = ".venv/bin/enishi"
FETCHING = ("git", "cd")
"""Words that bring the program, of which this test is a part."""

SERVED = re.compile(r"http://127\.0\.0\.1:\d+|https://enishi\.example\.com")
SAMPLE = ["demo", "--accounts", "3", "--months", "3", "--no-score"]
PATIENCE = 120.0  # seconds; only a failure waits them out

MAKE_API_KEY = """
import django
django.setup()
from enishi.ingest.models import ApiKey
row = ApiKey(name="guide", scopes=["read:*", "write:*"])
print(row.assign())
row.save()
"""


def read_commands(document: Path) -> Iterator[str]:
    """Each command of the shell blocks in order; one whose quotes stay open goes on in the next line."""
    for language, block in BLOCK.findall(document.read_text(encoding="utf-8")):
        begun = ""
        for line in block.replace("\\\n", " ").splitlines() if language == "sh" else []:
            begun += line
            try:
                words = shlex.split(begun, comments=True)
            except ValueError:
                begun += "\n"
                continue
            if words:
                yield begun
            begun = ""
        assert not begun, f"{document.name} ends a block within a command"


def write_files(folder: Path) -> None:
    """The files the documents speak of: five customers of whom one left, with the rows the tutorial shows."""
    tutorial = (ROOT / "docs" / "getting-started.md").read_text(encoding="utf-8")
    (shown,) = [block for language, block in BLOCK.findall(tutorial) if language == "csv"]
    now, rows = datetime.now(UTC), shown.splitlines()
    for back in range(1, 200, 5):
        at = (now - timedelta(days=back)).isoformat()
        rows += [f"{at},C00{n},user-{n},report_exported,csv" for n in range(1, 6) if n < 5 or back > 90]
    (folder / "usage.csv").write_text("\n".join(rows), encoding="utf-8")
    customers = [
        ["id", "name"],
        *([f"C00{n}", f"Customer {n}"] for n in range(2, 6)),
        ["C001", "Some customer"],
    ]
    (folder / "customers.csv").write_text("\n".join(map(",".join, customers)), encoding="utf-8")
    with xlsxwriter.Workbook(folder / "customers.xlsx") as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(customers):
            sheet.write_row(number, 0, row)
    contracts = '契約ID,顧客コード,プラン,月額,開始日\nS1,C001,pro,"120,000円",2026年1月1日\n'
    (folder / "contracts.csv").write_bytes(contracts.encode("cp932"))
    # The tone is stated: were it read from the text, the service might do so before or after the scoring.
    tickets = "id,account,subject,opened_at,tone\nT1,C001,The export is slow,2026-11-02T10:00:00+09:00,-0.4\n"
    (folder / "tickets.csv").write_text(tickets, encoding="utf-8")


class Reader:
    """Somebody who types what a document says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{free_port()}"
        self.service: subprocess.Popen[bytes] | None = None
        program = folder / ENISHI
        program.parent.mkdir(parents=True)
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m enishi.cli.main "$@"\n')
        program.chmod(0o755)
        self.environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        self.environment["ENISHI_HOME"] = str(folder / "home")
        self.environment["PYTHONPATH"] = f"{ROOT / 'src'}{os.pathsep}{ROOT}"
        write_files(folder)

    def run(self, command: str, allowed: tuple[int, ...] = (0,), **environment: str) -> str:
        done = subprocess.run(
            command, shell=True, cwd=self.folder, env=self.environment | environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode in allowed, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def type(self, command: str) -> None:
        words = shlex.split(command, comments=True)
        if words[0] == "make":
            self._make(words)
        elif words[0] == "curl":
            asked = SERVED.sub(self.url, command.replace("YOUR_WRITE_KEY", KEY))
            self.run(f"{asked} --fail --silent --show-error")
        elif "serve" in words:
            self._serve(words)
        elif words[0] not in FETCHING:
            # There is something to look at: no backup was made yet.
            self.run(command, allowed=(0, 3) if "doctor" in words else (0,))

    def _make(self, words: list[str]) -> None:
        """The target is there; what it would leave is there too, with a smaller sample."""
        self.run(shlex.join(["make", "--directory", str(ROOT), "--dry-run", *words[1:]]))
        if words[1] == "run":
            self.run(shlex.join([ENISHI, *SAMPLE]))

    def _serve(self, words: list[str]) -> None:
        """Begin to serve, with a key as one is made in Setup, and go on as with a second terminal."""
        data = self.folder / words[words.index("--data") + 1]
        if self.service is None:
            self.run(shlex.join([sys.executable, "-m", "tests.live.prepare", KEY]), ENISHI_HOME=str(data))
        port = self.url.rpartition(":")[2]
        serve = [*words[: words.index("serve") + 1], "--port", port]
        with (self.folder / "serve.log").open("wb") as log:
            self.service = subprocess.Popen(
                serve, cwd=self.folder, env=self.environment, stdout=log, stderr=log
            )
        give_up = time.monotonic() + PATIENCE
        while not self._answers():
            assert self.service.poll() is None, (self.folder / "serve.log").read_text()
            assert time.monotonic() < give_up, (self.folder / "serve.log").read_text()
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=PATIENCE):
                return True
        except OSError:
            return False

    def leave(self) -> None:
        if self.service:
            self.service.terminate()
            self.service.wait(PATIENCE)


def test_what_a_newcomer_types_leads_to_an_explained_score(tmp_path: Path) -> None:
    """The tutorial from nothing; then the README, by somebody who has read the tutorial: it changes nothing."""
    reader, told = Reader(tmp_path), []
    for name in ("docs/getting-started.md", "README.md"):
        try:
            for command in read_commands(ROOT / name):
                reader.type(command)
            told.append(json.loads(reader.run(f"{ENISHI} --data my-data explain C001 --json")))
        finally:
            reader.leave()
    assert told[0] == told[1]
    assert told[0]["name"] == "Some customer"
    assert told[0]["tenths"] == sum(line["tenths"] for line in told[0]["lines"]) > 0


@pytest.mark.parametrize("guide", ["send-events", "use-the-rest-api"])
def test_the_requests_of_the_guides_are_accepted(guide: str, tmp_path: Path) -> None:
    live = Installation(tmp_path / "data", DATABASE_URL="", DJANGO_SETTINGS_MODULE="enishi.web.settings")
    try:
        live.prepare()
        made = subprocess.run(
            [sys.executable, "-c", MAKE_API_KEY],
            cwd=ROOT,
            env=live.env,
            capture_output=True,
            text=True,
            check=True,
        )
        live.start_server()
        sent = list(read_commands(ROOT / "docs" / "how-to" / f"{guide}.md"))
        for command in sent:
            asked = command.replace("enw_…", KEY).replace("ena_…", made.stdout.strip())
            asked = SERVED.sub(live.url, asked) + " --fail-with-body --silent --show-error"
            done = subprocess.run(
                asked, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, f"{asked}\n{done.stdout}\n{done.stderr}"
    finally:
        live.stop()
    assert sent
