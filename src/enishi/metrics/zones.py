"""The local time of a UTC instant in a time zone: as an expression every engine understands, and as SQL of DuckDB."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import ibis

FIRST, LAST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2045, 1, 1, tzinfo=UTC)


@cache
def transitions(zone: str) -> list[tuple[datetime, int]]:
    """``(instant, minutes ahead of UTC from it on)``, ascending; the first stands for all earlier time."""
    tz, at = ZoneInfo(zone), FIRST
    found = [(FIRST, _minutes(tz, FIRST))]
    while at < LAST:
        later = at + timedelta(days=7)
        if _minutes(tz, later) != found[-1][1]:
            found.append((_edge(tz, at, later), _minutes(tz, later)))
        at = later
    return found


def _minutes(tz: ZoneInfo, at: datetime) -> int:
    offset = at.astimezone(tz).utcoffset() or timedelta(0)
    return int(offset.total_seconds() // 60)


def _edge(tz: ZoneInfo, low: datetime, high: datetime) -> datetime:
    before = _minutes(tz, low)
    while high - low > timedelta(minutes=1):
        middle = low + (high - low) // 2
        middle = middle.replace(second=0, microsecond=0)
        low, high = (middle, high) if _minutes(tz, middle) == before else (low, middle)
    return high


def local_day(instant: Any, zone: str) -> Any:
    """The day of a naive UTC timestamp column in the zone (Ibis expression)."""
    steps = transitions(zone)
    if len(steps) == 1:
        return (instant + ibis.interval(minutes=steps[0][1])).date()
    offsets = sorted({minutes for _, minutes in steps})
    shifted = (instant + ibis.interval(minutes=offsets[0])).date()
    for minutes in offsets[1:]:
        spans = [
            (instant >= _naive(start)) & (instant < _naive(stop))
            for (start, m), (stop, _) in zip(steps, [*steps[1:], (LAST, 0)], strict=True)
            if m == minutes
        ]
        inside = spans[0]
        for span in spans[1:]:
            inside = inside | span
        shifted = inside.ifelse((instant + ibis.interval(minutes=minutes)).date(), shifted)
    return shifted


def _naive(at: datetime) -> Any:
    return ibis.timestamp(at.replace(tzinfo=None).isoformat(sep=" "))


def local_time(instant: str, zone: str) -> str:
    """The wall clock of a naive UTC timestamp in the zone.

    Args:
        instant: SQL of a timestamp.

    Returns:
        SQL of a timestamp that DuckDB reads without extensions.
    """
    *earlier, (_, last) = transitions(zone)
    ends = [start for start, _ in transitions(zone)[1:]]
    steps = "".join(
        f"when {instant} < timestamp '{end:%Y-%m-%d %H:%M:%S}' then {minutes} "
        for (_, minutes), end in zip(earlier, ends, strict=True)
    )
    minutes = f"(case {steps}else {last} end)" if steps else str(last)
    return f"({instant} + to_minutes({minutes}))"
