"""How often inputs are said to have moved where nothing but chance has: the rate that the limits promise."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from enishi.forecasts.drift import FALSE_ALARMS, chance_limit, input_drift, moved, shares_of
from enishi.forecasts.features import learn_design

COMPANIES, ACCOUNTS, MONTHS, YEAR, GAP = 4, 80, 24, 12, 3


def month_ends(seed: int) -> list[pd.DataFrame]:
    """Snapshots of customers that keep their ways: each has its own level, and months differ by chance (and Sundays)."""
    random = np.random.default_rng(seed)
    usual = random.normal(size=(ACCOUNTS, 24))
    found = []
    for day in pd.date_range("2023-01-31", periods=MONTHS + GAP + YEAR, freq="ME"):
        level = 0.7 * usual + 0.7 * random.normal(size=usual.shape)
        rate = np.exp(level[:, 6:18] - 0.5)
        rate[:, :3] *= 0.3 if day.day_of_week >= 5 else 1.0
        told: dict[str, object] = {f"level_{j}": level[:, j] for j in range(6)}
        told |= {f"count_{j}": random.poisson(rate[:, j]) for j in range(12)}
        told |= {f"rare_{j}": (level[:, 18 + j] > 1.6).astype(float) for j in range(3)}
        told |= {f"gaps_{j}": np.where(level[:, 21 + j] > 0, level[:, 21 + j], np.nan) for j in range(2)}
        told["plan"] = np.where(level[:, 23] > 0.5, "a", np.where(level[:, 23] > -0.5, "b", "c"))
        found.append(pd.DataFrame(told).assign(as_of=day))
    return found


def looks(months: list[pd.DataFrame]) -> Iterator[tuple[dict[str, dict], pd.DataFrame]]:
    """A year of month-ends, each with what was learned from those that had ended a quarter before it."""
    for now in range(MONTHS + GAP, len(months)):
        past = pd.concat(months[now - GAP - MONTHS + 1 : now - GAP + 1], ignore_index=True)
        inputs = past.drop(columns="as_of")
        design, _ = learn_design(inputs)
        yield shares_of(design, inputs, past["as_of"], 30 * GAP - 2), months[now]


def alarms(reference: dict[str, dict], rows: pd.DataFrame, *, limited: bool = True) -> list[str]:
    found = input_drift(reference, rows)
    limits = {name: reference[name]["chance"] if limited else None for name in found}
    return [name for name, psi in found.items() if moved(psi, limits[name]) != "little"]


def test_at_most_one_input_a_year_is_said_to_have_moved_by_chance():
    told = unlimited = 0
    for seed in range(COMPANIES):
        for reference, rows in looks(month_ends(seed)):
            told += len(alarms(reference, rows))
            unlimited += len(alarms(reference, rows, limited=False))
    assert told <= FALSE_ALARMS * COMPANIES
    assert unlimited > 50 * COMPANIES, "of so few customers the usual bounds alone are crossed by chance"


def test_what_has_moved_is_said_all_the_same():
    reference, rows = next(looks(month_ends(99)))
    broken = rows.assign(level_0=rows["level_0"] + 1.5, count_9=0, gaps_0=np.nan, plan="c")
    assert {"level_0", "count_9", "gaps_0", "plan"} <= set(alarms(reference, broken))


@pytest.mark.parametrize("snapshots", [6, 12])
@pytest.mark.parametrize("inputs", [1, 5])
def test_the_limit_is_crossed_as_often_as_stated(snapshots, inputs):
    """Of indices whose logarithms are normal: rate by draws, so that the formula is not tested against itself."""
    random = np.random.default_rng(3)
    drawn = np.exp(random.normal(-3, 0.5, (10_000, snapshots + 1)))
    crossed = np.mean([row[-1] > chance_limit(row[:-1], inputs) for row in drawn])
    assert crossed == pytest.approx(FALSE_ALARMS / 12 / inputs, rel=0.25)
