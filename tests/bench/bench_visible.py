"""How long until a sent event stands on the account page: ``python -m tests.bench.bench_visible``.

The whole service runs as ``enishi serve`` starts it (web, consumer, worker). 1,000 events a second arrive in batches of
100, of 20,000 users of 1,000 accounts. Among them probes are sent, each by a user never seen before, and a signed-in
member opens the usage of the account over HTTP, again and again, until the new user stands there.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench.bench_ingest import _AUTH, _cpu_of, make_bodies
from tests.live.installation import ROOT, Installation

LOOK_SECONDS = 0.25
GROUP = "account-7"  # one of the load's
PATIENCE = 120.0

SIGN_IN = """
import django; django.setup()
from django.test import Client
from enishi.accounts.models import Member
client = Client(headers={"host": "localhost"})
client.force_login(Member.objects.create(email="reader@bench.example", role="manager", scope="all"))
print("cookie", "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items()))
"""
FIND = """
import sys, django; django.setup()
from enishi.accounts.models import OutsideId
print("account", OutsideId.objects.get(value=sys.argv[1], target="account").account_id)
"""


@dataclass
class Found:
    """What one run saw."""

    waits: list[float] = field(default_factory=list)  # from POST to the page, per probe
    pages: list[float] = field(default_factory=list)  # one opening of the page
    sent: int = 0
    seconds: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)  # share of a core, per process of the service


class Load(threading.Thread):
    """Batches at a steady rate until stopped."""

    def __init__(self, installation: Installation, rate: int) -> None:
        super().__init__()
        self.installation, self.rate, self.sent = installation, rate, 0
        self.bodies = make_bodies(200, 100, when=datetime.now(UTC))
        self.ended = threading.Event()

    def run(self) -> None:
        started = time.monotonic()
        while not self.ended.is_set():
            rounds, place = divmod(self.sent, len(self.bodies))
            # The ids repeat after 200 bodies unless each round names its own.
            body = self.bodies[place].replace(b'"messageId": "', f'"messageId": "{rounds}-'.encode())
            _post(self.installation, "/v1/batch", body)
            self.sent += 1
            self.ended.wait(max(0.0, started + self.sent * 100 / self.rate - time.monotonic()))


def _post(installation: Installation, path: str, body: bytes) -> None:
    request = urllib.request.Request(installation.url + path, body, {"Authorization": _AUTH})
    urllib.request.urlopen(request, timeout=60).read()


def _script(installation: Installation, script: str, *arguments: str) -> str:
    """The last words a script of the installation prints."""
    env = {**installation.env, "DJANGO_SETTINGS_MODULE": "enishi.web.settings"}
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, env=env, cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()[-1].partition(" ")[2]


def _probe(page: urllib.request.Request, installation: Installation, name: str, found: Found) -> None:
    started = time.monotonic()
    event = {"event": "Feature 1 Used", "userId": name, "context": {"groupId": GROUP}}
    _post(installation, "/v1/track", json.dumps(event).encode())
    while time.monotonic() - started < PATIENCE:
        opened = time.monotonic()
        with urllib.request.urlopen(page, timeout=60) as answer:
            text = answer.read().decode()
        found.pages.append(time.monotonic() - opened)
        if f"{name}<" in text:
            found.waits.append(time.monotonic() - started)
            return
        time.sleep(LOOK_SECONDS)
    raise TimeoutError(f"{name} never came to {page.full_url}")


def _parts(supervisor: int) -> dict[str, int]:
    """The processes of the service by name."""
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    named = {int(pid): Path(f"/proc/{pid}/cmdline").read_text() for pid in children}
    parts = ("web", "consumer", "worker")
    return {part: pid for pid, words in named.items() for part in parts if f"\0{part}\0" in f"{words}\0"}


def _measure(installation: Installation, probes: int, rate: int) -> Found:
    found, load = Found(), Load(installation, rate)
    cookie = _script(installation, SIGN_IN)
    load.start()
    try:
        time.sleep(15)  # the load's accounts have been made, and the service has warmed up
        number = _script(installation, FIND, GROUP)
        address = f"{installation.url}/accounts/{number}/panel/usage/"
        page = urllib.request.Request(address, headers={"Cookie": cookie})
        _probe(page, installation, "probe-first", Found())
        parts = _parts(installation.processes["server"].pid)
        before, sent, started = (
            {name: _cpu_of(pid) for name, pid in parts.items()},
            load.sent,
            time.monotonic(),
        )
        for one in range(probes):
            _probe(page, installation, f"probe-{one}-", found)
        found.seconds, found.sent = time.monotonic() - started, (load.sent - sent) * 100
        found.cpu = {name: (_cpu_of(pid) - before[name]) / found.seconds for name, pid in parts.items()}
    finally:
        load.ended.set()
        load.join()
    return found


def run(probes: int = 30, rate: int = 1000) -> Found:
    """Seconds from sending to reading, one for each probe, and what the service used meanwhile."""
    with tempfile.TemporaryDirectory(prefix="enishi-bench-") as folder:
        installation = Installation(Path(folder) / "home")
        installation.prepare()
        installation._start("server", "-m", "enishi.cli.main", "serve", "--port", str(installation.port))
        try:
            installation.wait_ready()
            return _measure(installation, probes, rate)
        finally:
            installation.stop()


def summary(found: Found, rate: int) -> dict[str, Any]:
    """What is told of a run."""
    return {
        "rate wanted": rate,
        "rate": found.sent / found.seconds,
        "median_s": statistics.median(found.waits),
        "p95_s": statistics.quantiles(found.waits, n=20)[-1],
        "worst_s": max(found.waits),
        "opening the page, median_s": statistics.median(found.pages),
        **{f"share of a core, {name}": share for name, share in found.cpu.items()},
        "load of the machine": os.getloadavg()[0],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--probes", type=int, default=30)
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    told = summary(run(options.probes, options.rate), options.rate)
    if options.json:
        print(json.dumps(told))
        return
    print("from POST to the account page (aim: p95 under 10 s)")
    for name, value in told.items():
        print(f"{name:<32}{value:>10.2f}")


if __name__ == "__main__":
    main()
