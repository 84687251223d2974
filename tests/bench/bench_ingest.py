"""Ingest against what the machine can do: ``python -m tests.bench.bench_ingest``.

Peers, measured in the same run: a bare loop that decodes the same bodies with msgspec and appends them to a file with
fdatasync after each (and, a harder measure, after every 16, as many as wait for one commit of ours at most); and a
plain Django view that inserts one row for each event. The route under test runs in uvicorn with the real inbox and
answers after the commit. Both servers get the same requests over the same number of connections; requests come over
loopback from another process, and their cost is part of the measurement.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from tests.live.installation import KEY, ROOT, Installation

DAY = datetime(2026, 3, 10, 12, tzinfo=UTC)
CONNECTIONS = 16  # of both servers

BARE = "bare loop, fdatasync after each body of 100"
GROUPED = f"bare loop, fdatasync after every {CONNECTIONS} bodies"
DECODE = "decoding alone"
BATCH = "/v1/batch, 100 events a body, durable"
TRACK = "/v1/track, one event a body, durable"
PLAIN = "plain Django view, one insert each, durable"
CARRY = "consumer, inbox to published Parquet"

_AUTH = "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()


@dataclass(frozen=True)
class Rate:
    """Events a second of one way, with the process time of the server an event in microseconds."""

    name: str
    events: int
    seconds: float
    cpu: float

    @property
    def per_second(self) -> float:
        return self.events / self.seconds

    @property
    def cpu_us(self) -> float:
        return self.cpu / self.events * 1e6


def make_bodies(count: int, size: int, seed: int = 1, when: datetime = DAY) -> list[bytes]:
    """Batches of realistic events, about 330 bytes each, of the hour before ``when``."""
    chance = random.Random(seed)
    return [
        json.dumps({"batch": [_event(chance, when) for _ in range(size)], "sentAt": _text(when)}).encode()
        for _ in range(count)
    ]


def _text(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%S}.000Z"


def _event(chance: random.Random, when: datetime = DAY) -> dict[str, object]:
    user = chance.randrange(20_000)
    return {
        "type": "track",
        "messageId": str(uuid.UUID(int=chance.getrandbits(128))),
        "event": f"Feature {chance.randrange(40)} Used",
        "userId": f"user-{user}",
        "timestamp": _text(when - timedelta(seconds=chance.randrange(3600))),
        "context": {
            "groupId": f"account-{user % 1000}",
            "library": {"name": "bench", "version": "1"},
        },
        "properties": {"plan": "standard", "items": chance.randrange(100), "title": "四半期レポート"},
    }


class _Typed(msgspec.Struct):
    type: str
    messageId: str
    event: str
    userId: str
    timestamp: str
    context: dict[str, object]
    properties: msgspec.Raw


class _Batch(msgspec.Struct):
    batch: list[_Typed]


def bare_loop(name: str, bodies: list[bytes], size: int, folder: Path, together: int = 1) -> Rate:
    """Decode and append, fdatasync after every ``together`` bodies, nothing else."""
    decode = msgspec.json.Decoder(_Batch).decode
    handle = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
    started, cpu = time.perf_counter(), time.process_time()
    for number, body in enumerate(bodies, 1):
        decode(body)
        os.write(handle, body)
        if number % together == 0:
            os.fdatasync(handle)
    os.fdatasync(handle)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    os.close(handle)
    return Rate(name, len(bodies) * size, seconds, cpu)


async def _client(port: int, path: str, requests: list[bytes], pipes: int) -> None:
    queue = list(reversed(requests))

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while queue:
            body = queue.pop()
            writer.write(
                f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {_AUTH}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n".encode()
                + body
            )
            head = await reader.readuntil(b"\r\n\r\n")
            if b" 200 " not in head[:20]:
                raise RuntimeError(head.decode())
            size = next(
                int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"content-length" in line
            )
            await reader.readexactly(size)
        writer.close()

    await asyncio.gather(*(one() for _ in range(pipes)))


def _send(port: int, path: str, bodies: list[bytes], pipes: int) -> float:
    started = time.perf_counter()
    asyncio.run(_client(port, path, bodies, pipes))
    return time.perf_counter() - started


def _cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def decoding(bodies: list[bytes], size: int) -> Rate:
    """Nothing but decoding the same bodies: what the consumer is held against."""
    started, before = time.perf_counter(), time.process_time()
    for body in bodies:
        msgspec.json.decode(body)
    cpu = time.process_time() - before
    return Rate(DECODE, len(bodies) * size, time.perf_counter() - started, cpu)


def over_http(
    name: str, installation: Installation, path: str, bodies: list[bytes], size: int, pipes: int
) -> Rate:
    """The running server, fed over ``pipes`` connections."""
    pid = installation.processes["server"].pid
    _send(installation.port, path, bodies[:5], 1)
    before = _cpu_of(pid)
    seconds = _send(installation.port, path, bodies[5:], pipes)
    return Rate(name, (len(bodies) - 5) * size, seconds, _cpu_of(pid) - before)


def consumer(installation: Installation, events: int) -> Rate:
    """Carrying what the inbox holds into published Parquet."""
    started = time.perf_counter()
    script = (
        "import os, resource, django; django.setup();"
        "from enishi.ingest.api import consume_once; from enishi.kit.home import Home;"
        "b = resource.getrusage(resource.RUSAGE_SELF); consume_once(Home.from_environment());"
        "u = resource.getrusage(resource.RUSAGE_SELF);"
        "print('used', u.ru_utime + u.ru_stime - b.ru_utime - b.ru_stime)"
    )
    env = {**installation.env, "DJANGO_SETTINGS_MODULE": "enishi.web.settings"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=env, cwd=ROOT, check=True, capture_output=True, text=True
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith("used "))
    return Rate(CARRY, events, time.perf_counter() - started, float(line.split()[1]))


def plain_view(folder: Path, ones: list[bytes]) -> Rate:
    """The plain Django view, over as many connections as ours."""
    peer = Installation(folder / "peer", DJANGO_SETTINGS_MODULE="tests.bench.plain_view")
    peer.home.prepare()
    peer._run("-c", "from tests.bench.plain_view import create_table; create_table()")
    peer._start("server", "-m", "uvicorn", "tests.bench.plain_view:application", "--port", str(peer.port), "--log-level", "warning", "--no-access-log")  # fmt: skip
    try:
        peer.wait_ready()
        return over_http(PLAIN, peer, "/v1/track", ones, 1, CONNECTIONS)
    finally:
        peer.stop()


def run(batches: int = 2000, singles: int = 3000) -> dict[str, Rate]:
    """All rates of one run by name."""
    with tempfile.TemporaryDirectory(prefix="enishi-bench-") as name:
        folder = Path(name)
        bodies = make_bodies(batches, 100)
        ones = [json.dumps(_event(random.Random(n))).encode() for n in range(singles)]
        rates = [
            bare_loop(BARE, bodies, 100, folder),
            bare_loop(GROUPED, bodies, 100, folder, CONNECTIONS),
            decoding(bodies, 100),
        ]
        installation = Installation(folder / "home")
        installation.prepare()
        installation.start_server()
        try:
            rates.append(over_http(BATCH, installation, "/v1/batch", bodies, 100, CONNECTIONS))
            rates.append(over_http(TRACK, installation, "/v1/track", ones, 1, CONNECTIONS))
        finally:
            installation.stop()
        rates.append(consumer(installation, batches * 100 + singles))
        rates.append(plain_view(folder, ones[:1000]))
    return {rate.name: rate for rate in rates}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=2000)
    parser.add_argument("--singles", type=int, default=3000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rates = run(options.batches, options.singles)
    ratios = {
        f"{BATCH} / {BARE} (aim: at least 0.40)": rates[BATCH].per_second / rates[BARE].per_second,
        f"{BATCH} / {GROUPED}": rates[BATCH].per_second / rates[GROUPED].per_second,
        f"{TRACK} / {PLAIN} (aim: at least 10)": rates[TRACK].per_second / rates[PLAIN].per_second,
        f"CPU of {CARRY} / {DECODE}": rates[CARRY].cpu_us / rates[DECODE].cpu_us,
    }
    if options.json:
        told = {name: {"per_second": rate.per_second, "cpu_us": rate.cpu_us} for name, rate in rates.items()}
        print(json.dumps({"connections": CONNECTIONS, "rates": told, **ratios}))
        return
    print(f"{'way':<56}{'events/s':>12}{'CPU µs/event':>15}")
    for rate in rates.values():
        print(f"{rate.name:<56}{rate.per_second:>12,.0f}{rate.cpu_us:>15.1f}")
    for name, ratio in ratios.items():
        print(f"{name}: {ratio:.2f}")


if __name__ == "__main__":
    main()
