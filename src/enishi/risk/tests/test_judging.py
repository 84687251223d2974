"""What replaces what: no worse than the one in use, and better than knowing nothing. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from enishi.risk.judging import judge_candidate
from enishi.risk.models import ForecastModel
from enishi.risk.plain import alike, as_plain
from enishi.risk.recalibrating import recalibrated
from enishi.risk.tracking import summary

DAY = pd.Timestamp(2026, 1, 31)
NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def panel() -> pd.DataFrame:
    random = np.random.default_rng(1)
    risk = random.beta(1, 6, size=600)
    label = (random.random(600) < risk).astype(float)
    ends = DAY + pd.Timedelta(days=90)
    return pd.DataFrame(
        {"as_of": DAY, "account_id": np.arange(600), "label": label, "risk": risk, "ends_on": ends}
    )


def candidate(panel: pd.DataFrame, said: Any, speaks: bool = True) -> Any:
    past = panel[["as_of", "account_id", "label"]].assign(probability=said)
    left = 80 if speaks else 13
    return SimpleNamespace(speaks_=speaks, past_=past, outcomes_=left, missing_outcomes_=0 if speaks else 7)


def standing(column: str = "risk", speaks: bool = True, noise: float = 0.0) -> Any:
    def proba(rows: pd.DataFrame) -> Any:
        p = np.clip(rows[column].to_numpy() + noise, 0.001, 0.999)
        return np.column_stack([1 - p, p])

    return SimpleNamespace(speaks_=speaks, predict_proba=proba)


def test_the_first_that_speaks_is_published(panel: pd.DataFrame) -> None:
    assert judge_candidate(candidate(panel, panel["risk"]), None, panel).publish
    assert judge_candidate(candidate(panel, panel["risk"]), standing(speaks=False), panel).publish


def test_worse_than_the_base_rate_is_refused(panel: pd.DataFrame) -> None:
    verdict = judge_candidate(candidate(panel, 1 - panel["risk"]), None, panel)
    assert not verdict.publish
    assert "base rate" in verdict.reason.en


def test_worse_than_the_one_in_use_is_refused_with_the_numbers(panel: pd.DataFrame) -> None:
    verdict = judge_candidate(candidate(panel, 0.5 * panel["risk"] + 0.07), standing(), panel)
    assert not verdict.publish
    assert "log-loss +" in verdict.reason.en
    assert "対数損失の差 +" in verdict.reason.ja
    assert "、95%区間 +" in verdict.reason.ja
    assert verdict.reason.ja.count("(") == 1, "no brackets within brackets"


def test_no_worse_is_published(panel: pd.DataFrame) -> None:
    assert judge_candidate(candidate(panel, panel["risk"]), standing(noise=0.01), panel).publish


def test_outcomes_the_one_in_use_had_seen_do_not_count(panel: pd.DataFrame) -> None:
    """Of what it was learned from it knows the answers."""
    known = panel.assign(risk=panel["label"])
    verdict = judge_candidate(
        candidate(panel, panel["risk"]), standing(), known, DAY + pd.Timedelta(days=200)
    )
    assert verdict.publish
    assert "too few" in verdict.reason.en


def test_a_silent_one_never_replaces_one_that_speaks(panel: pd.DataFrame) -> None:
    silent = candidate(panel, panel["risk"], speaks=False)
    assert not judge_candidate(silent, standing(), panel).publish
    assert judge_candidate(silent, None, panel).publish
    assert "7 more accounts have left" in judge_candidate(silent, None, panel).reason.en
    silent.outcomes_, silent.missing_outcomes_ = 25, 20
    assert "20 more accounts have stayed" in judge_candidate(silent, None, panel).reason.en


def test_a_choice_by_hand_holds_until_a_newer_fit_is_better_since(panel: pd.DataFrame) -> None:
    since, later = DAY.date(), (DAY + pd.Timedelta(days=120)).date()
    good, bad = candidate(panel, panel["risk"]), standing(noise=0.15)
    assert judge_candidate(good, bad, panel, DAY.date(), since).publish
    held = judge_candidate(good, bad, panel, DAY.date(), later)
    assert not held.publish
    assert "chosen by hand" in held.reason.en
    assert not judge_candidate(good, standing(), panel, DAY.date(), since).publish, "as good is not better"
    assert judge_candidate(good, standing(), panel, DAY.date()).publish
    assert not judge_candidate(good, standing(speaks=False), panel, DAY.date(), since).publish


@pytest.mark.django_db
def test_the_level_follows_what_came_lately(panel: pd.DataFrame) -> None:
    version = ForecastModel.objects.create(
        horizon=90, version=3, as_of=DAY.date(), outcome="churn:90", base_rate=0.1
    )
    logit = np.log(panel["risk"] / (1 - panel["risk"]))

    def forecaster(shift: float, mended: float = 0.0) -> Any:
        return SimpleNamespace(
            last_day_="2025-12-31",
            decision_function=lambda rows: logit.loc[rows.index].to_numpy() + shift,
            to_dict=lambda: {"shift": shift},
            recalibrated=lambda rows: forecaster(mended),
        )

    seen = (date(2026, 5, 31), 12)
    found = recalibrated(version, forecaster(-0.5), panel, NOW, seen)
    assert found is not None
    assert (found.version, found.recalibrated, found.state, found.base_rate) == (
        4,
        version,
        {"shift": 0.0},
        0.1,
    )
    assert (found.as_of, found.facts_generation) == seen, "what it has seen since is no test of it"
    assert (found.rows, found.outcomes) == (600, int(panel["label"].sum()))
    assert found.trained_on["recalibrated"] == {"rows": 600, "outcomes": found.outcomes}
    assert "higher" in found.reason_en
    assert "高め" in found.reason_ja
    assert recalibrated(version, forecaster(-0.05), panel, NOW, seen) is None, "not worth a version"
    assert recalibrated(version, forecaster(-0.5), panel[panel["label"] == 0], NOW, seen) is None, "no losses"


def test_a_record_says_what_was_said_and_what_came(panel: pd.DataFrame) -> None:
    told = summary(panel.rename(columns={"risk": "probability", "label": "outcome"}))
    assert told["n"] == 600
    assert abs(told["said"] - told["came"]) < 0.05
    assert told["brier_skill"] > 0
    few = summary(
        panel.head(3).rename(columns={"risk": "probability", "label": "outcome"}).assign(outcome=0.0)
    )
    assert (few["n"], few["auc"], few["left"]) == (3, None, 0)


def test_learned_numbers_become_plain() -> None:
    told = as_plain(
        {"a": np.float64(1.5), "b": [np.int64(2), float("nan")], "c": (DAY,), "d": np.array([1.0])}
    )
    assert told == {"a": 1.5, "b": [2, None], "c": ["2026-01-31"], "d": [1.0]}
    assert alike(told, told | {"a": 1.5 + 1e-12})
    assert not alike(told, told | {"a": 1.51})
    assert not alike(told, told | {"e": None})
