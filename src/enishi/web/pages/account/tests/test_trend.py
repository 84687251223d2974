from __future__ import annotations

from datetime import date

from enishi.web.pages.account.trend import MOST_MARKS, day_marks

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 27)


def test_what_happened_stands_at_its_own_day() -> None:
    marks = day_marks([(date(2026, 7, 3), "Outage"), (date(2026, 2, 9), "Champion left")], FIRST, LAST)
    assert marks == [
        {"day": "2026-02-09", "label": "Champion left", "title": "Champion left"},
        {"day": "2026-07-03", "label": "Outage", "title": "Outage"},
    ]


def test_words_too_near_to_stand_side_by_side_are_said_once_and_each_day_keeps_its_line() -> None:
    happened = [
        (date(2026, 3, 1), "Outage"),
        (date(2026, 3, 9), "Outage"),
        (date(2026, 3, 20), "Notice given"),
    ]
    marks = day_marks([*happened, (date(2026, 6, 1), "Seats −2")], FIRST, LAST)
    assert [mark["day"] for mark in marks] == ["2026-03-01", "2026-03-09", "2026-03-20", "2026-06-01"]
    assert [mark["label"] for mark in marks] == ["Outage / Notice given", "", "", "Seats −2"]
    assert [mark["title"] for mark in marks] == ["Outage", "Outage", "Notice given", "Seats −2"]


def test_what_comes_after_the_axis_is_left_out_and_the_newest_are_said() -> None:
    happened = [(date(2026, month, 5), f"{month}") for month in range(1, 13, 2)]
    marks = day_marks([*happened, (date(2027, 1, 5), "later")], FIRST, LAST)
    assert [mark["label"] for mark in marks] == ["1", "3", "5", "7", "9", "11"]
    crowd = [(date(2017 + n, 1, 1), f"{n}") for n in range(MOST_MARKS + 1)]
    said = [mark["label"] for mark in day_marks(crowd, date(2017, 1, 1), date(2024, 1, 1)) if mark["label"]]
    assert len(said) <= MOST_MARKS
    assert said[-1] == f"{MOST_MARKS - 1}"
