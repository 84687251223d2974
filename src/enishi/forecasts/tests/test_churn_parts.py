"""The parts of the churn forecaster: priors, curves, steps, folds, selection, drift, judgement."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression

from enishi.forecasts.backcast import Backcast
from enishi.forecasts.calibration import UNCHANGED, Recalibration, recalibrate
from enishi.forecasts.challenger import Challenger, fit_challenger
from enishi.forecasts.champion import STRENGTHS, fit_all
from enishi.forecasts.churn import LEVEL, ChurnForecaster
from enishi.forecasts.drift import calibration_drift
from enishi.forecasts.features import as_text, curves, is_number, learn_design, numbers
from enishi.forecasts.folds import Folds, make_folds
from enishi.forecasts.leaving import SHARED, _stated
from enishi.forecasts.logistic import covariance, expit, fit_logistic, log_odds, weighed_products
from enishi.forecasts.rows import Rows, labelled_rows, one_thread, sampled
from enishi.forecasts.selection import Judged, judged_on, select, told_then
from enishi.forecasts.steps import as_steps, boost_steps
from enishi.forecasts.tests.leavers import make_panel, without_truth
from enishi.forecasts.trust import average_precision, evaluate, expected_calibration_error, precision_at
from enishi.metrics.registry import REGISTRY


@pytest.fixture(scope="module")
def rows():
    return labelled_rows(without_truth(make_panel(250, 8, seed=7)), 90)


def test_with_prior_means_of_zero_it_is_ridge_regression(rows):
    x = rows.panel[["use", "tickets"]].to_numpy()
    found = fit_logistic(x, rows.labels, means=np.zeros(2), precision=np.full(2, 4.0), usual=0.0)
    library = LogisticRegression(C=0.25, tol=1e-10, max_iter=1000).fit(x, rows.labels)
    assert found.coefficients[1:] == pytest.approx(library.coef_[0], abs=5e-3)


def test_products_do_not_depend_on_how_many_cores_share_them(monkeypatch):
    random = np.random.default_rng(5)
    rows, weights = random.normal(size=(70_001, 3)), random.random(70_001)
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    shared = weighed_products(rows, weights)
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    assert (weighed_products(rows, weights) == shared).all()
    assert shared == pytest.approx((rows * weights[:, None]).T @ rows, rel=1e-12, abs=1e-9)
    assert (weighed_products(rows[:0], weights[:0]) == np.zeros((3, 3))).all()


def test_a_loss_told_six_times_has_no_more_say_than_once(rows):
    """Rows told again change nothing; rows of an account that differ count for more than one, but not in full."""
    once = rows.take(np.flatnonzero(~pd.Series(rows.accounts).duplicated().to_numpy()))
    design, _ = learn_design(once.panel, priors=("card",), knots=0)
    matrix, strength = design.matrix(once.panel), STRENGTHS[4:5]
    alone = fit_all(design, matrix, once.labels, once.accounts, {"card": -0.05}, strength)[0]
    six = (np.tile(matrix, (6, 1)), np.tile(once.labels, 6), np.tile(once.accounts, 6))
    again = fit_all(design, *six, {"card": -0.05}, strength)[0]
    assert (alone.weight, again.weight) == (1.0, pytest.approx(1 / 6))
    assert again.coefficients == pytest.approx(alone.coefficients, abs=1e-6)
    every = fit_all(design, design.matrix(rows.panel), rows.labels, rows.accounts, {"card": -0.05}, strength)[
        0
    ]
    assert 0.5 < every.weight <= 1.0, "what an account does differs from month to month here"


def test_without_rows_the_fit_is_the_prior():
    means = np.array([-1.0, 0.5])
    found = fit_logistic(
        np.zeros((0, 2)), np.zeros(0), means=means, precision=np.ones(2), usual=log_odds(0.1)
    )
    assert found.coefficients == pytest.approx([log_odds(0.1), -1.0, 0.5])


def test_rows_told_again_make_nothing_more_certain(rows):
    x = rows.panel[["use"]].to_numpy()
    fit = fit_logistic(x, rows.labels, means=np.zeros(1), precision=np.full(1, 1e-6), usual=-2.0)
    once = covariance(fit, x, rows.labels, np.arange(len(x)))
    again = covariance(
        fit, np.repeat(x, 5, axis=0), np.repeat(rows.labels, 5), np.repeat(np.arange(len(x)), 5)
    )
    assert again[1, 1] == pytest.approx(once[1, 1], rel=0.05)


def test_a_spline_is_straight_beyond_its_outer_knots():
    x = np.linspace(-5, 5, 201)
    for column in curves(x, (-2.0, 0.0, 1.0, 2.0)):
        bend = np.diff(column, 2)
        assert np.abs(bend[x[1:-1] > 2.05]).max() < 1e-9
        assert np.abs(bend[x[1:-1] < -2.05]).max() < 1e-9
        assert np.abs(bend).max() > 1e-6


def test_columns_are_read_for_what_they_are():
    many = pd.DataFrame(
        {
            "as_of": pd.Timestamp(2026, 1, 1),
            "days_since_last_seen": np.r_[np.arange(98.0), np.nan, np.nan],
            "total": [" ", *map(str, range(99))],
            "plan": ["a", "b"] * 50,
            "id": [f"c{i}" for i in range(100)],
            "record_kinds": np.arange(100.0),
            "constant": 1.0,
            "empty": np.nan,
            "when": pd.Timestamp(2025, 1, 1),
            "flag": [True, False] * 50,
        }
    )
    design, left_out = learn_design(many, knots=4, known=REGISTRY)
    kinds = {f.name: f.kind for f in design.features}
    assert kinds == {
        "days_since_last_seen": "number",
        "total": "number",
        "plan": "category",
        "flag": "number",
    }
    why = {"id": "identifier", "constant": "constant", "empty": "empty", "when": "date"}
    assert left_out == why | {"record_kinds": "records"}
    assert design.get("days_since_last_seen").log
    assert design.get("days_since_last_seen").direction == -1
    assert design.matrix(many).mean(axis=0) == pytest.approx(0.0, abs=1e-9)
    assert len(design.owners) == len(design.sorts) == design.matrix(many).shape[1]
    assert is_number(many["total"])
    assert np.isnan(numbers(many["total"])[0])
    assert list(as_text(pd.Series([None, "x"]))) == ["", "x"]


def test_points_that_are_the_same_of_everyone_are_no_column():
    """Their deviation is a rounding of their mean; a customer with other points would lie far outside the world."""
    for points in (33.3, 0.1, 1e9 / 3):
        frame = pd.DataFrame({"card": np.full(90, points)})
        design, left_out = learn_design(frame, priors=("card",))
        assert not design.features, points
        assert left_out == {"card": "constant"}


def test_missing_values_that_fall_together_are_told_once():
    random = np.random.default_rng(0)
    gone = random.random(200) < 0.3
    frame = pd.DataFrame({name: np.where(gone, np.nan, random.normal(size=200)) for name in "ab"})
    design, _ = learn_design(frame)
    assert [f.missing is not None for f in design.features] == [True, False]
    assert design.features[1].like == "a"


def test_steps_are_the_boosting_they_were_read_from():
    random = np.random.default_rng(1)
    x = random.normal(size=(800, 4))
    x[random.random(x.shape) < 0.1] = np.nan
    y = (random.random(800) < expit(np.nan_to_num(x[:, 0]) - 1)).astype(float)
    model = boost_steps(x, y, trees=40)
    steps = as_steps(model, 4)
    new = np.r_[random.normal(size=(300, 4)) * 2, np.full((1, 4), np.nan)]
    with one_thread():
        expected = model.decision_function(new)
    assert steps.logit(new) == pytest.approx(expected, abs=1e-9)


def test_the_challenger_adds_up_and_keeps_declared_directions(rows):
    panel = rows.panel.rename(columns={"use": "active_days_28"})
    design, _ = learn_design(panel, known=REGISTRY)
    found = fit_challenger(design, panel, rows.labels, rows.accounts, seed=0, bags=3)
    assert found.parts(panel).sum(axis=1) + found.reference == pytest.approx(found.logit(panel), abs=1e-9)
    again = Challenger.from_dict(design, found.as_dict())
    assert (again.logit(panel) == found.logit(panel)).all()
    column = [f.name for f in design.features].index("active_days_28")
    step = found.steps.steps[column]
    assert (np.diff(step.values) <= 1e-12).all()
    assert (found.variance(panel) > 0).any()


def test_folds_learn_only_from_what_had_ended(rows):
    folds = make_folds(rows.keys, seed=0)
    assert folds.later
    for learn, judge in folds.pairs:
        assert rows.keys["ends_on"].iloc[learn].max() <= rows.keys["as_of"].iloc[judge].min()


def test_without_a_later_period_accounts_are_held_out(rows):
    one_day = rows.keys.assign(as_of=pd.Timestamp(2026, 1, 1), ends_on=pd.Timestamp(2026, 4, 1))
    folds = make_folds(one_day, seed=0)
    assert not folds.later
    for learn, judge in folds.pairs:
        assert not set(one_day["account_id"].iloc[learn]) & set(one_day["account_id"].iloc[judge])
    assert make_folds(one_day.head(3), seed=0).pairs == ()


def test_many_rows_are_sampled_by_whole_accounts(rows):
    few = sampled(rows, seed=0, most=400)
    assert 300 < len(few) <= 400
    assert pd.Series(few.accounts).value_counts().nunique() == 1


def test_recalibration_brings_the_level_back_and_a_few_rows_do_not(rows):
    random = np.random.default_rng(3)
    said = random.normal(-2, 1, 5000)
    came = (random.random(5000) < expit(said * 0.6 + 0.4)).astype(float)
    mended = recalibrate(came, said, np.arange(5000)).apply(said)
    assert expit(mended).mean() == pytest.approx(came.mean(), abs=0.01)
    slope = recalibrate(came, said, np.arange(5000)).slope
    assert slope == pytest.approx(0.6, abs=0.08)
    assert abs(recalibrate(came[:20], said[:20], np.arange(20)).slope - 1) < 0.25
    assert recalibrate(np.zeros(9), said[:9], np.arange(9)) == UNCHANGED
    twice = Recalibration(0.3, 0.8, -2.0).then(Recalibration(-0.1, 1.2, -1.0))
    logit = np.array([-3.0, 0.0, 2.0])
    other = Recalibration(-0.1, 1.2, -1.0)
    assert twice.apply(logit) == pytest.approx(other.apply(Recalibration(0.3, 0.8, -2.0).apply(logit)))


# --------------------------------------------------------------------------------------- selection


def _judged(better: float, later: bool = True) -> Judged:
    random = np.random.default_rng(5)
    truth = random.normal(-1.5, 1.2, 1500)
    labels = (random.random(1500) < expit(truth)).astype(float)
    champion = truth + 0.8 * random.normal(size=1500)
    challenger = truth + (0.8 - better) * random.normal(size=1500)
    return Judged(labels, champion, challenger, np.arange(1500) // 3, later)


def test_a_challenger_stands_only_where_it_is_better_by_more_than_chance():
    assert select(_judged(0.8), 300, 0)["stands"] == "steps"
    assert select(_judged(0.0), 300, 0)["stands"] == "logistic"
    assert select(_judged(0.8, later=False), 300, 0)["stands"] == "logistic"
    told = select(None, 30, 0)
    assert told["stands"] == "logistic"
    assert "30 accounts" in told["en"]
    assert "30社" in told["ja"]


# ------------------------------------------------------------------------------------ drift, judgement


def test_calibration_drift_needs_more_than_chance():
    random = np.random.default_rng(0)
    p = np.full(600, 0.1)
    groups = np.arange(600) // 2
    assert not calibration_drift(random.random(600) < 0.1, p, groups)["off"]
    assert calibration_drift(random.random(600) < 0.25, p, groups)["off"]
    assert calibration_drift([], [], [])["observed"] is None


def test_average_precision_is_the_librarys():
    from sklearn.metrics import average_precision_score

    random = np.random.default_rng(2)
    y, s = (random.random(300) < 0.2).astype(float), random.normal(size=300)
    found = average_precision(y, s, np.arange(300), draws=50)
    assert found.value == pytest.approx(average_precision_score(y, s))


def test_precision_at_capacity_counts_each_day_apart():
    y = np.array([1, 0, 0, 1, 1, 0.0])
    score = np.array([3, 2, 1, 3, 2, 1.0])
    days = np.array(["2026-01-01"] * 3 + ["2026-02-01"] * 3, dtype="datetime64[D]")
    assert precision_at(y, score, np.arange(6), days, 1).value == 1.0
    assert precision_at(y, score, np.arange(6), days, 2).value == 0.75


def test_a_perfect_forecast_shows_the_calibration_error_it_is_expected_to_show():
    random = np.random.default_rng(4)
    p = random.uniform(0.02, 0.6, 2000)
    y = (random.random(2000) < p).astype(float)
    once = np.zeros(2000)
    found = expected_calibration_error(y, p, np.arange(2000), once)
    assert 0 < found["value"] < found["high"]
    again = expected_calibration_error(y, p, np.arange(2000) // 4, once)
    assert again["expected"] > 1.05 * found["expected"]


def test_the_months_before_a_renewal_tell_of_one_outcome():
    """200 renewals, seen on seven month-ends each: as if 200 rows were judged, not 1,400."""
    random = np.random.default_rng(5)
    account, month = np.repeat(np.arange(200), 7), np.tile(np.arange(7), 200)
    p = np.repeat(random.uniform(0.05, 0.6, 200), 7)
    y = np.repeat((random.random(200) < p[::7]).astype(float), 7)
    as_of = pd.Timestamp(2025, 1, 31) + pd.to_timedelta(30 * month, unit="D")
    rows = pd.DataFrame({"as_of": as_of, "account_id": account, "label": y, "probability": p})
    rows["ends_on"] = pd.Timestamp(2025, 10, 1)
    told = [evaluate(part, horizon_days=0)["ece"] for part in (rows, rows[month == 0])]
    assert told[0]["expected"] == pytest.approx(told[1]["expected"], rel=0.2)
    assert told[0]["value"] < told[0]["high"]


def test_who_stands_is_chosen_before_it_is_judged():
    """A challenger that tells only the last period well is not reported for having done so."""
    random = np.random.default_rng(8)
    n, blocks = 400, 4
    block = np.repeat(np.arange(blocks), n)
    y = (random.random(n * blocks) < 0.3).astype(float)
    as_of = pd.Timestamp(2025, 1, 31) + pd.to_timedelta(60 * block, unit="D")
    keys = pd.DataFrame({"as_of": as_of, "ends_on": as_of + pd.Timedelta(days=30), "label": y})
    keys["account_id"] = np.arange(n * blocks)
    rows = Rows(pd.DataFrame(index=keys.index), y, keys["account_id"].to_numpy(), keys)
    at = np.arange(n * blocks)
    folds = Folds(tuple((at[:0], at[block == one]) for one in range(blocks)), later=True)
    flat, sharp = np.full(n * blocks, -0.85), np.where(y == 1, 2.0, -2.0)
    told = partial(Backcast, at, block, flat[None], chosen=0, recalibration=UNCHANGED)
    champion = told(said=flat)
    late = told(said=np.where(block == 3, sharp, flat))
    assert select(judged_on(rows, folds, champion, late), 400, 0)["stands"] == "steps"
    assert (told_then(rows, folds, champion, late, 0) == flat).all()
    always = told_then(rows, folds, champion, told(said=sharp), 0)
    assert (always[block == 0] == flat[block == 0]).all()
    assert (always[block > 1] == sharp[block > 1]).all()


def test_nothing_to_judge_is_said_so():
    empty = pd.DataFrame({"as_of": [], "account_id": [], "label": [], "probability": []})
    assert evaluate(empty)["auc"] is None


def test_the_spread_of_stated_probabilities_is_read_at_their_own_level():
    class Book(list):
        accounts = np.array([1, 2])

    own = 0.4  # of the log-odds
    reach = norm.ppf((1 + LEVEL) / 2) * own
    said = pd.DataFrame({"account_id": [1, 2], "horizon": 90, "probability": 0.3})
    middle = log_odds(0.3)
    said = said.assign(low=expit(middle - reach), high=expit(middle + reach))
    _, level = _stated(Book([1, 2]), said)
    assert level == pytest.approx(np.sqrt(SHARED) * own)


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_where_all_left_or_all_stayed_no_rate_is_said(label: float) -> None:
    rows = pd.DataFrame({"label": label, "seats": np.arange(30.0), "account_id": range(30)})
    found = ChurnForecaster(90).fit(rows.assign(as_of=pd.Timestamp("2026-01-01")))
    assert (found.base_rate_, found.speaks_) == (None, False)
