"""Cumulative profit and break-even; acquisition cost, payback, LTV:CAC."""

import numpy as np
import pandas as pd
import pytest

from enishi.forecasts.acquisition import spread_costs, unit_costs
from enishi.forecasts.profit import break_even, cumulative_profit, project


def test_investment_first_break_even_later():
    curve = cumulative_profit([[10, 10, 10, 10], [10, 10, 0, 0]], [25, 25])
    assert curve.mean.tolist() == [-25, -15, -5, 0, 5]
    assert (curve.even_month, curve.n) == (3, 2)
    assert (curve.low[1:] <= curve.mean[1:]).all()


def test_the_curve_ends_where_the_youngest_was_observed():
    curve = cumulative_profit([[5, 5, 5], [5, np.nan, np.nan]], 12)
    assert curve.months.tolist() == [0, 1]
    assert curve.even_month is None


def test_a_gap_and_nobody_are_refused():
    with pytest.raises(ValueError, match="row 1: a month is missing"):
        cumulative_profit([[1, 1, 1], [1, np.nan, 1]], 0)
    with pytest.raises(ValueError, match="no customer"):
        cumulative_profit(np.zeros((0, 3)), 0)


def test_break_even_is_not_a_passing_high():
    assert break_even([-5, 1, -2, 3]) == 3
    assert break_even([-5, 1, -2]) is None
    assert break_even([0, 4]) == 0


def test_a_projection_goes_on_from_the_end_with_its_band():
    middle, low, high = project(-10, 4, [0.9, 0.8], [0.8, 0.6], [1.0, 1.0])
    assert middle == pytest.approx([-10 + 4 * 0.95, -10 + 4 * (0.95 + 0.85)])
    assert (low < middle).all()
    assert (middle < high).all()
    shrinking = project(0, -4, [0.9], [0.8], [1.0])
    assert shrinking[1] < shrinking[0] < shrinking[2]


def _won():
    return pd.DataFrame(
        {
            "account_id": range(8),
            "day": [5, 6, 7, 8, 9, 40, 41, 400],
            "channel": ["fair", "fair", "web", "web", "web", "web", "", "fair"],
            "margin": [10.0, 30, 20, 20, 20, 20, 20, 5],
        }
    )


def test_each_customer_carries_its_channels_cost():
    costs = pd.DataFrame(
        {
            "channel": ["fair", "web", "radio", "fair"],
            "month": [0, 31, 0, 390],
            "minor": [1000, 800, 50, 9999],
        }
    )
    customers, idle = spread_costs(_won(), costs, 0, 365)
    assert customers["cost"].tolist()[:6] == [500, 500, 200, 200, 200, 200]
    assert np.isnan(customers["cost"].iloc[6]), "nobody knows what an unknown channel cost"
    assert idle == {"radio": 50}
    everyone = unit_costs(customers)[""]
    assert (everyone.customers, everyone.known, everyone.cost) == (7, 6, 1800)
    assert everyone.cac == 300
    assert everyone.cac_low < 300 < everyone.cac_high
    assert everyone.payback_months == pytest.approx(300 / 20)
    assert everyone.ratio(900) == 3
    by = unit_costs(customers, "channel")
    assert by["web"].cac == 200
    assert np.isnan(by["fair"].cac), "two customers say nothing"
    assert np.isnan(by[""].cac)
