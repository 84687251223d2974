"""Events of a file on their way into the inbox, each with an id that the same row gives again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from enishi.ingest.contracts import Channel, Origin, Refused
from enishi.ingest.decoding import circumstances
from enishi.ingest.items import read_item
from enishi.kit.clock import microseconds
from enishi.store.contracts import InboxStorage, NewBody
from enishi.store.kinds import DEFAULT_SYSTEM

_BODY_ITEMS = 1000
_BODY_BYTES = 400_000
_COMMIT_BYTES = 8 << 20
_ANY_NAME = f"row:{'0' * 32}"  # as long as the name a row gets

_encode = msgspec.json.Encoder(order="sorted").encode


def event_message(
    *,
    occurred_at: str | datetime,
    event: str,
    account: str = "",
    user: str = "",
    product: str = "",
    properties: Mapping[str, Any] | None = None,
    message_id: str = "",
) -> dict[str, Any]:
    """A row of an event file as a message of the protocol. Empty text means "none"."""
    context = {"groupId": account} if account else {}
    if product:
        context["product"] = product
    message: dict[str, Any] = {"type": "track", "event": event, "timestamp": _iso(occurred_at)}
    if user:
        message["userId"] = user
    if context:
        message["context"] = context
    if properties:
        message["properties"] = dict(properties)
    if message_id:
        message["messageId"] = message_id
    return message


def _iso(at: str | datetime) -> str:
    return at.isoformat() if isinstance(at, datetime) else at


@dataclass(slots=True)
class Accepted:
    """What became of a file's events.

    Args:
        count: accepted (repetitions included: they are dropped when carried).
        refused: position in the file's order, and why.
    """

    count: int = 0
    refused: list[tuple[int, Refused]] = field(default_factory=list)


class Identities:
    """Message ids from content: equal rows are told apart by their order among themselves."""

    def __init__(self, system: str) -> None:
        self.system = system
        self._once: set[int] = set()
        self._again: dict[int, int] = {}

    def name(self, message: Mapping[str, Any]) -> str:
        digest = hashlib.blake2b(self.system.encode() + b"\0" + _encode(message), digest_size=16).digest()
        short = int.from_bytes(digest[:8], "little")
        if short not in self._once:
            self._once.add(short)
            return f"row:{digest.hex()}"
        self._again[short] = count = self._again.get(short, 1) + 1
        return f"row:{digest.hex()}:{count}"


def accept_messages(
    inbox: InboxStorage,
    messages: Iterable[Mapping[str, Any]],
    *,
    source: str,
    now: datetime,
    backfill: bool,
    system: str = DEFAULT_SYSTEM,
    product: str = "",
    creates_accounts: bool = True,
    delivery: str = "",
) -> Iterator[Accepted]:
    """Check messages and put them into the inbox, streaming; yields the state so far after every commit.

    Args:
        messages: of the protocol (see :func:`event_message`); those without ``messageId`` get one from their
            content, so that the same file imported again changes nothing.
        source: shown as where the events came from.
        backfill: history: it counts as known when it happened.
        system: to which id space the user and group ids belong.
        creates_accounts: whether unknown groups become accounts.
        delivery: under which name the consumer counts what was new.
    """
    origin = Origin(
        source=source,
        system=system,
        product=product,
        creates_accounts=creates_accounts,
        backfill=backfill,
        delivery=delivery,
    )
    channel = Channel(source, product, system, creates_accounts)
    received_us = microseconds(now)
    names, result = Identities(system), Accepted()
    at = circumstances(origin, received_us, None, "file")

    def good() -> Iterator[bytes]:
        for position, message in enumerate(messages):
            full = message if message.get("messageId") else {**message, "messageId": names.name(message)}
            raw = msgspec.json.encode(full)
            try:
                read_item(raw, channel, at)
            except Refused as refused:
                # Without its traceback, which would keep the whole row alive.
                result.refused.append((position, refused.with_traceback(None)))
                continue
            result.count += 1
            yield raw

    for _size in append_bodies(inbox, _bodies(good()), origin, received_us):
        yield result
    yield result


def refusal_of(message: Mapping[str, Any], *, system: str, now: datetime) -> Refused | None:
    """Why the inbox would not take a message of a file; None if it would. Nothing is written."""
    received_us = microseconds(now)
    at = circumstances(Origin(system=system), received_us, None, "file")
    try:
        full = message if message.get("messageId") else {**message, "messageId": _ANY_NAME}
        read_item(msgspec.json.encode(full), Channel("", system=system), at)
    except Refused as refused:
        return refused.with_traceback(None)
    return None


def append_bodies(
    inbox: InboxStorage, bodies: Iterable[bytes], origin: Origin, received_us: int
) -> Iterator[int]:
    """Put bodies of the protocol into the inbox, a few megabytes a commit; yields the bytes of each commit.

    The bodies are taken as they are; an item that cannot be read is held at the rejects desk when it is carried.
    """
    text = origin.encode()
    waiting: list[NewBody] = []
    size = 0
    for body in bodies:
        waiting.append(NewBody(received_us, text, body))
        size += len(body)
        if size >= _COMMIT_BYTES:
            inbox.append(waiting)
            yield size
            waiting, size = [], 0
    if waiting:
        inbox.append(waiting)
        yield size


def _bodies(items: Iterator[bytes]) -> Iterator[bytes]:
    gathered: list[bytes] = []
    size = 0
    for item in items:
        gathered.append(item)
        size += len(item)
        if len(gathered) >= _BODY_ITEMS or size >= _BODY_BYTES:
            yield b'{"batch":[' + b",".join(gathered) + b"]}"
            gathered, size = [], 0
    if gathered:
        yield b'{"batch":[' + b",".join(gathered) + b"]}"
