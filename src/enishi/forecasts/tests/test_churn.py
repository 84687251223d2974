"""The churn forecaster against worlds whose truth is known."""

import json

import numpy as np
import pandas as pd
import pytest

from enishi.forecasts import (
    BetaGeometricNBD,
    ChurnForecaster,
    GammaGamma,
    ShiftedBetaGeometric,
    TenureHazard,
)
from enishi.forecasts.evaluation import auc
from enishi.forecasts.tests.leavers import make_panel, without_truth
from enishi.kit.errors import EnishiError

CARD = {"card": -0.05}


@pytest.fixture(scope="module")
def world():
    return make_panel(300, 12, seed=1)


@pytest.fixture(scope="module")
def forecaster(world):
    return ChurnForecaster(90, prior=CARD).fit(without_truth(world))


def test_it_finds_the_truth_and_its_probabilities_are_near_it(world, forecaster):
    later = make_panel(400, 3, seed=2)
    said = forecaster.predict(without_truth(later))
    assert forecaster.speaks_
    assert np.corrcoef(said["probability"], later["truth"])[0, 1] > 0.97
    assert said["probability"].mean() == pytest.approx(later["truth"].mean(), abs=0.02)
    assert auc(later["label"], said["probability"]) > auc(later["label"], -later["card"]) + 0.02
    sizes = {one["feature"]: one["size"] for one in forecaster.weights()}
    assert sizes["noise"] < 0.2 < sizes["tickets"]


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    held = []
    for seed in range(6):
        world = make_panel(120, 6, seed=100 + seed)
        said = ChurnForecaster(90).fit(without_truth(world).drop(columns="card")).predict(world)
        held.append(((said["low"] <= world["truth"]) & (world["truth"] <= said["high"])).mean())
    assert 0.8 < np.mean(held) <= 0.98, held


def test_contributions_add_up(world, forecaster):
    parts = forecaster.contributions(world)
    total = parts.sum(axis=1) + forecaster.reference_
    assert total.to_numpy() == pytest.approx(forecaster.decision_function(world), abs=1e-9)


def test_its_state_is_json_and_says_the_same_to_the_last_digit(world, forecaster):
    back = ChurnForecaster.from_dict(json.loads(json.dumps(forecaster.to_dict())))
    pd.testing.assert_frame_equal(back.predict(world), forecaster.predict(world), check_exact=True)
    pd.testing.assert_frame_equal(
        back.contributions(world), forecaster.contributions(world), check_exact=True
    )
    assert back.drivers(world.head(3)) == forecaster.drivers(world.head(3))
    assert back.to_dict() == forecaster.to_dict()


def test_a_state_of_another_format_is_refused_by_name(forecaster):
    with pytest.raises(EnishiError) as caught:
        ChurnForecaster.from_dict(forecaster.to_dict() | {"format": 99})
    assert caught.value.code == "unknown_forecast_format"


def test_rows_without_a_label_teach_nothing(world):
    known = without_truth(world)
    open_rows = known.tail(600).assign(label=np.nan, use=99.0)
    both = pd.concat([known, open_rows], ignore_index=True)
    alone, with_open = (ChurnForecaster(90).fit(panel) for panel in (known, both))
    assert with_open.censored_ == 600
    assert with_open.predict_proba(known) == pytest.approx(alone.predict_proba(known), abs=1e-12)


def test_shuffled_labels_tell_nothing():
    world = without_truth(make_panel(300, 10, seed=5))
    random = np.random.default_rng(0)
    world["label"] = random.permutation(world["label"].to_numpy())
    past = ChurnForecaster(90).fit(world).past_
    assert auc(past["label"], past["probability"]) == pytest.approx(0.5, abs=0.06)
    assert past["probability"].std() < 0.05


def test_the_outcome_under_another_name_is_refused(world):
    leaking = without_truth(
        world, status=np.where(world["label"] == 1, "gone", "here"), days_left=world["label"] * -30.0
    )
    found = ChurnForecaster(90).fit(leaking)
    assert {leak.column for leak in found.leaks_} == {"status", "days_left"}
    assert "status" not in found.contributions(leaking)
    assert found.report()["evaluation"]["auc"]["value"] < 0.9


# ------------------------------------------------------------------------------------ from day one on


def test_without_outcomes_the_order_is_the_scorecards(world):
    first = without_truth(world[world["as_of"] == world["as_of"].min()]).assign(label=0.0)
    found = ChurnForecaster(90, prior=CARD).fit(first)
    assert not found.speaks_
    assert found.missing_outcomes_ == 20
    assert found.predict(first)["probability"].isna().all()
    assert auc(first["card"] < 50, found.decision_function(first)) > 0.999


def test_from_the_scorecard_to_the_data_there_is_no_break(world):
    """With ever more outcomes the order moves from the scorecard's to the truth's, step by step."""
    later = make_panel(400, 2, seed=9)
    days = sorted(world["as_of"].unique())
    seen, before = [], None
    for accounts, many in ((300, 0), (20, 2), (40, 3), (80, 4), (150, 6), (300, 12)):
        part = without_truth(world[world["account_id"] < accounts])
        part = part[part["as_of"].isin(days[: max(many, 1)])]
        part = part if many else part.assign(label=np.nan)
        logit = ChurnForecaster(90, prior=CARD).fit(part).decision_function(later)
        ranks = pd.Series(logit).rank()
        if before is not None:
            assert ranks.corr(before) > 0.8
        before = ranks
        seen.append((ranks.corr(-later["card"].rank()), ranks.corr(later["truth"].rank())))
    to_card, to_truth = zip(*seen, strict=True)
    assert to_card[0] == pytest.approx(1.0)
    assert to_truth[-1] > 0.97 > to_truth[0]
    assert to_card[1] > 0.9


@pytest.mark.parametrize(
    "panel",
    [
        pd.DataFrame({"label": [1.0, 0.0, 0.0], "x": [1.0, 2.0, 3.0]}),
        pd.DataFrame({"label": [1.0] * 30, "x": np.arange(30.0)}),
        pd.DataFrame({"label": [np.nan] * 5, "x": np.arange(5.0)}),
        pd.DataFrame({"label": [0.0] * 5, "x": [1.0] * 5, "y": [np.nan] * 5, "z": ["a"] * 5}),
        pd.DataFrame({"label": [0.0, 1.0]}),
        pd.DataFrame({"label": pd.Series(dtype=float), "x": pd.Series(dtype=float)}),
    ],
    ids=["three rows", "one class", "no label", "constant", "no feature", "no row"],
)
def test_too_little_to_learn_from_is_no_error(panel):
    found = ChurnForecaster(90).fit(panel)
    assert not found.speaks_
    assert found.missing_outcomes_ > 0
    assert found.predict(panel).isna().all().all()
    assert found.predict_proba(panel).shape == (len(panel), 2)
    assert np.isnan(found.predict_proba(panel)).all()
    assert found.report(panel)["evaluation"]["n"] >= 0
    json.dumps(found.to_dict())


def test_a_label_that_is_none_is_named():
    with pytest.raises(EnishiError, match="neither 0 nor 1"):
        ChurnForecaster().fit(pd.DataFrame({"label": [0, 2], "x": [1, 2]}))
    with pytest.raises(EnishiError, match="no column 'label'"):
        ChurnForecaster().fit(pd.DataFrame({"x": [1, 2]}))


def test_what_it_never_saw_counts_as_average(forecaster, world):
    rows = without_truth(world.head(2)).assign(plan=["Enterprise", "Enterprise"])
    assert (forecaster.contributions(rows)["plan"] == 0).all()
    bare = rows[["as_of", "account_id"]]
    with pytest.warns(UserWarning, match="lacks 'use', 'tickets'"):
        assert np.isfinite(forecaster.decision_function(bare)).all()
    with pytest.warns(UserWarning, match="lacks 'use' of the 6 columns"):
        forecaster.predict_proba(rows.drop(columns="use").rename(columns={"unused": "Use"}))


# ------------------------------------------------------------------------------------- reasons, ways out


def test_drivers_name_value_usual_value_and_effect(forecaster, world):
    row = world.loc[[world["use"].idxmin()]]
    first = forecaster.drivers(row)[0][0]
    assert first["feature"] in ("use", "card")
    assert first["effect"] > 0
    assert "usually" in first["en"]
    assert "通常は" in first["ja"]


def test_a_usual_value_is_no_reason(forecaster, world):
    found = forecaster.drivers(without_truth(world))
    assert any(found)
    for one in (one for row in found for one in row):
        assert one["usual"] is None or one["value"] != one["usual"], one["en"]


def test_what_has_not_learned_says_so():
    new = ChurnForecaster(30)
    assert repr(new).startswith("ChurnForecaster(horizon_days=30")
    assert "not fitted" in repr(new)
    with pytest.raises(EnishiError, match="fit"):
        new.predict_proba(pd.DataFrame({"x": [1.0]}))
    assert not hasattr(new, "past_")
    with pytest.raises(AttributeError):
        new.no_such  # noqa: B018
    for other in (ShiftedBetaGeometric(), BetaGeometricNBD(), GammaGamma(), TenureHazard()):
        assert "not fitted" in repr(other)
    with pytest.raises(EnishiError, match="fit"):
        BetaGeometricNBD().p_alive(2, 10, 20)
    with pytest.raises(EnishiError, match="fit"):
        ShiftedBetaGeometric().survival(3)
    assert "alpha_=" in repr(ShiftedBetaGeometric().fit([1.0, 0.869, 0.743, 0.653, 0.593]))


def test_exits_lead_under_the_threshold(forecaster, world):
    said = forecaster.predict(world)["probability"]
    worst = world.loc[said.nlargest(20).index]
    found = forecaster.exits_of(worst, below=0.2)
    assert sum(map(len, found)) > 10
    for (_, row), ways in zip(worst.iterrows(), found, strict=True):
        for way in ways:
            changed = row.to_frame().T.assign(**{one["feature"]: one["after"] for one in way["changes"]})
            reached = forecaster.predict_proba(changed.infer_objects())[0, 1]
            assert reached < 0.2
            assert reached == pytest.approx(way["probability"], abs=1e-9)
            assert all(one["feature"] != "plan" for one in way["changes"])
            low, high = world[way["feature"]].quantile([0.04, 0.96])
            assert low <= way["changes"][0]["after"] <= high


def test_exits_are_none_below_the_threshold_and_follow_what_can_be_changed(forecaster, world):
    said = forecaster.predict(world)["probability"]
    assert forecaster.exits(world.loc[said.idxmin()], below=0.5) == []
    ways = forecaster.exits(world.loc[said.nlargest(30).index[-1]], below=0.25, changeable=["tickets"])
    assert {one["feature"] for way in ways for one in way["changes"]} <= {"tickets"}


# -------------------------------------------------------------------------------------------- report


def test_the_report_judges_only_rows_it_had_not_learned_from(forecaster, world):
    told = forecaster.report(without_truth(world))
    judged = told["evaluation"]
    assert told["scheme"] == "later"
    assert judged["from"] > world["as_of"].min().date().isoformat()
    assert judged["n"] == len(forecaster.past_) < len(world)
    assert judged["auc"]["low"] < judged["auc"]["value"] < judged["auc"]["high"]
    assert judged["others"]["scorecard"]["auc"]["value"] < judged["auc"]["value"]
    assert judged["ece"]["value"] < 3 * judged["ece"]["expected"]
    assert judged["skill"]["value"] > 0
    assert judged["precision"]["value"] > judged["observed"]["value"]
    json.dumps(told)


def test_a_restored_forecaster_reports_on_later_rows_only(forecaster, world):
    back = ChurnForecaster.from_dict(forecaster.to_dict())
    assert back.report(without_truth(world))["evaluation"]["n"] == 0
    later = make_panel(100, 2, seed=3).assign(as_of=pd.Timestamp(2026, 1, 31))
    assert back.report(without_truth(later))["evaluation"]["n"] == 200


def test_recalibration_follows_recent_outcomes_a_little(forecaster):
    later = make_panel(300, 4, seed=4)
    later["as_of"] += pd.Timedelta(days=800)
    riskier = without_truth(
        later, label=np.maximum(later["label"], np.random.default_rng(0).random(len(later)) < 0.2)
    )
    before, after = (
        f.predict_proba(riskier)[:, 1].mean() for f in (forecaster, forecaster.recalibrated(riskier))
    )
    assert forecaster.recalibrated(riskier).last_day_ == later["as_of"].max().date().isoformat()
    assert before < after <= riskier["label"].mean() + 0.01
    assert (
        forecaster.recalibrated(without_truth(make_panel(5, 1))).recalibration_ == forecaster.recalibration_
    )


def test_where_nothing_is_known_to_tell_customers_apart_everyone_gets_the_rate_of_all(world):
    alone = world[["as_of", "account_id", "label"]]
    forecaster = ChurnForecaster(90).fit(alone.assign(plan="Basic", use=0.1))
    said = forecaster.predict(alone)["probability"]
    assert said.nunique() == 1
    assert said.iloc[0] == pytest.approx(world["label"].mean(), abs=0.02)
