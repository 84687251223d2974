"""The Segment protocol as a bare ASGI route in front of Django: ``/v1/*``.

An answer of 200 means that the body is on the disk. Everything else the protocol allows to be found out later
is found out by the consumer, which puts what it cannot understand on the rejects desk.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

from enishi.ingest.bodies import TooLarge, check_body, mend, unpack
from enishi.ingest.contracts import MAX_REQUEST, Origin
from enishi.ingest.keys import Key, KeyRing
from enishi.kit.errors import EnishiError
from enishi.kit.home import Home
from enishi.kit.text import Text
from enishi.store.contracts import InboxStorage, NewBody
from enishi.store.group_commit import GroupCommit

log = logging.getLogger("enishi.ingest")

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_SINGLE = ("track", "identify", "group", "page", "screen", "alias")
# The one-letter paths are what browser libraries post to.
ROUTES = {
    "/v1/batch": "batch",
    "/v1/b": "batch",
    "/v1/import": "import",
    **{f"/v1/{name}": name for name in _SINGLE},
    **{f"/v1/{name[0]}": name for name in _SINGLE},
}
PREFIX = "/v1/"

_OK = b'{"success":true}'
_JSON = (b"content-type", b"application/json; charset=utf-8")
_CORS = (b"access-control-allow-origin", b"*")
_PREFLIGHT = [
    _CORS,
    (b"access-control-allow-methods", b"POST, OPTIONS"),
    (
        b"access-control-allow-headers",  # RudderStack's browser library sends the anonymous id as a header, too
        b"authorization, content-type, content-encoding, x-requested-with, anonymousid",
    ),
    (b"access-control-max-age", b"86400"),
    (b"content-length", b"0"),
]


class NoKey(EnishiError):
    """The write key is missing, unknown or revoked."""

    status = 401

    def __init__(self) -> None:
        super().__init__(
            "unknown_write_key",
            Text(
                "The write key is missing, unknown or revoked.",
                "書き込みキーが指定されていないか、無効です。",
            ),
            Text(
                "Send it as the user name of Basic authentication, or as 'writeKey' in the body. Keys are made under Setup.",
                "Basic認証のユーザー名、または本文の「writeKey」で送ってください。キーは「設定」で発行できます。",
            ),
        )


class IngestApp:
    """ASGI: answers ``/v1/*`` itself and hands everything else on.

    Args:
        inner: the application behind (Django).
        storage: makes the inbox, on first use.
        keys: the write keys.
        clock_ns: nanoseconds since the epoch.
    """

    def __init__(
        self,
        inner: App,
        storage: Callable[[], InboxStorage],
        keys: KeyRing | None = None,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self.inner, self._storage, self._clock_ns = inner, storage, clock_ns
        self.keys = keys or KeyRing()
        self._commit: GroupCommit | None = None
        self._origins: dict[tuple[int, str], str] = {}
        self._refreshing: asyncio.Task[None] | None = None

    @property
    def commit(self) -> GroupCommit:
        if self._commit is None:
            self._commit = GroupCommit(self._storage())
        return self._commit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await self._answer(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await self.inner(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def close(self) -> None:
        """Store what waits and write last uses; call it before the server ends."""
        if self._commit is not None:
            await self._commit.close()
            self._commit = None
        await asyncio.to_thread(self._save_use)

    def _save_use(self) -> None:
        try:
            self.keys.save_now()
        except Exception:
            log.exception("the last use of write keys could not be saved")

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name: value for name, value in scope["headers"] if name in _WANTED}
        try:
            if scope["method"] == "OPTIONS":
                await _reply(send, 204, b"", _PREFLIGHT)
                return
            await self._take(scope, headers, receive)
            await _reply(send, 200, _OK, _OK_HEADERS)
        except EnishiError as error:
            await _refuse(send, error, headers)
        except ConnectionResetError:
            log.debug("the sender went away")
        except Exception:
            log.exception("unexpected failure while taking a body")
            await _refuse(send, _broken(), headers)

    async def _take(self, scope: Scope, headers: dict[bytes, bytes], receive: Receive) -> None:
        route = ROUTES.get(scope["path"].rstrip("/"))
        if route is None or scope["method"] != "POST":
            raise _wrong_way(scope["path"], found=route is not None)
        key = await self._header_key(headers)
        body = mend(unpack(await _read(receive, headers)))
        count, named = check_body(route, body)
        if key is None:
            key = await self._find_key(named)
        if count:
            await self.commit.put(NewBody(self._clock_ns() // 1000, self._origin(key, route), body))

    def _origin(self, key: Key, route: str) -> str:
        found = self._origins.get((key.number, route))
        if found is None:
            found = self._origins[key.number, route] = Origin(key=key.number, route=route).encode()
        return found

    async def _header_key(self, headers: dict[bytes, bytes]) -> Key | None:
        """The key of the Authorization header; None where there is no header."""
        given = headers.get(b"authorization")
        if given is None:
            return None
        scheme, _, value = given.partition(b" ")
        try:
            pair = base64.b64decode(value.strip(), validate=True) if scheme.lower() == b"basic" else value
            return await self._find_key(pair.decode().partition(":")[0])
        except (binascii.Error, UnicodeDecodeError):
            raise NoKey from None

    async def _find_key(self, text: str) -> Key:
        if self.keys.is_stale():
            await self._refresh()
        found = self.keys.find(text) if text else None
        if found is None and text and self.keys.may_retry():
            await self._refresh()
            found = self.keys.find(text)
        if found is None:
            raise NoKey
        return found

    async def _refresh(self) -> None:
        """Read the keys once for all requests that wait for them."""
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.ensure_future(asyncio.to_thread(self.keys.refresh))
        await asyncio.shield(self._refreshing)


def events_in_front(inner: App, home: Home | None = None) -> IngestApp:
    """The application a server runs: ``/v1/*`` here, everything else in ``inner``.

    Django must be set up before.
    """
    from enishi.ingest.inbox import inbox_of

    place = home or Home.from_environment()
    return IngestApp(inner, lambda: inbox_of(place))


_WANTED = frozenset((b"authorization", b"content-length", b"accept-language"))


async def _read(receive: Receive, headers: dict[bytes, bytes]) -> bytes:
    """The whole body, as long as it stays within the limit."""
    stated = headers.get(b"content-length", b"")
    if stated.isdigit() and int(stated) > MAX_REQUEST:
        raise TooLarge(MAX_REQUEST)
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        return bytes(message.get("body", b""))
    parts: list[bytes] = []
    size = 0
    while True:
        if message["type"] == "http.disconnect":
            raise ConnectionResetError
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_REQUEST:
            raise TooLarge(MAX_REQUEST)
        if not message.get("more_body"):
            return b"".join(parts)
        message = await receive()


_OK_HEADERS = [_JSON, _CORS, (b"content-length", str(len(_OK)).encode())]


async def _reply(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _refuse(send: Send, error: EnishiError, headers: dict[bytes, bytes]) -> None:
    language = headers.get(b"accept-language", b"en").decode("latin-1").strip()
    # SDKs look for "code" where others look for "error".
    body = msgspec.json.encode({"success": False, "code": error.code, **error.as_dict(language)})
    reply = [_JSON, _CORS, (b"content-length", str(len(body)).encode())]
    if error.status == 401:
        reply.append((b"www-authenticate", b'Basic realm="Enishi write key"'))
    elif error.status in (429, 503):
        reply.append((b"retry-after", str(getattr(error, "retry_after", 5)).encode()))
    elif error.status == 405:
        reply.append((b"allow", b"POST, OPTIONS"))
    elif error.status == 413:
        reply.append((b"connection", b"close"))
    await _reply(send, error.status, body, reply)


def _wrong_way(path: str, found: bool) -> EnishiError:
    shown = path[:80]
    error = EnishiError(
        "method_not_allowed" if found else "unknown_route",
        Text(f"{shown} takes POST only.", f"{shown} は POST のみ受け付けます。")
        if found
        else Text(f"There is no {shown}.", f"{shown} はありません。"),
        Text(
            "The routes are /v1/batch, import, track, identify, group, page, screen and alias.",
            "利用できるのは /v1/batch・import・track・identify・group・page・screen・alias です。",
        ),
    )
    error.status = 405 if found else 404
    return error


def _broken() -> EnishiError:
    error = EnishiError(
        "internal_error",
        Text(
            "Something went wrong here. Nothing was accepted.",
            "サーバー側で問題が発生し、受け付けられませんでした。",
        ),
        Text("Send it again later.", "しばらくしてから再送してください。"),
        retryable=True,
    )
    error.status = 500
    return error
