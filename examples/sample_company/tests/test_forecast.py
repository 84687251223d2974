"""How much of what can be known of who leaves the forecast finds: its AUC beside that of the true hazards."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from enishi.accounts.models import Account
from enishi.forecasts.evaluation import auc
from enishi.forecasts.panel import learnable
from enishi.ingest.api import drain
from enishi.kit.home import Home
from enishi.risk.fitting import prepare_lessons
from enishi.signals.features import new_forecaster

from ..load import load
from ..sample import Sample
from ..truth import chance_of_ending, truth_row
from ..world import customer

UNTIL = date(2026, 6, 30)
NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
# AUC of the forecast as a share of the oracle's; seen with 400 customers over 24 months: .93 and .85.
LEAST_SHARE = {30: 0.75, 90: 0.7}


@pytest.mark.slow
@pytest.mark.django_db
def test_the_forecast_finds_most_of_what_the_true_hazards_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oracle also knows the troubles that have not begun yet, so that nobody can reach it."""
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    home = Home(tmp_path)
    home.prepare()
    sample = Sample(until=UNTIL, accounts=200, months=18, activity=0.3)
    load(sample, home, now=NOW)
    drain(home)
    rows = [truth_row(sample, customer(sample, index)) for index in range(sample.accounts)]
    truth = {row["account"]: row for row in rows}
    names = dict(Account.objects.values_list("pk", "outside_id"))
    lessons = prepare_lessons(list(LEAST_SHARE), UNTIL, now=NOW, home=home)
    for horizon, least in LEAST_SHARE.items():
        panel = learnable(lessons.lesson.panel(horizon), UNTIL)
        past = new_forecaster(horizon, lessons.rules).fit(panel).past_
        past = past[past["account_id"].map(names).isin(truth)]
        oracle = [
            chance_of_ending(truth[names[account]], sample.week(day.date()), max(1, round(horizon / 7)))
            for account, day in zip(past["account_id"], past["as_of"], strict=True)
        ]
        found, best = auc(past["label"], past["probability"]), auc(past["label"], np.array(oracle))
        assert found is not None
        assert best is not None
        assert best > found > least * best, (horizon, found, best)
