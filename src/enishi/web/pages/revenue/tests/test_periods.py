"""The company's calendar: fiscal quarters and years from any month."""

from datetime import date

import pytest

from enishi.web.pages.revenue.periods import Period, periods_before, start_of, title


@pytest.mark.parametrize(
    ("kind", "day", "fiscal", "expected"),
    [
        ("month", date(2026, 11, 21), 4, date(2026, 11, 1)),
        ("quarter", date(2026, 11, 21), 4, date(2026, 10, 1)),
        ("quarter", date(2026, 3, 31), 4, date(2026, 1, 1)),
        ("quarter", date(2026, 11, 21), 2, date(2026, 11, 1)),
        ("year", date(2026, 3, 31), 4, date(2025, 4, 1)),
        ("year", date(2026, 4, 1), 4, date(2026, 4, 1)),
        ("year", date(2026, 12, 31), 1, date(2026, 1, 1)),
    ],
)
def test_the_period_of_a_day(kind: str, day: date, fiscal: int, expected: date) -> None:
    assert start_of(kind, day, fiscal) == expected


def test_periods_touch_and_the_last_is_running() -> None:
    found = periods_before("quarter", date(2026, 11, 21), 4, 5)
    assert [p.start for p in found][-2:] == [date(2026, 7, 1), date(2026, 10, 1)]
    assert all(a.end == b.start for a, b in zip(found, found[1:], strict=False))
    assert [p.running for p in found] == [False] * 4 + [True]


@pytest.mark.parametrize(
    ("kind", "start", "ja", "en"),
    [
        ("month", date(2026, 1, 1), "2026年1月", "Jan 2026"),
        ("quarter", date(2026, 1, 1), "2025年度 第4四半期", "Q4 FY2025"),
        ("year", date(2026, 4, 1), "2026年度", "FY2026"),
    ],
)
def test_titles_in_both_languages(kind: str, start: date, ja: str, en: str) -> None:
    period = Period(start, date(2027, 1, 1), kind)
    assert title(period, 4, True) == ja
    assert title(period, 4, False) == en
