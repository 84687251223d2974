"""How long customers stay: stays from movements, hazards by attribute, months to come."""

import numpy as np
import pandas as pd
import pytest

from enishi.forecasts.lifetime import TenureHazard, period_for, spells, tally

DAY = 30.4375


def _moves(*rows):
    return pd.DataFrame(rows, columns=["account_id", "day", "kind", "amount"])


def test_stays_are_cut_where_knowledge_ends():
    found = spells(
        _moves(
            (1, 0, "new", 10), (1, 100, "expansion", 5), (1, 365, "churn", -15), (1, 500, "reactivation", 5),
            (2, 200, "new", 7), (2, 900, "churn", -7),
            (3, 1000, "new", 1),
        ),
        until=800,
    )  # fmt: skip
    assert found["account_id"].tolist() == [1, 1, 2]
    assert found["lost"].tolist() == [True, False, False], "what ends later is still there"
    assert found["first"].tolist() == [True, False, True]
    assert found["months"].round(1).tolist() == [12.0, round(301 / DAY, 1), round(601 / DAY, 1)]


def test_an_end_on_the_anniversary_is_an_end_of_that_year():
    lost, staying = tally([12.0, 12.02, 13.0, 5.0, 12.0, 30.0], [True, True, True, True, False, False])
    assert lost.tolist() == [3, 1]
    assert staying.tolist() == [0, 1, 1]


def test_two_three_and_seven_calendar_months_are_so_many_periods():
    lost, _ = tally(np.array([28, 31, 59, 62, 89, 92, 215, 366]) / DAY, [True] * 8, unit=1)
    assert np.repeat(np.arange(1, len(lost) + 1), lost.astype(int)).tolist() == [1, 1, 2, 2, 3, 3, 7, 12]
    _, staying = tally(np.array([28, 59, 62, 92]) / DAY, [False] * 4, unit=1)
    assert staying.tolist() == [0, 1, 2, 1]


def test_who_left_in_a_period_that_still_runs_is_not_lost_in_it():
    """Who is still there in it does not count as having stayed through it either."""
    lost, staying = tally([38.0, 40.0, 40.0, 30.0], [True, False, False, True], 12, [40.0, 40.0, 40.0, 40.0])
    assert lost.tolist() == [0, 0, 1]
    assert staying.tolist() == [0, 0, 0, 3]


@pytest.mark.parametrize(("unit", "seen"), [(None, 40.0), (12, 40.0), (12, None), (6, None)])
def test_with_a_constant_chance_to_leave_the_truth_lies_inside(unit, seen):
    """Two in a hundred leave each month, whenever they like; all observed 40 months, or each as long as it happened."""
    months, share = np.arange(0, 121), 0.98 ** np.arange(0, 121)
    truth = ((share[1:] + share[:-1]) / 2) @ 1.1 ** (-(months[1:] - 0.5) / 12)
    inside = 0
    for seed in range(6):
        rng = np.random.default_rng(seed)
        left, until = rng.exponential(-1 / np.log(0.98), 2000), rng.uniform(1, 60, 2000)
        observed = np.full(2000, seen) if seen else until
        stays = pd.DataFrame(
            {"months": np.minimum(left, observed), "lost": left < observed, "observed": observed}
        )
        found = TenureHazard().fit(stays, unit).stay(pd.DataFrame(index=[0]), [0.0], 0.1)
        assert found.months[0] == pytest.approx(truth, rel=0.12)
        inside += found.low[0] <= truth <= found.high[0]
    assert inside >= 4


def test_the_period_is_the_term_unless_too_short_a_time_was_observed():
    assert period_for([40.0], [12, 12, 1]) == 12
    assert period_for([40.0], [1, 1, 12]) == 1
    assert period_for([20.0], [12]) == 6
    assert period_for([5.0]) == 1
    assert period_for([50.0]) == 1, "without a term a contract may be left in any month"
    assert period_for([50.0], [np.nan, np.nan, 12]) == 1


def _company(n=6000, seed=0, effect=0.8):
    """Customers with own chances to leave a year; those of plan "small" leave exp(effect) times as easily."""
    rng = np.random.default_rng(seed)
    plan = np.where(rng.random(n) < 0.4, "small", "large")
    chance = rng.beta(1.2, 6, n)
    chance = 1 - (1 - chance) ** np.exp(effect * (plan == "small"))
    years = rng.geometric(np.clip(chance, 1e-6, 1))
    seen = rng.uniform(0.2, 5, n)
    lost = years <= seen
    months = np.where(lost, 12.0 * years, 12.0 * seen)
    return pd.DataFrame({"plan": plan, "months": months, "lost": lost})


def test_who_leaves_more_easily_is_told_apart_as_far_as_data_allow():
    stays = _company()
    model = TenureHazard(["plan"]).fit(stays)
    small, large = model.multiplier(pd.DataFrame({"plan": ["small", "large"]}))
    assert small / large == pytest.approx(np.exp(0.8), rel=0.25)
    few = TenureHazard(["plan"]).fit(stays.head(150))
    small, large = few.multiplier(pd.DataFrame({"plan": ["small", "large"]}))
    assert 1 <= small / large < np.exp(0.8) * 1.3
    unknown = few.multiplier(pd.DataFrame({"plan": ["", "never seen"]}))
    assert unknown.tolist() == [1.0, 1.0]
    assert model.coefficients_["customers"].sum() == 6000


def test_without_a_difference_none_is_invented():
    model = TenureHazard(["plan"]).fit(_company(2000, seed=4, effect=0.0))
    small, large = model.multiplier(pd.DataFrame({"plan": ["small", "large"]}))
    assert small / large == pytest.approx(1, abs=0.2)


def test_months_to_come_are_the_sum_over_survival():
    model = TenureHazard(["plan"]).fit(_company())
    who = pd.DataFrame({"plan": ["small", "large", "large"]})
    age = np.array([0.0, 0.0, 40.0])
    stay = model.stay(who, age, 0.1)
    share = model.conditional(who, age, np.arange(121))
    weight = 1.1 ** (-(np.arange(120) + 0.5) / 12)
    direct = ((share[:, 1:] + share[:, :-1]) / 2) @ weight
    assert stay.months == pytest.approx(direct, rel=0.01)
    assert stay.months[0] < stay.months[1] < stay.months[2], "who has stayed long stays longer"
    assert (stay.months < stay.plain).all()
    assert (stay.low < stay.months).all()
    assert (stay.months < stay.high).all()


def test_a_forecast_of_the_near_future_takes_its_place():
    model = TenureHazard().fit(_company())
    who = pd.DataFrame(index=range(3))
    near = {90: [0.9, 0.0, np.nan], 180: [0.9, 0.0, np.nan]}
    leaving, safe, plain = model.stay(who, np.full(3, 20.0), 0.1, near=near).months
    assert leaving < plain < safe
    assert leaving == pytest.approx(0.1 * safe, rel=0.35)
    alone = model.stay(who, np.full(3, 20.0), 0.1).months
    assert plain == pytest.approx(alone[2])


def test_the_share_still_there_follows_the_same_near_future_as_the_months_to_come():
    model = TenureHazard(["plan"]).fit(_company())
    who = pd.DataFrame({"plan": ["small", "large", "large", "small"]})
    age = np.array([20.0, 20.5, 3.0, 40.0])
    near = {90: [0.6, 0.0, np.nan, np.nan], 180: [0.7, 0.1, np.nan, 0.5]}
    share = model.conditional(who, age, np.arange(121), near)
    assert share[0, [0, 1, 3, 6]] == pytest.approx([1, 0.8, 0.4, 0.3]), "straight between what was told"
    assert share[3, [3, 6]] == pytest.approx([0.75, 0.5])
    assert share[2] == pytest.approx(model.conditional(who, age, np.arange(121))[2]), "told nothing of it"
    assert (np.diff(share, axis=1) <= 1e-12).all()
    stay = model.stay(who, age, 0.1, near=near)
    assert ((share[:, 1:] + share[:, :-1]) / 2).sum(axis=1) == pytest.approx(stay.plain, rel=1e-6)


def test_many_customers_are_read_from_a_grid_that_says_the_same():
    model = TenureHazard(["plan"]).fit(_company())
    who = pd.DataFrame({"plan": ["small", "large"] * 1500})
    age = np.linspace(0, 200, 3000)
    many = model.stay(who, age, 0.1)
    some = model.stay(who.iloc[::10].reset_index(drop=True), age[::10], 0.1)
    assert many.months[::10] == pytest.approx(some.months, rel=0.005)
    assert many.low[::10] == pytest.approx(some.low, rel=0.005)


@pytest.mark.slow
def test_intervals_cover_what_they_claim():
    """Of companies drawn alike, the interval holds the true months in about as many as its level says."""
    truth = TenureHazard().fit(_company(60_000, seed=99)).stay(pd.DataFrame(index=[0]), [0.0], 0.1).months[0]
    held = 0
    for seed in range(25):
        stay = TenureHazard(draws=100).fit(_company(600, seed=seed)).stay(pd.DataFrame(index=[0]), [0.0], 0.1)
        held += stay.low[0] <= truth <= stay.high[0]
    assert held >= 19


def test_without_losses_there_is_nothing_to_learn():
    stays = pd.DataFrame({"months": [3.0, 5.0], "lost": [False, False]})
    with pytest.raises(ValueError, match="nobody was lost"):
        TenureHazard().fit(stays)
    with pytest.raises(ValueError, match="0 stays"):
        TenureHazard().fit(stays.head(0))
