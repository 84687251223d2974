"""An application and messages for tests of the consumer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from enishi.kit.clock import HandClock
from enishi.kit.home import Home
from enishi.store.columns import Events
from enishi.store.consumer import Consumer
from enishi.store.contracts import Body, Erasure, Event, NewBody, Unheard, Version, Withdrawal
from enishi.store.inbox import Inbox
from enishi.store.published import Published

START = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)


def us(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000)


def event(message_id: str, at: datetime = START, **changes: object) -> dict[str, object]:
    fields: dict[str, object] = {
        "message_id": message_id, "type": "track", "event": "report_opened", "product": "", "system": "product",
        "group": "acme", "user": "sato", "anonymous": "", "previous": "", "occurred_us": us(at),
        "received_us": us(START), "backfill": False, "properties": "{}", "source": "app",
        "stream": "stream-1",
    }  # fmt: skip
    return fields | changes


@dataclass
class FakeApplication:
    """Bodies are JSON lists of events as made by :func:`event`."""

    zone_name: str = "Asia/Tokyo"
    known: list[Version] = field(default_factory=list)
    told: list[Event] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    months: int | None = None
    to_erase: list[Erasure] = field(default_factory=list)
    to_withdraw: list[Withdrawal] = field(default_factory=list)
    taken_back: list[tuple[int, list[str]]] = field(default_factory=list)
    done: list[tuple[int, int]] = field(default_factory=list)
    arrivals: dict[str, int] = field(default_factory=dict)
    aside: list[Event | Body] = field(default_factory=list)
    known_streams: dict[str, str] = field(default_factory=lambda: {"app": "stream-1"})

    def decode(self, bodies: Sequence[Body]) -> Events:
        return Events(Event(**item) for body in bodies for item in json.loads(body.body))

    def is_passing(self, error: Exception) -> bool:
        return False

    def set_aside(self, item: Event | Body, error: Exception) -> None:
        self.aside.append(item)

    def streams(self) -> dict[str, str]:
        return self.known_streams

    def accept(self, events: Sequence[Event], groups: Sequence[Event]) -> None:
        self.told.extend(events)
        self.groups.extend(event.group for event in groups)

    def arrived(self, fresh: Mapping[str, int]) -> None:
        self.arrivals.update(fresh)

    def versions(self, after: int, limit: int) -> list[Version]:
        return [version for version in self.known if version.version_id > after][:limit]

    def last_version(self) -> int:
        return self.known[-1].version_id if self.known else 0

    def zone(self) -> str:
        return self.zone_name

    def raw_months(self) -> int | None:
        return self.months

    def erasures(self) -> list[Erasure]:
        return list(self.to_erase)

    def erased(self, erasure: Erasure, rows: int, blanked: int, traces: int) -> None:
        self.to_erase.remove(erasure)
        self.done.append((rows, blanked))

    def withdrawals(self) -> list[Withdrawal]:
        return list(self.to_withdraw)

    def withdrawn(self, withdrawal: Withdrawal, rows: int, unheard: Unheard) -> None:
        if withdrawal in self.to_withdraw:
            self.to_withdraw.remove(withdrawal)
            keys = [("product", name) for name in self.groups]
            self.taken_back.append((rows, sorted(name for _system, name in unheard(keys))))


class Bench:
    """One installation in a temporary folder, with a hand-turned clock."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder)
        self.home.prepare()
        self.inbox = Inbox(self.home)
        self.application = FakeApplication()
        self.clock = HandClock(START)

    def send(self, *events: dict[str, object]) -> None:
        self.inbox.append([NewBody(us(self.clock()), "test", json.dumps(events).encode())])

    def consumer(self) -> Consumer:
        consumer = Consumer(self.home, self.inbox, self.application, self.clock)
        assert consumer.try_open()
        return consumer

    def catch_up(self) -> Published:
        with self.consumer() as consumer:
            consumer.catch_up()
        return Published(self.home)

    def rows(self, table: str) -> list[dict[str, object]]:
        published = Published(self.home)
        tables = [pq.ParquetFile(path).read() for path in published.files(table)]
        return pa.concat_tables(tables).to_pylist() if tables else []
