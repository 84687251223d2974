"""kill -9 in anger: ``python -m tests.crash --kills 60`` (``make crash``; the suite runs a short form).

Clients send batches over real HTTP and send each again until it is acknowledged, as SDKs do; some batches are
sent by two clients at once, and some once more after they were acknowledged. Meanwhile the server and the
consumer are killed at random moments and started again. In the end every acknowledged message must be stored
exactly once, in the events and in the counts.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import json
import random
import tempfile
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from tests.live.installation import KEY, Installation

_BATCH = 25
_AUTH = "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()


@dataclass
class Load:
    """Clients and what was acknowledged to them."""

    port: int
    seed: int
    stop: threading.Event = field(default_factory=threading.Event)
    acknowledged: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)
    resent: int = 0

    def client(self, number: int) -> None:
        chance = random.Random(self.seed * 100 + number)
        while not self.stop.is_set():
            ids, body = self._batch(chance)
            twin = threading.Thread(target=self._deliver, args=(ids, body)) if chance.random() < 0.1 else None
            if twin:
                twin.start()
            self._deliver(ids, body)
            if twin:
                twin.join()
            if chance.random() < 0.1:
                self._deliver(ids, body)

    def _batch(self, chance: random.Random) -> tuple[list[str], bytes]:
        ids = [str(uuid.UUID(int=chance.getrandbits(128))) for _ in range(_BATCH)]
        items = [
            {
                "type": "track",
                "messageId": message_id,
                "event": f"feature {chance.randrange(9)}",
                "userId": f"user {chance.randrange(200)}",
                "context": {"groupId": f"group {chance.randrange(40)}"},
                "properties": {"n": chance.randrange(1000)},
            }
            for message_id in ids
        ]
        return ids, json.dumps({"batch": items}).encode()

    def _deliver(self, ids: list[str], body: bytes) -> None:
        """Send until acknowledged."""
        while True:
            try:
                if self._post(body) == 200:
                    break
            except (OSError, http.client.HTTPException):
                pass
            self.resent += 1
            time.sleep(0.05)
        with self.lock:
            self.acknowledged.update(ids)

    def _post(self, body: bytes) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            headers = {"authorization": _AUTH, "content-type": "application/json"}
            connection.request("POST", "/v1/batch", body, headers)
            return connection.getresponse().status
        finally:
            connection.close()


@dataclass(frozen=True)
class Outcome:
    """What was counted in the end."""

    kills: int
    acknowledged: int
    stored: int
    distinct: int
    counted: int
    missing: int
    resent: int

    @property
    def is_exact(self) -> bool:
        return self.missing == 0 and self.acknowledged == self.stored == self.distinct == self.counted


def run(folder: Path, kills: int, seed: int, clients: int = 3, pause: float = 2.0) -> Outcome:
    """Kill ``kills`` times at random moments, then count."""
    installation = Installation(folder / "home")
    load = Load(installation.port, seed)
    threads = [threading.Thread(target=load.client, args=(number,)) for number in range(clients)]
    try:
        installation.prepare()
        installation.start_server()
        installation.start_consumer()
        for thread in threads:
            thread.start()
        _kill_at_random(installation, random.Random(seed), kills, pause)
        load.stop.set()
        installation.wait_ready()
        for thread in threads:
            thread.join()
        installation.wait_carried()
    finally:
        load.stop.set()
        installation.stop()
    return _count(installation, load, kills)


def _kill_at_random(installation: Installation, chance: random.Random, kills: int, pause: float) -> None:
    for _ in range(kills):
        time.sleep(chance.uniform(0.05, 2 * pause))
        for name in chance.choice((["server"], ["consumer"], ["consumer"], ["server", "consumer"])):
            installation.kill(name)
            if name == "server":
                installation.start_server(wait=False)
            else:
                installation.start_consumer()


def _count(installation: Installation, load: Load, kills: int) -> Outcome:
    ids = [str(row[0]) for row in installation.query("events", "SELECT message_id FROM {rows}")]
    usage = installation.query("usage", "SELECT sum(n) FROM {rows}")
    counted = int(str(usage[0][0])) if usage else 0
    missing = len(load.acknowledged - set(ids))
    return Outcome(kills, len(load.acknowledged), len(ids), len(set(ids)), counted, missing, load.resent)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="enishi-crash-") as folder:
        outcome = run(Path(folder), options.kills, options.seed)
    print(f"seed {options.seed}: {outcome}")
    raise SystemExit(0 if outcome.is_exact else 1)


if __name__ == "__main__":
    main()
