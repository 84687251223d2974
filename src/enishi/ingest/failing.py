"""How often the consumer failed in a row, for those who look after the installation."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

import msgspec

from enishi.kit.home import Home


class Failing(msgspec.Struct, frozen=True):
    """Failures since everything that waited was last carried.

    Args:
        times: at least 1.
        since: when the first was.
        error: the last one.
    """

    times: int
    since: datetime
    error: str


def read_failing(home: Home) -> Failing | None:
    """None where the consumer goes well."""
    try:
        return msgspec.json.decode(home.failing.read_bytes(), type=Failing)
    except (OSError, msgspec.DecodeError):
        return None


class Failures:
    """What the consumer notes of itself. A disk that is full holds no note."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.found = read_failing(home)

    def note(self, error: Exception, now: datetime) -> int:
        """One more failure; gives how many in a row there are."""
        times, since = (self.found.times + 1, self.found.since) if self.found else (1, now)
        self.found = Failing(times, since, f"{type(error).__name__}: {error}"[:500])
        with suppress(OSError, UnicodeError):
            self.home.failing.parent.mkdir(parents=True, exist_ok=True)
            self.home.failing.write_bytes(msgspec.json.encode(self.found))
        return times

    def over(self) -> None:
        """Everything that waited is carried."""
        self.found = None
        self.home.failing.unlink(missing_ok=True)  # another process may have written it
