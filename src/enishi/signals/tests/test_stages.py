"""Who is a customer, and at which stage; and that those who left are nowhere counted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from enishi.accounts.models import Member
from enishi.definitions.contracts import Stages
from enishi.kit.home import Home
from enishi.signals import api
from enishi.signals.models import AccountState, HealthScore, Override, Signal
from enishi.signals.stages import derive_stages
from enishi.signals.tests.world import ACCOUNTS, NOW, PRICE, TODAY, record
from enishi.signals.trials import preview
from enishi.store.testing import publish

DAY = timedelta(days=1)


def stage_of(**values: Any) -> str:
    usual: dict[str, Any] = {
        "stage": "",
        "had_contract": True,
        "days_since_contract": np.nan,
        "mrr": 100,
        "tenure_days": 500,
        "days_since_last_seen": 2,
        "active_days_28": 15,
        "time_to_first_value": 9,
        "days_since_order": np.nan,
    }
    return str(derive_stages(pd.DataFrame([{**usual, **values}]), Stages())[0])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, "established"),
        ({"tenure_days": 30}, "onboarding"),
        ({"tenure_days": 120, "time_to_first_value": np.nan}, "onboarding"),
        ({"tenure_days": 200, "time_to_first_value": np.nan}, "adoption"),
        ({"active_days_28": 2}, "adoption"),
        ({"stage": "advocacy", "tenure_days": 30}, "advocacy"),
        ({"days_since_contract": 0, "mrr": 0}, "churned"),
        ({"stage": "established", "days_since_contract": 40, "mrr": 0}, "churned"),
        ({"days_since_contract": 40, "mrr": 0, "days_since_order": 10}, "established"),
        ({"days_since_contract": 40, "mrr": 0, "days_since_order": 60}, "churned"),
        ({"stage": "churned"}, "churned"),
        # known by use alone: the silence rule decides, from the last day on which anybody's use was recorded
        ({"had_contract": False, "mrr": np.nan, "days_since_last_seen": 179}, "established"),
        ({"had_contract": False, "mrr": np.nan, "days_since_last_seen": 180}, "churned"),
        ({"had_contract": False, "days_since_last_seen": 200, "age:days_since_last_seen": 150}, "established"),
        ({"had_contract": False, "days_since_last_seen": 200, "days_since_order": 20}, "established"),
        ({"had_contract": False, "days_since_last_seen": np.nan, "active_days_28": np.nan}, "established"),
        ({"days_since_last_seen": 300, "active_days_28": 0}, "adoption"),
    ],
)  # fmt: skip
def test_a_stage_follows_from_contract_age_and_use(values: dict[str, Any], expected: str) -> None:
    assert stage_of(**values) == expected


@pytest.mark.django_db
@pytest.mark.usefixtures("accounts")
def test_former_customers_are_counted_nowhere(home: Home) -> None:
    left = TODAY - 10 * DAY
    start = TODAY - 500 * DAY
    publish(home, "record_subscription", [
        record(1000 + n, n, start, started_on=start, recurring=True, ended_on=left if n in (3, 4) else None, **PRICE)
        for n in range(1, ACCOUNTS + 1)
    ])  # fmt: skip
    member = Member.objects.create_user("m@example.jp", role="manager", scope="all")
    Override.objects.create(account_id=4, band="red", reason="r", made_at=NOW - DAY, expires_on=TODAY + DAY)
    api.score_day(left - DAY, now=NOW, home=home)
    assert HealthScore.objects.filter(account__in=(3, 4)).count() == 2
    assert Signal.objects.filter(account=3, until=None).exists()
    api.score_day(TODAY, now=NOW, home=home)
    for state in AccountState.objects.filter(pk__in=(3, 4)):
        assert (state.stage, state.band, state.tenths, state.at_stake) == ("churned", "unknown", None, 0)
        assert (state.causes, state.alerts, state.changes) == ([], [], [])
    assert not Signal.objects.filter(account__in=(3, 4), until=None).exists()
    assert not HealthScore.objects.filter(account__in=(3, 4), day=TODAY).exists()
    assert sum(line.accounts for line in api.band_distribution(member)) == ACCOUNTS - 2
    movers = [state.pk for part in api.list_movers(member, ACCOUNTS) for state in part]
    assert not {3, 4} & set(movers)
    assert AccountState.objects.get(pk=5).stage == "adoption"  # as stated


@pytest.mark.django_db
@pytest.mark.usefixtures("accounts")
def test_a_preview_counts_customers_only(home: Home) -> None:
    from enishi.definitions.reads import default_body

    start = TODAY - 500 * DAY
    publish(home, "record_subscription", [
        record(1003, 3, start, started_on=start, recurring=True, ended_on=TODAY - 10 * DAY, product="P", plan="B",
               amount=1, currency="JPY", interval="month", seats=1)
    ])  # fmt: skip
    assert preview(default_body("scorecard", "default"), TODAY, home=home)["accounts_today"] == ACCOUNTS - 1
