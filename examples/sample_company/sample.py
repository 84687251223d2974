"""How large, how long, and with which seed. Account number ``i`` is the same whatever the size."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from zlib import crc32
from zoneinfo import ZoneInfo

import numpy as np

ZONE = ZoneInfo("Asia/Tokyo")
SEED = 20_260_401
# The paths are drawn beyond the last day, so that the same company can be carried on day by day.
AHEAD_WEEKS = 104


@dataclass(frozen=True)
class Sample:
    """The company to simulate.

    Args:
        until: the last day that has happened.
        first_day: the first day with usage; by default ``months`` before ``until``.
        activity: how much each person does, relative to the default (fewer events for very large samples).
    """

    until: date
    accounts: int = 400
    months: int = 24
    seed: int = SEED
    activity: float = 1.0
    first_day: date | None = None

    @cached_property
    def start(self) -> date:
        """The first simulated day: the first of a month."""
        if self.first_day is not None:
            return self.first_day
        months = self.until.year * 12 + self.until.month - 1 - self.months
        return date(months // 12, months % 12 + 1, 1)

    @property
    def days(self) -> int:
        """Days from the first to the last, both included."""
        return (self.until - self.start).days + 1

    @cached_property
    def weeks(self) -> int:
        """Weeks of every path: the window and what lies ahead of it. Independent of ``until`` for a given start."""
        return self.window_weeks + AHEAD_WEEKS

    @cached_property
    def window_weeks(self) -> int:
        return round(self.months * 30.44 / 7)

    def random(self, index: int, stream: str) -> np.random.Generator:
        """The random numbers of one account for one purpose; no other draw can shift them."""
        return np.random.default_rng([self.seed, index, crc32(stream.encode())])

    def day(self, offset: float) -> date:
        return self.start + timedelta(days=int(offset))

    def offset(self, day: date) -> int:
        return (day - self.start).days

    def week(self, day: date) -> int:
        """The index on the weekly paths; days before the window count as its first week."""
        return min(max(self.offset(day) // 7, 0), self.weeks - 1)


def at(day: date, hours: float) -> datetime:
    """An instant of a day in the vendor's time zone."""
    minutes = min(max(int(hours * 60), 0), 24 * 60 - 1)
    return datetime.combine(day, time(minutes // 60, minutes % 60), ZONE)
