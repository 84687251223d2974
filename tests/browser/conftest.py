"""A real server with the cast, and a real Chromium that looks at it.

Each file of tests gets a server of its own with an untouched copy of the cast, living on the cast's day: what one
journey changes (a second factor, a lock-out, ended sessions) reaches no other file, and the calendar changes nothing.
Times to wait are long, since nothing waits them out but a failure.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.seed import SESSIONS
from tests.template import begin

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / "screenshots"
CHROMIUM = os.environ.get("ENISHI_CHROMIUM", "/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WIDTHS = {"phone": (390, 844), "desk": (1280, 800)}
LONGEST = (
    "test_sample_company.py",
    "test_every_page.py",
)  # files that two processes begin with, to end together
PATIENCE = 60.0  # seconds until a thing that does not happen is a failure, on a busy machine too


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.parent != Path(__file__).parent or item.path.name not in LONGEST)


@dataclass
class Server:
    """The running server: its address, its data folder, and the session of each member."""

    url: str
    home: Path
    sessions: dict[str, str]

    def ask(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Read the application database, as an operator would."""
        with sqlite3.connect(f"file:{self.home / 'app.sqlite3'}?mode=ro", uri=True) as connection:
            return connection.execute(sql, values).fetchall()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    give_up = time.monotonic() + 2 * PATIENCE
    while time.monotonic() < give_up:
        if process.poll() is not None:
            raise RuntimeError(f"the server stopped: {log.read_text()[-2000:]}")
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=PATIENCE):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the server does not answer: {log.read_text()[-2000:]}")


def _environment(home: Path, url: str) -> dict[str, str]:
    return {
        **os.environ,
        "ENISHI_HOME": str(home),
        "ENISHI_URL": url,
        "DATABASE_URL": "",
        "ENISHI_WATCH_ASSETS": "1",
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
    }


def run_module(name: str, home: Path) -> None:
    """Fill a data folder by a program of the tests."""
    begin(home)
    command = [sys.executable, "-m", name]
    subprocess.run(command, cwd=ROOT, env=_environment(home, "http://127.0.0.1"), check=True)


@contextmanager
def serving(home: Path, module: str, *arguments: str) -> Iterator[Server]:
    """A program that serves the data folder; the port it is to listen on is its last argument."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    log = home / "server.log"
    command = [sys.executable, "-m", module, *arguments, str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=_environment(home, url), stdout=output, stderr=output
        )
        try:
            _wait_for(url, process, log)
            yield Server(url, home, json.loads((home / SESSIONS).read_text()))
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE)


@pytest.fixture(scope="session")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder filled with the cast once; only copies of it are served."""
    home = tmp_path_factory.mktemp("cast")
    run_module("tests.browser.seed", home)
    return home


@pytest.fixture(scope="module")
def server(cast: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Uvicorn with a data folder of its own."""
    home = tmp_path_factory.mktemp("enishi") / "home"
    shutil.copytree(cast, home)
    with serving(home, "tests.browser.serve") as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.fail(f"There is no Chromium at {CHROMIUM}: install it, or set ENISHI_CHROMIUM.")
    expect.set_options(timeout=1000 * PATIENCE)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@dataclass
class Window:
    """A page under watch: everything the console or the network complains about is kept."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()

    def watch(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("requestfailed", self._failed)

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def _failed(self, request: Any) -> None:
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"request: {request.url} {request.failure}")

    def go(self, path: str) -> Page:
        self.page.goto(f"{self.url}{path}")
        self.settle()
        return self.page

    def settle(self) -> None:
        self.page.wait_for_selector("html[data-ready]")
        self.page.wait_for_load_state("networkidle")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()
        self.settle()


Open = Callable[..., Window]


@pytest.fixture
def open_window(server: Server, browser: Browser) -> Iterator[Open]:
    """``open_window(member="admin@…", language="ja", size="desk", dark=False)``: a window, signed in or not."""
    contexts: list[BrowserContext] = []
    windows: list[Window] = []

    def start(
        member: str = "", language: str = "ja", size: str = "desk", dark: bool = False, quiet: bool = False
    ) -> Window:
        width, height = WIDTHS[size]
        context = browser.new_context(
            viewport={"width": width, "height": height},
            locale="ja-JP" if language == "ja" else "en-GB",
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        context.set_default_timeout(1000 * PATIENCE)
        contexts.append(context)
        if member:
            session = {"name": "sessionid", "value": server.sessions[member], "url": server.url}
            context.add_cookies([session])
        window = Window(context.new_page(), server.url)
        window.watch()
        if not quiet:
            windows.append(window)
        if member:
            _speak(window, language)
        return window

    yield start
    complaints = [complaint for window in windows for complaint in window.complaints]
    for context in contexts:
        context.close()
    assert not complaints, "the browser complained: " + "; ".join(complaints)


def _speak(window: Window, language: str) -> None:
    """Set the member's language through the page, as a person does."""
    page = window.go("/me/")
    if page.locator("html").get_attribute("lang") != language:
        page.select_option("#id_language", language)
        page.locator("#profile form button.btn-primary").click()
        window.settle()
    assert page.locator("html").get_attribute("lang") == language
