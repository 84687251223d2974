"""Fit: a score that adds up, and an honest test against who stayed and grew."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enishi.forecasts.fitness import (
    LEAST_IN_BAND,
    LEAST_OUTCOMES,
    Part,
    after_a_year,
    band_of,
    check_against_history,
    score_fit,
    suggest_weights,
)

PARTS = (
    Part("channel", "success", 1, 40),
    Part("stated", "success", 2, 40),
    Part("reach", "importance", 1, 35),
    Part("employees", "size", 1, 25),
    Part("seats", "size", 3, 25),
)
POINT = st.one_of(st.none(), st.floats(0, 100))


def _points(rows):
    return pd.DataFrame(rows, columns=[part.id for part in PARTS], dtype=float)


@given(st.lists(st.tuples(*[POINT] * len(PARTS)), min_size=1, max_size=20))
def test_lines_add_up_to_the_score_and_what_is_unknown_brings_nothing(rows):
    points = _points(rows)
    found = score_fit(points, PARTS, optional=("stated",))
    known = points.notna().any(axis=1)
    assert (found.tenths.notna() == known).all()
    assert (found.lines.sum(axis=1)[known] == found.tenths[known]).all()
    assert (found.lines.to_numpy()[points.isna().to_numpy()] == 0).all()
    assert found.shares.sum(axis=1)[known].to_numpy() == pytest.approx(1)
    assert found.coverage.between(0, 1 + 1e-9).all()
    assert found.tenths.dropna().between(0, 1000).all()


def test_half_a_tenth_goes_up_in_whatever_order_it_is_added():
    """(3 x 20.7 + 7 x 93.1 + 2 x 61.0) / 12 is 69.65 exactly, and 69.64999 as floats add it up."""
    parts = [Part(name, name, 1, weight) for name, weight in (("a", 3), ("b", 7), ("c", 2))]
    found = score_fit(pd.DataFrame({"a": [20.7], "b": [93.1], "c": [61.0]}), parts)
    assert found.tenths.tolist() == [697]
    assert found.lines.to_numpy().sum() == 697


def test_a_missing_input_is_left_out_and_said_not_put_in_the_middle():
    found = score_fit(
        _points([(100, None, 100, 100, None), (None, None, 80, None, None)]), PARTS, 0.4, ("stated",)
    )
    assert found.tenths[0] == 1000
    assert found.coverage[0] == pytest.approx((40 + 35 + 25 / 4) / 100)
    assert np.isnan(found.tenths[1]), "a third of the weight is too little"
    assert found.coverage[1] == pytest.approx(0.35)
    assert found.axes.loc[1, "importance"] == 80
    assert np.isnan(found.axes.loc[1, "size"])


def test_a_stated_value_counts_when_there_and_is_not_missed_otherwise():
    found = score_fit(_points([(50, None, 50, 50, 50), (50, 100, 50, 50, 50)]), PARTS, 0, ("stated",))
    assert found.coverage.tolist() == [1, 1]
    assert found.tenths[1] - found.tenths[0] == pytest.approx(1000 * 0.4 * (2 / 3) * 0.5, abs=1)


def test_bands():
    bands = band_of(pd.Series([650.0, 649.0, 400.0, 399.0, np.nan]), 65, 40)
    assert bands.tolist() == ["good", "fair", "fair", "poor", ""]


def _moves(rows):
    return pd.DataFrame(rows, columns=["account_id", "day", "kind", "amount", "after"])


def test_what_had_become_of_a_sale_after_a_year():
    moves = _moves([
        (1, 100, "new", 10, 10), (1, 300, "expansion", 5, 15),  # stayed and grew
        (2, 100, "new", 10, 10), (2, 400, "churn", -10, 0), (2, 420, "reactivation", 10, 10),  # came back: still lost
        (3, 100, "new", 10, 10),  # told in the year that it would leave after it
        (4, 700, "new", 10, 10), (4, 750, "churn", -10, 0),  # its year is not over: censored although lost
        (5, 10, "new", 10, 10),  # from before any loss was recorded
        (6, 100, "new", 10, 10), (6, 600, "churn", -10, 0),  # lost later than a year
    ])  # fmt: skip
    sold = pd.Series({1: 100, 2: 100, 3: 100, 4: 700, 5: 10, 6: 100})
    notices = pd.Series({3: 430.0, 6: 590.0})
    found = after_a_year(moves.sort_values("day", kind="stable"), notices, sold, first_loss=50, until=800)
    assert found["observed"].tolist() == [True, True, True, False, False, True]
    assert found["left"].tolist()[:3] == [0, 1, 1]
    assert found["left"].isna().tolist() == [False, False, False, True, True, False]
    assert found["closing"].tolist()[:3] == [15, 0, 0]
    assert found.loc[4, "left_on"] == 750, "who has left early is known as such, only not counted as a year"
    assert found.loc[6, "left"] == 0
    assert not after_a_year(moves, notices, sold, None, 800)["observed"].any()


def _history(n, seed=0, effect=6.0):
    random = np.random.default_rng(seed)
    axes = pd.DataFrame(random.uniform(10, 90, (n, 3)), columns=["success", "importance", "size"])
    chance = 1 / (1 + np.exp(-(1.2 + effect * (axes["success"] - 50) / 100)))
    left = (random.random(n) > chance).astype(float)
    tenths = (axes @ np.array([0.4, 0.35, 0.25]) * 10).round()
    rows = pd.DataFrame({
        "tenths": tenths, "band": band_of(tenths, 60, 40), "size": axes["size"], "observed": True, "left": left,
        "opening": 100.0, "closing": np.where(left == 1, 0.0, np.where(axes["success"] > 60, 150.0, 100.0)),
        "sold": random.integers(0, 1500, n),
    })  # fmt: skip
    return axes, rows


def test_a_fit_that_tells_is_told_from_size_alone():
    _axes, rows = _history(600)
    found = check_against_history(rows)
    assert found["verdict"] == "beats_size"
    assert found["stayed"]["fit"]["low"] > 0.5
    assert found["grew"]["fit"]["value"] > 0.5
    assert found["stayed"]["size"]["low"] < 0.5 < found["stayed"]["size"]["high"]
    kept = [band["kept"]["value"] for band in found["bands"]]
    assert kept == sorted(kept, reverse=True)
    assert all(band["nrr"]["low"] < band["nrr"]["value"] < band["nrr"]["high"] for band in found["bands"])


def test_shuffled_outcomes_are_not_told():
    _axes, rows = _history(600)
    rows["left"] = np.random.default_rng(1).permutation(rows["left"])
    assert check_against_history(rows)["verdict"] == "unclear"


def test_under_the_minimum_there_is_no_figure_but_what_is_missing():
    _axes, rows = _history(60, effect=0)
    rows["left"] = [1.0] * 5 + [0.0] * 55
    rows.loc[rows.index[: 60 - LEAST_IN_BAND + 1], "band"] = "fair"
    found = check_against_history(rows)
    assert found["verdict"] == "early"
    assert found["stayed"] == {"fit": None, "have": 5, "need": LEAST_OUTCOMES, "n": 60}
    assert all(band["kept"] is None for band in found["bands"] if band["n"] < LEAST_IN_BAND)
    empty = check_against_history(rows.assign(observed=False))
    assert (empty["observed"], empty["base"]["value"], empty["nrr"]["value"]) == (0, None, None)


def test_weights_follow_the_past_and_are_tried_on_later_sales_only():
    axes, rows = _history(900)
    found = suggest_weights(axes, rows, [40, 35, 25])
    assert found["names"] == ["success", "importance", "size"]
    assert sum(found["weights"]) == pytest.approx(100, abs=0.2)
    assert found["weights"][0] > 55
    assert found["test"]["learned_from"] + found["test"]["n"] < len(rows), "a year lies between"
    assert found["better"] is True


def test_without_evidence_the_declared_weights_stay():
    axes, rows = _history(300, effect=0.0)
    rows["left"] = (np.arange(300) % 5 == 0).astype(float)
    found = suggest_weights(axes, rows, [40, 35, 25])
    assert found["weights"] == pytest.approx([40, 35, 25], abs=25)
    assert found["better"] is False
    assert suggest_weights(axes[:30], rows[:30], [40, 35, 25]) == {"have": 6, "need": 40}
