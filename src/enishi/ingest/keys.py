"""Write keys as the server knows them: read from the database now and then, never for each request."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import DatabaseError, connection

from enishi.ingest.contracts import Channel
from enishi.ingest.models import WriteKey, hash_key

log = logging.getLogger("enishi.ingest")

FRESH_SECONDS = 5.0  # a revoked key is refused within this time
RETRY_SECONDS = 0.5  # an unknown key makes the list be read again at most this often
SAVE_SECONDS = 60.0  # how often "last used" is written


@dataclass(frozen=True, slots=True)
class Key:
    """A key in force."""

    number: int
    channel: Channel


def load_keys() -> dict[str, Key]:
    """The keys in force by digest."""
    rows = WriteKey.objects.filter(revoked_at__isnull=True)
    return {row.digest: Key(row.pk, channel_of_key(row)) for row in rows}


def channel_of_key(row: WriteKey) -> Channel:
    """The settings a write key carries."""
    return Channel(
        row.name, row.product, row.system, row.creates_accounts, row.updates_records, f"key:{row.stream}"
    )


def save_use(used: dict[int, float]) -> None:
    """Write when keys were last used; ``used`` holds epoch seconds by key number."""
    for number, at in used.items():
        WriteKey.objects.filter(pk=number).update(last_used_at=datetime.fromtimestamp(at, UTC))


class KeyRing:
    """The server's memory of write keys. Lookups are in memory; :meth:`refresh` runs in a thread.

    Args:
        load: reads the keys in force.
        save: writes last uses.
    """

    def __init__(
        self,
        load: Callable[[], dict[str, Key]] = load_keys,
        save: Callable[[dict[int, float]], None] = save_use,
    ) -> None:
        self._load, self._save = load, save
        self._keys: dict[str, Key] = {}
        self._read_at = self._saved_at = float("-inf")
        self._used: dict[int, float] = {}

    def find(self, key: str) -> Key | None:
        """The key in force with this text, as far as memory goes."""
        found = self._keys.get(hash_key(key))
        if found:
            self._used[found.number] = time.time()
        return found

    def is_stale(self) -> bool:
        return time.monotonic() - self._read_at >= FRESH_SECONDS

    def may_retry(self) -> bool:
        """Whether an unknown key is reason to read the list again."""
        return time.monotonic() - self._read_at >= RETRY_SECONDS

    def refresh(self) -> None:
        """Read the keys; write last uses when due. While the database fails, the old list stays in force."""
        try:
            self._keys = self._load()
            self._read_at = time.monotonic()
            if self._used and time.monotonic() - self._saved_at >= SAVE_SECONDS:
                self.save_now()
        except DatabaseError:
            log.exception("write keys could not be read")
        finally:
            connection.close()

    def save_now(self) -> None:
        """Write the last uses gathered so far."""
        used, self._used = self._used, {}
        self._saved_at = time.monotonic()
        if used:
            self._save(used)
