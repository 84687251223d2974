"""The causes named by the shipped rules, beside what really moves each customer of a small sample."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from enishi.ingest.api import drain
from enishi.kit.home import Home
from enishi.signals.api import score_day
from enishi.signals.models import AccountState

from ..load import load
from ..sample import Sample
from ..truth import truth_row
from ..world import customer

UNTIL = date(2026, 6, 30)
NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
CAUSE_OF = {
    "never_onboarded": "disengagement", "power_users_fading": "disengagement", "champion_left": "disconnection",
    "outage_hit": "disvaluation", "price_complaint": "disvaluation", "downsized": "downturn", "acquired": "downturn",
}  # fmt: skip
FINE = frozenset({"healthy", "quietly_ready", "seasonal"})
TIME_TO_SHOW = timedelta(days=76)
NORMAL_RISK = 1.5  # times as likely to leave as an account of its size with nothing wrong
LEAST_FOUND = 0.6  # seen: 19 of 27
MOST_FALSE = 0.16  # seen: 11 of 92
MOST_FALSE_AT_NORMAL_RISK = 0.1  # seen: 1 of 57


def in_trouble(row: dict[str, Any]) -> bool:
    """The story set in long enough ago to show, and has not turned for the better."""
    onset, recovery = row["onset_on"], row["recovery_on"]
    ended = recovery is not None and recovery <= UNTIL.isoformat()
    return onset is not None and onset <= (UNTIL - TIME_TO_SHOW).isoformat() and not ended


def is_fine(row: dict[str, Any]) -> bool:
    """A story without trouble, or trouble that lies ahead; and no secret decision to leave."""
    ahead = row["story"] in CAUSE_OF and (row["onset_on"] or "9") > UNTIL.isoformat()
    return (row["story"] in FINE or ahead) and (row["decided_on"] or "9") > UNTIL.isoformat()


@pytest.mark.slow
@pytest.mark.django_db
def test_causes_named_are_those_that_move_the_customers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Most troubles are found under their own name, and most customers without trouble are left in peace."""
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    home = Home(tmp_path)
    home.prepare()
    sample = Sample(until=UNTIL, accounts=200, months=12, activity=0.5)
    load(sample, home, now=NOW)
    drain(home)
    score_day(UNTIL, now=NOW, home=home)
    states = AccountState.objects.exclude(stage="churned").values_list("account__outside_id", "causes")
    named = {account: {cause["cause"] for cause in causes} for account, causes in states}
    people = [customer(sample, index) for index in range(sample.accounts)]
    risks = {who.id: float(np.exp(who.course.risk()[sample.week(UNTIL)])) for who in people}
    present = [row for row in (truth_row(sample, who) for who in people) if row["account"] in named]
    troubled = [row for row in present if row["story"] in CAUSE_OF and in_trouble(row)]
    fine = [row for row in present if is_fine(row)]
    calm = [row for row in fine if risks[row["account"]] < NORMAL_RISK]
    assert len(troubled) > 20
    assert min(len(fine), len(calm)) > 50
    found = [CAUSE_OF[row["story"]] in named[row["account"]] for row in troubled]
    disturbed = [bool(named[row["account"]]) for row in fine]
    calm_disturbed = [bool(named[row["account"]]) for row in calm]
    by_chance = [CAUSE_OF[one["story"]] in named[row["account"]] for one in troubled for row in fine]
    shares = [sum(x) / len(x) for x in (found, disturbed, calm_disturbed, by_chance)]
    recall, false, false_calm, chance = shares
    assert recall >= LEAST_FOUND, shares
    assert false <= MOST_FALSE, shares
    assert false_calm <= MOST_FALSE_AT_NORMAL_RISK, shares
    assert recall > chance + 0.3, shares
