"""The shifted beta-geometric model against the published cohort."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from enishi.forecasts import ShiftedBetaGeometric

DATA = Path(os.environ.get("ENISHI_DATA") or Path(__file__).parents[5] / "shared" / "data")


@pytest.mark.real
def test_the_published_fit_and_its_projections():
    file = DATA / "sbg" / "regular.csv"
    if not file.exists():
        pytest.skip("not tried: the published cohort, for its data are absent (set ENISHI_DATA)")
    with file.open(encoding="utf-8") as lines:
        percent = [float(row["percent_retained"]) for row in csv.DictReader(lines)]
    model = ShiftedBetaGeometric().fit(percent[:8])
    assert (round(model.alpha_, 3), round(model.beta_, 3)) == (0.704, 1.182)
    assert round(model.log_likelihood_, 2) == -1680.27
    assert round(model.survival(12), 3) == 0.170
    assert round(model.derl(0, 0.10), 3) == 2.964
    assert round(model.derl(7, 0.10), 3) == 6.842
    assert np.abs(model.survival(np.arange(8, 13)) * 100 - percent[8:]).max() < 0.5


KEPT = [1, 0.9, 0.82, 0.76, 0.715]


def test_shares_percentages_and_numbers_say_the_same():
    shares = ShiftedBetaGeometric().fit(KEPT)
    percent = ShiftedBetaGeometric().fit([100 * value for value in KEPT])
    numbers = ShiftedBetaGeometric().fit([1000 * value for value in KEPT])
    for other in (percent, numbers):
        assert other.alpha_ == pytest.approx(shares.alpha_, rel=1e-4)
        assert other.log_likelihood_ == pytest.approx(shares.log_likelihood_)
    few = ShiftedBetaGeometric().fit([100, 90, 82, 76, 71])
    assert few.log_likelihood_ > shares.log_likelihood_ / 5, "whole numbers are counted as they are"


def test_the_residual_lifetime_is_the_sum_it_stands_for():
    model = ShiftedBetaGeometric().fit(KEPT)
    t = np.arange(1, 4000)
    direct = sum(model.survival(3 + t) / model.survival(3) / 1.15 ** (t - 1))
    assert model.derl(3, 0.15) == pytest.approx(direct, rel=1e-6)
    assert model.residual_survival(3, 2) == pytest.approx(model.survival(5) / model.survival(3))
    assert model.hazard(1) == pytest.approx(1 - model.survival(1))


def test_intervals_hold_the_value_and_narrow_with_customers():
    def width(customers):
        model = ShiftedBetaGeometric(customers=customers).fit(KEPT)
        low, high = model.derl_interval([0, 4], 0.1)
        assert (low < model.derl([0, 4], 0.1)).all()
        assert (model.derl([0, 4], 0.1) < high).all()
        low, high = model.survival_interval(10)
        assert low < model.survival(10) < high
        assert (model.confidence_interval_.low < model.confidence_interval_.high).all()
        return high - low

    assert width(10_000) < width(300)


@pytest.mark.parametrize(
    ("retained", "place"),
    [
        ([1, 0.5, 0.6], "year 2: 0.6 is more than the 0.5"),
        ([1000, 0.6, 0.5], "year 1: 0.6 .* mixes shares and numbers"),
        ([1000, 631, 0.4], "year 2: 0.4 .* mixes shares and numbers"),
        ([1, 631, 400], "year 1: 631 .* mixes shares and numbers"),
        ([0.9, 0.5, 0.4], "year 0: 0.9; shares begin with 1"),
        ([1, 0.5, float("nan")], "year 2"),
        ([1, 0.5, -0.1], "year 2: -0.1"),
        ([0, 0, 0], "year 0: nobody"),
        ([1, 1, 1], "nobody was lost"),
        ([1, 0.5], "2 values"),
    ],
)
def test_nonsense_is_refused_by_its_place(retained, place):
    with pytest.raises(ValueError, match=place):
        ShiftedBetaGeometric().fit(retained)


def test_a_sum_without_end_is_refused():
    model = ShiftedBetaGeometric().fit(KEPT)
    with pytest.raises(ValueError, match="discount is 0"):
        model.derl(0, 0)
    with pytest.raises(ValueError, match="-1 periods"):
        model.survival(-1)


def test_cohorts_of_different_ages_together():
    """A chance to leave of .2 for half, .02 for the others, looked at after 1 to 6 periods."""
    rng = np.random.default_rng(1)
    chance = rng.beta(1.5, 8, 40_000)
    left = rng.geometric(chance)
    seen = rng.integers(1, 7, len(left))
    gone = left <= seen
    model = ShiftedBetaGeometric().fit_counts(
        np.bincount(left[gone], minlength=7)[1:], np.bincount(seen[~gone], minlength=7)
    )
    assert model.alpha_ == pytest.approx(1.5, rel=0.15)
    assert model.beta_ == pytest.approx(8, rel=0.15)
    with pytest.raises(ValueError, match="need 3 counts"):
        model.fit_counts([1, 2], [3, 4])
    with pytest.raises(ValueError, match="lost in period 2: -2"):
        model.fit_counts([1, -2], [3, 4, 5])


def test_who_stays_where_all_but_one_left_at_once_is_told_however_old():
    """Nobody of a whole cohort gets as old: both survivals are 0, and their ratio is not."""
    model = ShiftedBetaGeometric().fit_counts([1000], [0, 0])
    assert model.survival(200) == 0
    stays = model.residual_survival([0, 200, 1000], 1)
    assert np.isfinite(stays).all()
    assert stays == pytest.approx(1 - model.hazard(np.array([1, 201, 1001])), rel=1e-6)


def test_lifetimes_of_a_small_discount_are_told_for_every_spread_of_chances():
    """Where all chances are alike a stay is the plain sum of ``((1 - p) / (1 + discount)) ** t``."""
    model = ShiftedBetaGeometric().fit(KEPT)
    for alpha, beta in ((1e-4, 470.0), (0.18, 0.0044), (5.4, 528.0), (16.0, 1700.0), (80.0, 8000.0)):
        model.alpha_, model.beta_ = alpha, beta
        told = model.derl([[0, 3], [50, 500]], 1e-4)
        years = np.arange(1, 300_000)
        for renewals, one in zip((0, 3, 50, 500), told.ravel(), strict=True):
            direct = (model.residual_survival(renewals, years) * 1.0001 ** (1.0 - years)).sum()
            assert one == pytest.approx(direct, rel=1e-6)


@pytest.mark.parametrize(
    ("retained", "told"),
    [(["a", "b"], "year 0: 'a'"), ([1, 0.8, "x"], "year 2: 'x'"), ([1, {}, 0.5], "year 1: {}")],
)
def test_what_is_no_number_is_named_with_its_year(retained, told):
    with pytest.raises(ValueError, match="is not a number") as error:
        ShiftedBetaGeometric().fit(retained)
    assert told in str(error.value)
