"""How long until a sent event can be read: ``python -m tests.bench.bench_visible``.

A server and a consumer run; 1,000 events a second arrive in batches of 100. Probes are sent among them, and a reader
looks for each in the published facts, as the account page does.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from tests.bench.bench_ingest import _AUTH, make_bodies
from tests.live.installation import Installation

_LOOK_SECONDS = 0.1


def _post(installation: Installation, path: str, body: bytes) -> None:
    request = urllib.request.Request(installation.url + path, body, {"Authorization": _AUTH})
    urllib.request.urlopen(request, timeout=20).read()


def _load(installation: Installation, rate: int, stop: threading.Event) -> None:
    bodies = make_bodies(200, 100)
    started, sent = time.monotonic(), 0
    while not stop.is_set():
        # The ids repeat after 200 bodies unless each round names its own.
        body = bodies[sent % 200].replace(b'"messageId": "', f'"messageId": "{sent // 200}-'.encode())
        _post(installation, "/v1/batch", body)
        sent += 1
        stop.wait(max(0.0, started + sent * 100 / rate - time.monotonic()))


def _wait_visible(installation: Installation, name: str) -> None:
    while not installation.query("users", f"SELECT 1 FROM {{rows}} WHERE user_id = '{name}'"):
        time.sleep(_LOOK_SECONDS)


def _probe(installation: Installation, name: str) -> float:
    started = time.monotonic()
    _post(installation, "/v1/track", json.dumps({"event": "probe", "userId": name}).encode())
    _wait_visible(installation, name)
    return time.monotonic() - started


def run(probes: int = 30, rate: int = 1000) -> list[float]:
    """Seconds from sending to reading, one for each probe."""
    waits: list[float] = []
    with tempfile.TemporaryDirectory(prefix="enishi-bench-") as folder:
        installation = Installation(Path(folder) / "home")
        installation.prepare()
        installation.start_server()
        installation.start_consumer()
        stop = threading.Event()
        load = threading.Thread(target=_load, args=(installation, rate, stop))
        load.start()
        try:
            _probe(installation, "first")  # the consumer has started, and made accounts of the load's groups
            for number in range(probes):
                waits.append(_probe(installation, f"probe-{number}"))
        finally:
            stop.set()
            load.join()
            installation.stop()
    return waits


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--probes", type=int, default=30)
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    waits = run(options.probes, options.rate)
    p95 = statistics.quantiles(waits, n=20)[-1]
    if options.json:
        print(json.dumps({"rate": options.rate, "median_s": statistics.median(waits), "p95_s": p95}))
        return
    print(
        f"from POST to readable at {options.rate:,} events/s: median {statistics.median(waits):.2f} s, "
        f"p95 {p95:.2f} s (aim: under 10 s)"
    )


if __name__ == "__main__":
    main()
