"""What became of accounts: lost is who left, never who was merged."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from enishi.accounts.models import Company
from enishi.kit.home import Home
from enishi.signals.outcomes import Outcome, read_labels
from enishi.store.testing import publish

D = date
FIRST, DAY, JOINED, LAST = D(2025, 6, 2), D(2026, 1, 15), D(2026, 1, 31), D(2026, 6, 30)
ALWAYS = D(1970, 1, 1)
TAKEN, OTHER = 1, 2
OUTCOMES = ("silence:60", "churn:60")

pytestmark = pytest.mark.django_db


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Two companies; the first ends on a day on which the second goes on."""
    Company.objects.update_or_create(pk=1, defaults={"time_zone": "UTC"})
    home = Home(tmp_path)
    both = (TAKEN, OTHER)
    publish(home, "record_account", [{"record_id": n, "valid_on": FIRST, "name": f"C{n}"} for n in both])
    publish(home, "groups", [{"group_no": n, "group_id": f"c{n}", "first_day": FIRST} for n in both])
    publish(home, "link", [
        {"record_id": n, "account_id": n, "value": f"c{n}", "target": "account", "valid_on": ALWAYS} for n in both
    ])  # fmt: skip
    weeks = [FIRST + timedelta(days=7 * k) for k in range((LAST - FIRST).days // 7 + 1)]
    publish(home, "usage", [
        {"group_no": n, "user_no": n, "day": day, "event": "Report Made"}
        for n in both for day in weeks if n == OTHER or day < DAY - timedelta(days=3)
    ])  # fmt: skip
    contract = {"valid_on": FIRST, "started_on": FIRST, "amount": 1000, "recurring": True}
    publish(home, "record_subscription", [
        {"record_id": 11, "account_id": TAKEN, **contract},
        {"record_id": 11, "account_id": TAKEN, **contract, "known_on": JOINED, "ended_on": JOINED},
        {"record_id": 12, "account_id": OTHER, **contract},
    ])  # fmt: skip
    return home


def labels(home: Home, outcome: str) -> dict[int, float]:
    found = read_labels(home, [DAY], Outcome.parse(outcome))
    return dict(zip(found["account_id"].tolist(), found["label"].tolist(), strict=True))


def merge(home: Home, since: date, **more: Any) -> None:
    publish(home, "merge", [{"record_id": TAKEN, "account_id": OTHER, "valid_on": since, **more}])


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_who_ends_is_lost(home: Home, outcome: str) -> None:
    assert labels(home, outcome) == {TAKEN: 1.0, OTHER: 0.0}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_who_was_taken_in_within_the_horizon_is_not_lost(home: Home, outcome: str) -> None:
    merge(home, JOINED)
    assert labels(home, outcome) == {TAKEN: 0.0, OTHER: 0.0}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_who_was_lost_long_before_being_taken_in_stays_lost(home: Home, outcome: str) -> None:
    merge(home, D(2026, 5, 1))
    assert labels(home, outcome) == {TAKEN: 1.0, OTHER: 0.0}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_two_entries_of_one_company_are_one_row_of_the_past(home: Home, outcome: str) -> None:
    merge(home, ALWAYS)
    assert labels(home, outcome) == {OTHER: 0.0}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_merge_taken_back_was_never_one(home: Home, outcome: str) -> None:
    merge(home, JOINED)
    publish(home, "merge", [{"record_id": TAKEN, "account_id": None, "valid_on": JOINED}])
    assert labels(home, outcome) == {TAKEN: 1.0, OTHER: 0.0}
