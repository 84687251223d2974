"""Days and their ends in the company's zone."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from enishi.kit.clock import HandClock, day_of, end_of_day, system_clock

TOKYO, NEW_YORK = ZoneInfo("Asia/Tokyo"), ZoneInfo("America/New_York")


def test_a_day_begins_at_the_companys_midnight():
    assert day_of(datetime(2026, 3, 31, 14, 59, tzinfo=UTC), TOKYO) == date(2026, 3, 31)
    assert day_of(datetime(2026, 3, 31, 15, 0, tzinfo=UTC), TOKYO) == date(2026, 4, 1)


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25), (date(2026, 6, 1), 24)]
)
def test_days_of_23_and_25_hours_end_at_midnight_too(day, hours):
    ends = end_of_day(day, NEW_YORK)
    assert ends - end_of_day(day - timedelta(days=1), NEW_YORK) == timedelta(hours=hours)
    assert day_of(ends, NEW_YORK) == day + timedelta(days=1)
    assert day_of(ends - timedelta(microseconds=1), NEW_YORK) == day


def test_the_hand_clock_moves_only_when_told():
    clock = HandClock(datetime(2026, 1, 1, tzinfo=UTC))
    assert clock() == clock()
    assert clock.advance(hours=2) == clock() == datetime(2026, 1, 1, 2, tzinfo=UTC)
    assert system_clock().tzinfo is UTC
