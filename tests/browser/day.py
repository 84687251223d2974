"""The cast's day for a whole process: the clock starts at the cast's instant and runs on from there.

The cast's dates hang on a fixed day; the server under test lives on that day too, whenever the tests are run.
Import this before anything that reads the clock.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.utils import timezone

from enishi.kit import clock

ENTERED = datetime(
    2026, 11, 20, 0, 30, tzinfo=UTC
)  # tests.world.NOW, which cannot be imported before Django is up


def enter_the_day() -> None:
    """Let product and framework read the cast's clock from here on."""
    shift: timedelta = ENTERED - datetime.now(UTC)

    def now() -> datetime:
        return datetime.now(UTC) + shift

    clock.system_clock = now
    timezone.now = now
