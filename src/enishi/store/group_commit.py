"""Many requests, one commit: each request waits until the commit that holds its body is on the disk."""

from __future__ import annotations

import asyncio
import threading
from collections import deque

from enishi.store.contracts import InboxStorage, InboxUnavailable, NewBody, Overloaded

MAX_WAITING_BYTES = 64 << 20
MAX_WAITING = 5_000
MAX_COMMIT_BYTES = 8 << 20

_Waiting = tuple[NewBody, "asyncio.Future[None]"]


class GroupCommit:
    """The server's side of an inbox: one thread commits whatever has gathered since its last commit.

    Args:
        storage: the inbox.
        max_waiting_bytes, max_waiting: above either, :meth:`put` refuses with :class:`Overloaded`.
    """

    def __init__(
        self,
        storage: InboxStorage,
        *,
        max_waiting_bytes: int = MAX_WAITING_BYTES,
        max_waiting: int = MAX_WAITING,
    ) -> None:
        self.storage = storage
        self.max_waiting_bytes = max_waiting_bytes
        self.max_waiting = max_waiting
        self._queue: deque[_Waiting] = deque()
        self._bytes = 0
        self._condition = threading.Condition()
        self._closing = False
        self._thread: threading.Thread | None = None

    async def put(self, body: NewBody) -> None:
        """Return once the body is durable.

        Raises:
            Overloaded: too much is waiting already.
            InboxUnavailable: the disk refused; nothing was stored.
        """
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._condition:
            if self._bytes >= self.max_waiting_bytes or len(self._queue) >= self.max_waiting:
                raise Overloaded
            if self._closing:
                raise InboxUnavailable("shutting down")
            self._start()
            self._queue.append((body, future))
            self._bytes += len(body.body)
            self._condition.notify()
        await future

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="inbox-commit", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            with self._condition:
                while not self._queue and not self._closing:
                    self._condition.wait()
                if not self._queue:
                    return
                taken = self._take()
            error = self._commit([body for body, _ in taken])
            with self._condition:
                self._bytes -= sum(len(body.body) for body, _ in taken)
            _answer(taken, error)

    def _take(self) -> list[_Waiting]:
        taken: list[_Waiting] = []
        size = 0
        while self._queue and size < MAX_COMMIT_BYTES:
            taken.append(self._queue.popleft())
            size += len(taken[-1][0].body)
        return taken

    def _commit(self, bodies: list[NewBody]) -> Exception | None:
        try:
            self.storage.append(bodies)
        except Exception as error:  # every waiting request must hear of it, whatever it is
            return error
        return None

    async def close(self) -> None:
        """Commit what is waiting, then stop the thread."""
        with self._condition:
            self._closing = True
            self._condition.notify()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)


def _answer(taken: list[_Waiting], error: Exception | None) -> None:
    """Wake the requests of one commit, one call per event loop."""
    loops: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
    for _, future in taken:
        loops.setdefault(future.get_loop(), []).append(future)
    for loop, futures in loops.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_resolve, futures, error)


def _resolve(futures: list[asyncio.Future[None]], error: Exception | None) -> None:
    for future in futures:
        if future.done():
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
