"""Discrimination, rates, lead time."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from enishi.forecasts.api import (
    alarms_per_week,
    auc,
    auc_difference,
    auc_with_interval,
    brier_skill,
    calibration_error,
    clustered_rate,
    lead_times,
    lift_at,
    observed_rate_by_band,
    wilson,
)

rows = st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=60)


@given(rows)
def test_auc_is_the_librarys_also_with_ties(rows):
    y, s = zip(*rows, strict=True)
    if len(set(y)) == 1:
        assert auc(y, s) is None
    else:
        assert auc(y, s) == pytest.approx(roc_auc_score(y, s))


def test_scores_without_bound_are_ranked_like_others():
    assert auc([0, 1, 0, 1], [-np.inf, np.inf, 0, np.inf]) == 1
    assert auc([0, 1], [np.inf, np.inf]) == 0.5


def test_interval_resamples_accounts_not_rows():
    random = np.random.default_rng(3)
    account_score, account_churn = random.normal(size=40), random.random(40) < 0.4
    repeat = 25
    y, s, g = (np.repeat(x, repeat) for x in (account_churn, account_score, np.arange(40)))
    many = auc_with_interval(y, s, g, seed=1)
    once = auc_with_interval(account_churn, account_score, np.arange(40), seed=1)
    rows_as_if_independent = auc_with_interval(y, s, np.arange(y.size), seed=1)
    assert many.value == pytest.approx(once.value)
    assert (many.high - many.low) == pytest.approx(once.high - once.low, rel=0.05)
    assert (many.high - many.low) > 3 * (rows_as_if_independent.high - rows_as_if_independent.low)
    assert (many.n, many.clusters) == (1000, 40)


def test_interval_covers_the_truth_about_as_often_as_it_says():
    """200 worlds of 80 accounts with a known AUC; a 90 % interval should hold it 90 % of the time."""
    random = np.random.default_rng(11)
    truth, held = 0.7602, 0  # P(N(1,1) > N(0,1)) = Phi(1/sqrt 2)
    for world in range(200):
        y = random.random(80) < 0.4
        s = random.normal(size=80) + y
        found = auc_with_interval(y, s, np.arange(80), n_boot=200, seed=world, level=0.9)
        held += found.low <= truth <= found.high
    assert 165 <= held <= 195


def test_paired_difference_of_a_score_with_itself_is_nothing():
    y, s, g = [0, 1, 0, 1, 1], [1, 2, 3, 4, 5], [1, 1, 2, 3, 4]
    same = auc_difference(y, s, s, g)
    assert (same.value, same.low, same.high) == (0, 0, 0)


def test_shuffled_labels_are_worth_a_coin():
    random = np.random.default_rng(5)
    values = []
    for _ in range(60):
        scores, labels = random.normal(size=1000), random.permutation(np.repeat([0, 1], [800, 200]))
        values.append(auc(labels, scores))
    assert abs(np.mean(values) - 0.5) < 4 * np.std(values) / np.sqrt(len(values))
    assert 0.015 < np.std(values) < 0.035, "Mann-Whitney's standard error for 200 against 800 is 0.0228"


def test_rates_by_band_leave_empty_bands_open_and_do_not_feign_certainty():
    rates = observed_rate_by_band([1, 1, 0, 0, 0], ["red", "red", "red", "green", "green"], [1, 2, 3, 4, 4],
                                  ("red", "yellow", "green"))  # fmt: skip
    assert rates["red"].value == pytest.approx(2 / 3)
    assert rates["yellow"].value is None
    assert rates["green"].value == 0
    assert rates["green"].high > 0.5, "one account that stayed proves little"
    assert clustered_rate([1, 1], [1, 2]).low < 0.5


def test_wilson_gives_the_published_interval():
    """Newcombe 1998, Stat. Med. 17: 81 of 263 -> 0.2553 … 0.3662."""
    found = wilson(81, 263)
    assert (round(found.low, 4), round(found.high, 4)) == (0.2553, 0.3662)


def test_calibration_of_an_honest_forecaster():
    random = np.random.default_rng(2)
    p = random.uniform(0.05, 0.6, 20000)
    y = random.random(20000) < p
    assert calibration_error(y, p) < 0.02
    assert calibration_error(y, np.clip(p * 2, 0, 1)) > 0.2
    assert brier_skill(y, p) > 0.05 > 0 > brier_skill(y, 1 - p)


def test_lift_compares_the_top_with_all():
    y = [1] * 5 + [0] * 95
    assert lift_at(y, range(100, 0, -1), 0.05) == pytest.approx(20)
    assert lift_at([0, 0], [1, 2]) is None


def test_lead_time_counts_the_alarm_that_still_stood():
    start = date(2026, 1, 5)
    weeks = [start + timedelta(weeks=w) for w in range(8)]
    flags = {1: "00011111", 2: "11100000", 3: "11011111"}
    alarms = pd.DataFrame(
        [(d, a, f == "1") for a, s in flags.items() for d, f in zip(weeks, s, strict=True)],
        columns=["as_of", "account_id", "alarmed"],
    )
    churn = start + timedelta(weeks=8)
    found = lead_times(alarms, pd.DataFrame({"account_id": [1, 2, 3], "churned_on": [churn] * 3}), 400)
    lead = dict(zip(found.account_id, found.lead_days, strict=True))
    assert lead[1] == 35
    assert np.isnan(lead[2]), "an alarm withdrawn long before warned nobody"
    assert lead[3] == 35, "the earlier alarm had been withdrawn"
    assert alarms_per_week(alarms) == pytest.approx(4 / 7)
