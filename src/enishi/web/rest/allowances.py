"""How often a key may call: counted for all processes together, in a small file per key.

Files with a lock, not rows: a call that only reads must not wait for a large import to let go of the database.
"""

from __future__ import annotations

import fcntl
import os
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_WINDOW = 60
_COUNT = struct.Struct("<qq")  # the minute since 1970, and the calls made in it


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of a key's calls in the present minute."""

    limit: int
    remaining: int
    reset: int

    @property
    def used_up(self) -> bool:
        return self.remaining < 0


class Allowances:
    """Calls per key and minute of the clock, counted below ``folder``."""

    def __init__(self, folder: Path, limit: int, clock: Callable[[], float] = time.time) -> None:
        self.folder, self.limit, self._clock = folder, limit, clock

    def spend(self, key: int) -> Allowance:
        """Count a call. ``remaining`` is negative where it is one too many."""
        now = self._clock()
        used = self._count(key, int(now // _WINDOW))
        return Allowance(self.limit, self.limit - used, max(1, int(_WINDOW - now % _WINDOW + 0.999)))

    def _count(self, key: int, minute: int) -> int:
        """This call's place in its minute, from 1."""
        self.folder.mkdir(parents=True, exist_ok=True)
        place = os.open(self.folder / str(key), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(place, fcntl.LOCK_EX)
            kept = os.pread(place, _COUNT.size, 0)
            then, used = _COUNT.unpack(kept) if len(kept) == _COUNT.size else (minute, 0)
            used = used + 1 if then == minute else 1
            os.pwrite(place, _COUNT.pack(minute, used), 0)
        finally:
            os.close(place)
        return used

    def forget(self) -> None:
        """Begin anew for every key."""
        for file in self.folder.glob("*"):
            file.unlink(missing_ok=True)
