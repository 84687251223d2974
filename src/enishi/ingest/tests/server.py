"""The way in, called as an ASGI server calls it."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from enishi.ingest.asgi import IngestApp
from enishi.ingest.contracts import Channel
from enishi.ingest.keys import Key, KeyRing
from enishi.ingest.models import hash_key
from enishi.store.contracts import Body, InboxStorage, NewBody

KEY = "enw_test"


@dataclass
class MemoryInbox:
    """An inbox that forgets, and fails when told to."""

    bodies: list[NewBody] = field(default_factory=list)
    error: Exception | None = None

    def append(self, bodies: Sequence[NewBody]) -> None:
        if self.error:
            raise self.error
        self.bodies.extend(bodies)

    def take(self, after: int, max_bytes: int) -> list[Body]:
        return [Body(number, *body) for number, body in enumerate(self.bodies, 1)][after:]

    def forget(self, upto: int) -> None: ...

    def last_waiting(self) -> int:
        return len(self.bodies)

    def last_number(self) -> int:
        return len(self.bodies)

    def continue_from(self, number: int) -> None: ...

    def scrub(self) -> None: ...


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def basic(key: str = KEY) -> str:
    return "Basic " + base64.b64encode(f"{key}:".encode()).decode()


def key_ring(**changes: Any) -> KeyRing:
    return KeyRing(lambda: {hash_key(KEY): Key(1, Channel("app", **changes))}, lambda used: None)


async def _inner(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": b"inner"})


def make_app(storage: InboxStorage, keys: KeyRing | None = None) -> IngestApp:
    return IngestApp(_inner, lambda: storage, keys or key_ring(), lambda: 1_773_000_000_000_000_000)


def call(
    app: IngestApp,
    path: str,
    body: Any = b"",
    *,
    method: str = "POST",
    headers: dict[str, str] | None = None,
    pieces: int = 1,
) -> Answer:
    """One request; ``body`` is bytes or something to be written as JSON."""
    return asyncio.run(_call(app, path, body, method, {"authorization": basic(), **(headers or {})}, pieces))


async def _call(
    app: IngestApp, path: str, body: Any, method: str, headers: dict[str, str], pieces: int
) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    size = max(1, -(-len(content) // pieces))
    parts = [content[start : start + size] for start in range(0, len(content), size)] or [b""]
    messages = [
        {"type": "http.request", "body": part, "more_body": place < len(parts) - 1}
        for place, part in enumerate(parts)
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> Any:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "path": path,
        "method": method,
        "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items() if v],
    }
    await app(scope, receive, send)
    await app.close()
    start = sent[0]
    return Answer(
        start["status"],
        {name.decode(): value.decode() for name, value in start["headers"]},
        b"".join(message.get("body", b"") for message in sent[1:]),
    )
