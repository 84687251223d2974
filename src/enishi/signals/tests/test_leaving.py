"""Of those who have given notice the whole year's revenue is at stake, by the same rule now and on a past day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from enishi.kit.home import Home
from enishi.signals import api, causes
from enishi.signals.models import AccountState, Override
from enishi.signals.tests.world import NOW, PRICE, TODAY, record
from enishi.store.testing import publish

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("accounts"), pytest.mark.slow]
DAY = timedelta(days=1)
START, GIVEN = TODAY - 500 * DAY, TODAY - 20 * DAY
NOTICED, NOTICED_IN_PART, GOES_ON, LATER, ABROAD = 1, 2, 3, 4, 5


def contract(number: int, account: int, known: date = START, **terms: Any) -> dict[str, Any]:
    return record(number, account, known, started_on=START, recurring=True, **{**PRICE, **terms})


@pytest.fixture
def notices(home: Home) -> None:
    """Given 20 days ago for one account's only contract, one of another's two, and for one only after tomorrow."""
    ends = {"ended_on": TODAY + 60 * DAY}
    publish(home, "record_subscription", [
        contract(1001, NOTICED), contract(1001, NOTICED, GIVEN, notice_on=GIVEN, **ends),
        contract(1002, NOTICED_IN_PART), contract(1002, NOTICED_IN_PART, GIVEN, notice_on=GIVEN, **ends),
        contract(2002, NOTICED_IN_PART), contract(1003, GOES_ON),
        contract(1004, LATER, notice_on=TODAY + 2 * DAY, **ends), contract(1005, ABROAD, currency="USD"),
    ])  # fmt: skip


def stakes_on(day: date, home: Home) -> dict[int, int]:
    book = api.book_as_of(day, home=home, now=NOW).set_index("account_id")
    return {int(n): int(book.loc[n, "at_stake"]) for n in (NOTICED, NOTICED_IN_PART, GOES_ON, LATER)}


@pytest.mark.usefixtures("notices")
def test_all_is_at_stake_of_those_who_gave_notice_of_everything(home: Home) -> None:
    api.score_day(TODAY, now=NOW, home=home)
    stakes = dict(AccountState.objects.values_list("account_id", "at_stake"))
    assert stakes[NOTICED] == 12 * 10_000
    assert max(stakes[NOTICED_IN_PART] / 2, stakes[GOES_ON], stakes[LATER]) < 12 * 10_000
    assert stakes_on(TODAY, home) == {n: stakes[n] for n in (NOTICED, NOTICED_IN_PART, GOES_ON, LATER)}


@pytest.mark.usefixtures("notices")
@pytest.mark.parametrize("strength", [39.4, 45.4])  # not worth showing, and shown as 45
@pytest.mark.both
def test_a_band_set_by_hand_means_its_money_now_and_on_a_past_day(
    home: Home, strength: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    def judge_causes(*given: Any) -> causes.CauseEvaluation:
        found = causes.judge_causes(*given)
        return replace(found, strengths=np.full_like(found.strengths, strength))

    monkeypatch.setattr("enishi.signals.judging.judge_causes", judge_causes)
    Override.objects.create(
        account_id=GOES_ON, band="green", reason="x", made_at=NOW, expires_on=TODAY + 9 * DAY
    )
    api.score_day(TODAY, now=NOW, home=home)
    state = AccountState.objects.get(pk=GOES_ON)
    assert (state.computed_band, state.at_stake < 6 * 10_000) == ("red", True)
    assert stakes_on(TODAY, home)[GOES_ON] == state.at_stake == api.stake_of(state, leaving=False)


@pytest.mark.usefixtures("notices")
def test_without_an_exchange_rate_money_is_unknown_and_not_nothing(home: Home) -> None:
    api.score_day(TODAY, now=NOW, home=home)
    unpriced = AccountState.objects.filter(unpriced=True)
    assert list(unpriced.values_list("pk", "mrr", "at_stake")) == [(ABROAD, None, 0)]
    publish(
        home,
        "record_exchange_rate",
        [{"record_id": 1, "valid_on": START, "on": START, "currency": "USD", "rate": 150}],
    )
    book = api.book_as_of(TODAY, home=home, now=NOW).set_index("account_id")
    assert (book.loc[ABROAD, "mrr"], book["unpriced"].any()) == (150 * 10_000, False)


@pytest.mark.usefixtures("notices")
def test_before_the_notice_only_what_the_score_says_is_at_stake(home: Home) -> None:
    assert stakes_on(GIVEN, home)[NOTICED] == 12 * 10_000
    assert stakes_on(GIVEN - DAY, home)[NOTICED] < 12 * 10_000
