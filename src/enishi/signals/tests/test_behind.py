"""What the score would be if a customer did otherwise, against scoring the changed book anew."""

from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from enishi.definitions.reads import get_default_scorecard
from enishi.signals.behind import ScoresBehind
from enishi.signals.card import evaluate
from enishi.signals.judging import Judgement

N = 120
RANKED = {"events_90", "active_users_28", "feature_breadth_90", "usage_slope_90"}
MOVED = {
    "days_since_last_seen": 3.0, "events_90": 400.0, "active_users_28": 9.0, "active_days_28": 18.0, "days_overdue": 0.0,
    "days_since_contact": 5.0, "nps_latest": 9.0, "tickets_severe_open": 0.0, "champions": 2.0, "trainings_done": 4.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def book():
    random = np.random.default_rng(3)
    columns = {
        "days_since_last_seen": random.integers(0, 90, N), "events_90": random.integers(0, 500, N),
        "active_users_28": random.integers(0, 12, N), "active_days_28": random.integers(0, 22, N),
        "feature_breadth_90": random.integers(0, 9, N), "days_overdue": random.choice([0, 0, 20, 90], N),
        "days_since_contact": random.integers(0, 300, N), "tickets_severe_open": random.choice([0, 0, 3, 7], N),
        "nps_latest": np.where(random.random(N) < 0.5, np.nan, random.integers(0, 11, N)),
        "champions": random.integers(0, 3, N), "champions_gone_90": random.integers(0, 2, N),
        "trainings_done": random.integers(0, 5, N), "mrr": 1000, "tenure_days": random.choice([20, 100, 400, 2000], N),
        "days_since_first_use": 300, "record_kinds": 3,
    }  # fmt: skip
    told = {
        "as_of": [date(2026, 1, 1)] * N,
        "account_id": np.arange(1, N + 1),
        "stage": "",
        "product": "P",
        "plan": "",
        "size": "",
    }
    return pd.DataFrame(told | {name: np.asarray(values, float) for name, values in columns.items()})


@pytest.fixture(scope="module")
def behind(book):
    told = (evaluate(get_default_scorecard(), book),)
    judgement = Judgement(SimpleNamespace(), book, np.zeros(N, np.int64), told, SimpleNamespace())
    return ScoresBehind(judgement, ()).of(book["account_id"].tolist())


@pytest.mark.parametrize("name", sorted(MOVED))
def test_the_score_after_a_change_is_that_of_the_changed_customer(book, behind, name):
    card, seen = get_default_scorecard(), 0
    for row in range(0, N, 6):
        if np.isnan(book.loc[row, name]):
            continue
        changed = book.copy()
        changed.loc[row, name] = MOVED[name]
        anew = evaluate(card, changed).tenths[row] / 10
        found = behind.after(row, {}, name, np.array([MOVED[name], book.loc[row, name]]))
        # Among a dozen peers a customer's own value moves its rank a little; peers are taken as they stand.
        assert found[0] == pytest.approx(anew, abs=1.6 if name in RANKED else 0.05)
        assert found[1] == pytest.approx(behind.judgement.evaluations[0].tenths[row] / 10, abs=0.05)
        seen += 1
    assert seen > 5


def test_changes_add_up_and_caps_are_lifted_or_come_to_bind(book, behind):
    card = get_default_scorecard()
    row = int(np.flatnonzero((book["days_since_last_seen"] >= 60) & (book["days_overdue"] > 60))[0])
    both = book.copy()
    both.loc[row, ["days_since_last_seen", "days_overdue"]] = [1.0, 0.0]
    anew = evaluate(card, both).tenths[row] / 10
    found = behind.after(row, {"days_overdue": 0.0}, "days_since_last_seen", np.array([1.0]))
    assert found[0] == pytest.approx(anew, abs=0.05)
    assert behind.after(row, {}, "days_since_last_seen", np.array([1.0]))[0] <= 55 < anew, (
        "the other still binds"
    )
