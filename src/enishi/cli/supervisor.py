"""Keeps several processes running as one service: starts them, restarts what dies, stops all together."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

log = logging.getLogger("enishi.serve")

FIRST_WAIT = 1.0
LONGEST_WAIT = 30.0
SOUND_AFTER = 60.0  # a process that ran this long has started well: the next wait is short again
GRACE = 15.0  # for a clean end, before a process is killed
PARENT = "ENISHI_SUPERVISOR"  # the supervisor's process number, told to the children


@dataclass
class Child:
    """One process of the service and how it has fared."""

    name: str
    arguments: Sequence[str]
    delay: float = 0.0  # seconds after the others, so that the pages are there first
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    wait: float = FIRST_WAIT
    due: float = 0.0
    restarts: int = 0

    def start(self, environment: dict[str, str]) -> None:
        # A session of its own: Ctrl-C reaches the supervisor alone, which then ends the children in order.
        self.process = subprocess.Popen(self.arguments, env=environment, start_new_session=True)
        self.started = time.monotonic()

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def note_end(self, now: float) -> None:
        """Plan the restart: soon at first, later and later while it keeps dying at once."""
        if now - self.started > SOUND_AFTER:
            self.wait = FIRST_WAIT
        self.due, self.wait = now + self.wait, min(self.wait * 2, LONGEST_WAIT)
        self.process, self.restarts = None, self.restarts + 1

    def signal(self, number: int) -> None:
        if self.process is not None and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(number)


@dataclass
class Supervisor:
    """Runs children until :meth:`stop`. ``announce`` is called once, when all have been started."""

    children: list[Child]
    announce: Callable[[], None] = lambda: None
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Start everything, watch it, and end it in the reverse order when told to stop."""
        environment = {**os.environ, PARENT: str(os.getpid())}
        for child in self.children:
            if child.delay:
                child.due = time.monotonic() + child.delay
            else:
                child.start(environment)
        self.announce()
        try:
            while not self.stopping.wait(0.3):
                for child in self.children:
                    self._watch(child, environment)
        finally:
            self._end()

    def _watch(self, child: Child, environment: dict[str, str]) -> None:
        now = time.monotonic()
        if child.process is not None and (code := child.process.poll()) is not None:
            child.note_end(now)
            log.error("%s ended with %s; starting it again in %.0f s", child.name, code, child.due - now)
        elif child.process is None and now >= child.due:
            child.start(environment)
            if child.restarts:
                log.info("%s started again (restart %d)", child.name, child.restarts)

    def stop(self) -> None:
        self.stopping.set()

    def _end(self) -> None:
        """Web first, so that nothing new is accepted; then those that carry on what was accepted."""
        for child in self.children:
            child.signal(signal.SIGTERM)
            _wait(child, GRACE)
        for child in self.children:
            if child.is_running():
                log.warning(
                    "%s did not end in %.0f s and is killed; nothing acknowledged is lost", child.name, GRACE
                )
                child.signal(signal.SIGKILL)
                _wait(child, GRACE)


def _wait(child: Child, seconds: float) -> None:
    if child.process is not None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.process.wait(seconds)


def stop_on_signals(stop: Callable[[], None]) -> None:
    """SIGINT and SIGTERM end the service in good order."""

    def handle(number: int, frame: object) -> None:
        stop()

    signal.signal(signal.SIGINT, handle)
    signal.signal(signal.SIGTERM, handle)


def end_with_supervisor() -> None:
    """In a child: end when the supervisor is gone, however it went."""
    parent = int(os.environ.get(PARENT) or 0)
    if not parent:
        return

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        log.warning("the supervisor is gone; ending")
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE)
        os._exit(1)

    threading.Thread(target=watch, name="supervisor-watch", daemon=True).start()
