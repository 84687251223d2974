"""Ways out name what can be done: never the score itself, never the unreachable, and the score follows its measures."""

import numpy as np
import pytest

from enishi.forecasts import ChurnForecaster
from enishi.forecasts.drivers import words_of
from enishi.forecasts.features import Feature
from enishi.forecasts.tests.leavers import make_panel, without_truth
from enishi.forecasts.ways import grid_of

MOVES = {"use": 12.0, "tickets": -5.0}  # points of the score per unit


class Made:
    """A score of two measures, told for the rows of a panel."""

    feature = "card"

    def __init__(self, rows, moves=None):
        self.rows, self.moves = rows, MOVES if moves is None else moves

    def after(self, row, changes, name, values):
        own, told = self.rows.iloc[row], dict(changes) | {name: values}
        moved = sum(self.moves.get(one, 0.0) * (after - own[one]) for one, after in told.items())
        return np.round(np.clip(own["card"] + moved + 0 * values, 0, 100), 1)


@pytest.fixture(scope="module")
def world():
    found = make_panel(300, 10, seed=5)
    return found.assign(card=found["card"].round(1))


@pytest.fixture(scope="module")
def forecaster(world):
    return ChurnForecaster(90, prior={"card": -0.05}).fit(without_truth(world))


@pytest.fixture(scope="module")
def worst(world, forecaster):
    said = forecaster.predict(world)["probability"]
    return world.loc[said.nlargest(25).index].reset_index(drop=True)


def test_the_score_follows_its_measures_and_what_is_promised_is_what_the_model_says(forecaster, worst):
    behind = Made(worst)
    found = forecaster.exits_of(worst, below=0.3, behind=behind)
    assert sum(map(bool, found)) > 15
    for i, ways in enumerate(found):
        for way in ways:
            after = {one["feature"]: one["after"] for one in way["changes"]}
            assert set(after) <= {"use", "tickets", "noise", "sparse"}, "never the score, never the plan"
            name = way["changes"][-1]["feature"]
            before = {one: value for one, value in after.items() if one != name}
            score = behind.after(i, before, name, np.array([after[name]]))[0]
            changed = worst.iloc[[i]].assign(**after, card=score)
            assert forecaster.predict_proba(changed)[0, 1] == pytest.approx(way["probability"], abs=1e-6)
            assert way["probability"] < 0.3


def test_a_measure_reaches_further_with_its_score_than_alone(forecaster, worst):
    alone = forecaster.exits_of(worst, below=0.3, changeable=["use"])
    with_score = forecaster.exits_of(worst, below=0.3, changeable=["use"], behind=Made(worst))
    assert sum(map(bool, with_score)) >= sum(map(bool, alone))
    both = [(a[0], b[0]) for a, b in zip(alone, with_score, strict=True) if a and b]
    assert all(b["changes"][0]["after"] <= a["changes"][0]["after"] for a, b in both)
    assert any(b["changes"][0]["after"] < a["changes"][0]["after"] for a, b in both)


def test_values_nobody_has_are_never_asked_for_and_where_nothing_suffices_nothing_is_said(
    forecaster, world, worst
):
    behind = Made(worst)
    for way in (way for ways in forecaster.exits_of(worst, below=0.3, behind=behind) for way in ways):
        assert len(way["changes"]) <= 3
        names = [one["feature"] for one in way["changes"]]
        assert len(set(names)) == len(names)
        for one in way["changes"]:
            low, high = world[one["feature"]].quantile([0.04, 0.96])
            assert low <= one["after"] <= high
    assert not any(forecaster.exits_of(worst, below=1e-4, behind=behind))


def test_measures_of_one_matter_are_not_added_up(world):
    doubled = without_truth(world).assign(events_28=np.exp(world["use"] + 3).round(), tickets_open=0.0)
    doubled["events_90"] = (3 * doubled["events_28"]).round()
    doubled = doubled.drop(columns=["use", "card", "sparse"])
    forecaster = ChurnForecaster(90).fit(doubled)
    said = forecaster.predict(doubled)["probability"]
    risky = doubled.loc[said.nlargest(25).index].reset_index(drop=True)
    for below in (0.3, 0.12, 0.05):
        for ways in forecaster.exits_of(risky, below=below):
            for way in ways:
                assert not {"events_28", "events_90"} <= {one["feature"] for one in way["changes"]}
            assert sum(way["feature"].startswith("events") for way in ways) <= 1


@pytest.mark.parametrize(
    ("unit", "low", "high", "whole"),
    [
        ("score", -0.54, 0.6, False),
        ("score", 5.2, 9.7, True),
        ("hours", 4.55, 125.6, True),
        ("count", 0.0, 1.0, True),
    ],
)
def test_a_way_out_stays_within_what_customers_show(unit, low, high, whole):
    """A tone of .6 at best is no promise of 1, and 9.7 none of 10."""
    values = grid_of(Feature("tone", "number", typical=(low, (low + high) / 2, high)), unit)
    assert low <= values.min() < values.max() <= high
    assert bool((values == np.round(values)).all()) is whole


def test_measures_made_of_others_are_told_with_their_unit():
    told = words_of("own_past_vs_book", {}, {}).value(-0.69)
    assert (told.en, told.ja) == ("−50%", "−50%")
    assert words_of("mentions_price", {}, {}).value(9.0).ja == "9件"
