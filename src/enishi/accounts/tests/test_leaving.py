"""Who has given notice, by their contracts as known on a day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from enishi.accounts.leaving import leaving_of

DAY, NOTICE, END = date(2026, 11, 20), date(2026, 10, 1), date(2026, 12, 31)
GIVEN_UP = {"started_on": "2025-01-01", "notice_on": NOTICE.isoformat(), "ended_on": END.isoformat()}


def test_a_notice_in_force_is_told_with_its_end() -> None:
    found = leaving_of({1: GIVEN_UP}, DAY)
    assert found is not None
    assert (found.notice_on, found.ends_on, found.whole) == (NOTICE, END, True)
    both = leaving_of({1: GIVEN_UP, 2: {"started_on": "2025-01-01"}}, DAY)
    assert both is not None
    assert not both.whole, "the other one goes on"


@pytest.mark.parametrize(
    ("begins", "more", "left"),
    [
        (END, {}, False),
        (END + timedelta(days=7), {}, False),
        (END + timedelta(days=8), {}, True),
        (END - timedelta(days=31), {}, False),
        (END, {"notice_on": "2026-11-01", "ended_on": "2027-12-31"}, True),
        (END - timedelta(days=31), {"ended_on": "2026-12-15"}, True),
    ],
)
def test_a_contract_that_another_follows_is_not_given_up(
    begins: date, more: dict[str, str], left: bool
) -> None:
    following = {"started_on": begins.isoformat(), **more}
    found = leaving_of({1: GIVEN_UP, 2: following}, DAY)
    assert (found is not None) == left
