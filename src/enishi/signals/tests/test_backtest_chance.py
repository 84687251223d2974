"""The whole road of a back-test over labels dealt out by chance: nothing on it may find what is not there."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from enishi.definitions.reads import get_default_scorecard
from enishi.kit.home import Home
from enishi.signals import trials
from enishi.signals.api import Outcome, Trial, run_backtest, snapshot_days
from enishi.signals.outcomes import read_labels

DAYS = tuple(snapshot_days("month", date(2025, 6, 1), date(2026, 4, 1)))
TRIAL = Trial(get_default_scorecard(), Outcome("silence", 60), DAYS, every="month", draws=100)


@pytest.mark.slow
@pytest.mark.django_db
def test_labels_dealt_out_by_chance_give_about_one_half(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the published facts to the verdict: the same accounts, days and scores, but each account with the fate of
    another. Three deals, so that one lucky one does not decide."""
    true = run_backtest(TRIAL, home=home)
    assert true["score"]["auc"] > 0.75
    found = []
    for seed in range(3):
        monkeypatch.setattr(trials, "read_labels", _dealt_out(seed))
        told = run_backtest(replace(TRIAL, seed=seed), home=home)
        assert (told["rows"], told["churned"]) == (true["rows"], true["churned"])
        assert told["verdict"]["code"] != "better"
        found.append(told["score"]["auc"])
    assert abs(np.mean(found) - 0.5) < 0.1, found
    assert max(found) < true["score"]["low"] + 0.05


def _dealt_out(seed: int):  # type: ignore[no-untyped-def]
    def read(home: Home, days: tuple[date, ...], outcome: Outcome) -> pd.DataFrame:
        labels = read_labels(home, days, outcome)
        known = labels["label"].notna()
        order = np.random.default_rng(seed).permutation(int(known.sum()))
        for name in ("label", "lost_on"):
            labels.loc[known, name] = labels.loc[known, name].to_numpy()[order]
        return labels

    return read
