"""The causes named by the shipped rules, beside what really moves each customer of a small sample."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

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
LEAST_FOUND = 0.6  # seen: 20 of 27
MOST_FALSE = 0.4  # seen: 32 of 95


def in_trouble(row: dict[str, Any]) -> bool:
    """The story set in long enough ago to show, and has not turned for the better."""
    onset, recovery = row["onset_on"], row["recovery_on"]
    ended = recovery is not None and recovery <= UNTIL.isoformat()
    return onset is not None and onset <= (UNTIL - TIME_TO_SHOW).isoformat() and not ended


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
    rows = [truth_row(sample, customer(sample, index)) for index in range(sample.accounts)]
    present = [row for row in rows if row["account"] in named]
    troubled = [row for row in present if row["story"] in CAUSE_OF and in_trouble(row)]
    fine = [row for row in present if row["story"] in FINE]
    assert len(troubled) > 20
    assert len(fine) > 60
    found = [CAUSE_OF[row["story"]] in named[row["account"]] for row in troubled]
    disturbed = [bool(named[row["account"]]) for row in fine]
    by_chance = [CAUSE_OF[one["story"]] in named[row["account"]] for one in troubled for row in fine]
    recall, false, chance = (sum(x) / len(x) for x in (found, disturbed, by_chance))
    assert recall >= LEAST_FOUND, (recall, false, chance)
    assert false <= MOST_FALSE, (recall, false, chance)
    assert recall > chance + 0.3, (recall, false, chance)
