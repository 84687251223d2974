"""How often inputs are said to have moved where nothing but chance has, the rate the limits promise; and that what has moved
is said within a month or two, of 300 customers and ten month-ends."""

import numpy as np
import pandas as pd
import pytest

from enishi.forecasts.drift import LEAST_ACCOUNTS, LEAST_PAST, judge_inputs
from enishi.forecasts.drivers import words_of
from enishi.forecasts.features import learn_design
from enishi.forecasts.habits import FALSE_ALARMS, Habit, chance_limits, common_ratio

CUSTOMERS, LAG = 300, 3
USED = [f"count_{j}" for j in range(2, 12)]


class Company:
    """Customers that keep their ways: each has its own level, wanders about it, and months differ in common by ``common``;
    some leave, new ones come, Sundays are quiet, outages hit many at once."""

    def __init__(self, seed: int, customers: int = CUSTOMERS, common: float = 0.1) -> None:
        self.random = np.random.default_rng(seed)
        self.common, self.total, self.coming = common, int(customers * 1.6), customers * 0.02
        late = np.arange(self.total) - customers
        self.start = np.where(late < 0, -self.random.integers(0, 30, self.total), late // self.coming)
        self.end = np.maximum(self.start, 0) + self.random.geometric(0.012, self.total)
        self.usual = self.random.normal(size=(self.total, 24))
        self.own = self.random.normal(size=self.usual.shape)
        self.outages = np.zeros((3, self.total))
        self.ever = self.random.poisson(30, self.total).astype(float)

    def month_ends(self, count: int) -> list[pd.DataFrame]:
        first = pd.Timestamp(2023, 1, 31) + pd.DateOffset(months=int(self.random.integers(12)))
        return [self.month(m, day) for m, day in enumerate(pd.date_range(first, periods=count, freq="ME"))]

    def month(self, number: int, day: pd.Timestamp) -> pd.DataFrame:
        random, shape = self.random, self.usual.shape
        self.own = 0.7 * self.own + np.sqrt(0.51) * random.normal(size=shape)
        level = 0.8 * self.usual + 0.6 * self.own + self.common * random.normal(size=shape[1])
        counts = random.poisson(np.exp(level[:, 6:18] + 0.5) * np.where(day.day_of_week >= 5, 0.3, 1.0))
        counts[:, 2:] = random.poisson(np.exp(level[:, 8:18] + 0.5))
        self.ever += counts[:, 5]
        hit = random.random(self.total) < (random.random() < 0.35) * random.uniform(0, 0.3)
        self.outages = np.roll(self.outages, 1, axis=0)
        self.outages[0] = hit * random.exponential(60, self.total)
        told: dict[str, object] = {f"level_{j}": level[:, j] for j in range(6)}
        told |= {f"count_{j}": counts[:, j] for j in range(12)}
        told |= {f"rare_{j}": (level[:, 18 + j] > 1.6).astype(float) for j in range(3)}
        told |= {f"gaps_{j}": np.where(level[:, 21 + j] > 0, level[:, 21 + j], np.nan) for j in range(2)}
        told["plan"] = np.where(self.usual[:, 23] > 0.5, "a", np.where(level[:, 23] > -0.5, "b", "c"))
        told |= {"outage_28": self.outages[0], "outage_90": self.outages.sum(axis=0)}
        told |= {"ever": self.ever.copy(), "tenure": 30.0 * (number - self.start) + 5}
        here = (self.start <= number) & (number < self.end)
        return pd.DataFrame(told).assign(as_of=day, account_id=np.arange(self.total))[here]


def judged(month_ends, learned):
    panel = pd.concat(month_ends, ignore_index=True)
    days = sorted(panel["as_of"].unique())[:learned]
    design, _ = learn_design(panel[panel["as_of"].isin(days)].drop(columns=["as_of", "account_id"]))
    return judge_inputs(design, {f.name: words_of(f.name, {}, {}) for f in design.features}, panel, days)


def alarms(told):
    return {one["feature"]: one for one in told["inputs"] if one["moved"] != "little"}


@pytest.mark.parametrize(("learned", "common"), [(10, 0.0), (10, 0.3), (24, 0.1)])
def test_about_one_input_a_year_is_said_to_have_moved_by_chance(learned, common):
    """A month-end each of thirty companies: 2.5 are promised, of which more than six come one time in seventy."""
    told = [
        alarms(judged(Company(seed, 150, common).month_ends(learned + LAG), learned)) for seed in range(30)
    ]
    assert sum(map(len, told)) <= 6 * FALSE_ALARMS


def halved(rows):
    return rows.assign(**{name: np.floor(rows[name] / 2) for name in USED})


def stopped(rows):
    return rows.assign(level_0=np.nan)


def silent(rows):
    return rows.assign(count_4=0)


def mixed(rows):
    change = (rows["plan"] == "a") & (rows["account_id"] % 2 == 0)
    return rows.assign(plan=rows["plan"].where(~change, "c"))


@pytest.mark.parametrize(
    ("change", "moved", "kind", "up", "least"),
    [
        (halved, USED, "level", False, 0.95),
        (stopped, ["level_0"], "missing", True, 1.0),
        (silent, ["count_4"], "level", False, 0.9),
        (mixed, ["plan"], "share", False, 0.8),
    ],
)
def test_what_has_moved_is_said_within_two_months(change, moved, kind, up, least):
    """In the second month-end of the change, by a version of ten month-ends of 300 customers; and it is said of which kind."""
    seen = []
    for seed in range(20):
        *before, first, second = Company(seed).month_ends(10 + LAG)
        found = alarms(judged([*before, change(first), change(second)], 10))
        hits = [found[name] for name in moved if name in found]
        seen.append(bool(hits))
        assert all((one["kind"], one["up"]) == (kind, up) for one in hits if kind in ("level", "missing"))
        assert all(one["since"] >= str(first["as_of"].iloc[0].date()) for one in hits)
    assert np.mean(seen) >= least


def test_of_halved_use_most_inputs_are_said_where_months_are_alike():
    *before, last = Company(3, common=0.0).month_ends(10 + LAG)
    assert set(USED) <= set(alarms(judged([*before, halved(last)], 10)))


def test_an_input_that_only_grows_has_not_moved():
    """A tenure that goes on, one that the whole company has reached the end of, and a count that never falls."""
    for seed in range(10):
        found = alarms(judged(Company(seed, common=0.0).month_ends(24 + LAG), 24))
        assert not {"tenure", "ever"} & set(found)


def test_limits_can_be_passed_though_months_are_few():
    """No limit is wider than the scale of what it limits, but where months swing that much: then that is said."""
    told = judged(Company(5).month_ends(10 + LAG), 10)
    assert told["judged"] + len(told["swinging"]) == 28
    assert all(one["low"] > 0 or one["high"] < 1 for one in told["inputs"])
    assert len(told["swinging"]) <= 4


def test_too_few_month_ends_are_counted_and_nothing_is_said_of_the_inputs():
    month_ends = Company(1).month_ends(12)
    for learned in (3, LAG + LEAST_PAST - 1):
        told = judged(month_ends[: learned + LAG], learned)
        assert told["missing"] == LAG + LEAST_PAST - learned
        assert told["inputs"] == []
    assert judged(month_ends[: LAG + LEAST_PAST + LAG], LAG + LEAST_PAST)["missing"] == 0


def test_nothing_is_said_of_few_customers_or_before_a_month_has_ended():
    month_ends = Company(1).month_ends(12)
    few = [rows.head(LEAST_ACCOUNTS - 1) for rows in month_ends]
    assert judged(few, 9)["inputs"] == []
    told = judged(month_ends, 12)
    assert (told["day"], told["inputs"]) == (None, [])


def test_a_sample_of_many_customers_tells_as_much(monkeypatch):
    *before, last = Company(2, 900).month_ends(10 + LAG)
    whole = judged([*before, stopped(last)], 10)
    monkeypatch.setattr("enishi.forecasts.drift.MOST_ACCOUNTS", 300)
    part = judged([*before, stopped(last)], 10)
    assert whole["accounts"] == part["accounts"] == len(last)
    assert "level_0" in alarms(part)


@pytest.mark.parametrize("months", [5, 10])
@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_the_limits_are_crossed_as_often_as_stated(months, spread):
    """Of independent months whose variances differ by ``spread`` (log): rate by draws, so that no formula is tested against
    itself."""
    random, size, crossed = np.random.default_rng(3), 100, 0
    made, now = np.eye(months, months + 1), np.eye(1, months + 1, months)[0]
    for _ in range(200):
        sigma = np.exp(1 + spread * random.normal(size=(size, 1)))
        drawn = sigma * random.normal(size=(size, months + 1))
        habits = [Habit.of(one[:-1], made, 1.0, one[-1], now, 1.0) for one in drawn]
        crossed += int((np.abs([one.off for one in habits]) > chance_limits(habits)).sum())
    assert crossed / 200 == pytest.approx(FALSE_ALARMS / 12, rel=0.75)


def test_the_prior_of_variances_is_found_again():
    """Scaled inverse chi-square of 6 degrees of freedom about 2, each variance told by 8 (Smyth 2004, 6.2)."""
    random = np.random.default_rng(0)
    true = 2.0 * 6 / random.chisquare(6, 20_000)
    usual, worth = common_ratio(true * random.chisquare(8, 20_000) / 8, np.full(20_000, 8.0))
    assert usual == pytest.approx(2.0, rel=0.03)
    assert worth == pytest.approx(6.0, rel=0.08)
