"""The page's figures. Pure."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from enishi.value.actions import _present
from enishi.value.contracts import Assumptions, Valuation
from enishi.value.models import ValueRun
from enishi.value.rules import value_book
from enishi.value.tests.test_rules import DAY, _book, _company
from enishi.web.pages.value.figures import carry_on, here_today, stays_of, unit

ASSUMED = Assumptions(margin=0.8, discount=0.1, horizon=36)


def test_payback_is_cac_by_the_margin_beside_it() -> None:
    """Both of the customers won with a known cost; who left is no customer of today, whatever was ordered once."""
    rows = pd.DataFrame(
        {"mrr": [100.0, 100.0, 100.0, 0.0, 0.0, 0.0], "margin": [80.0, 40.0, 60.0, np.nan, np.nan, np.nan],
         "noncontractual": [np.nan, 5.0, np.nan, 5.0, 5.0, 5.0], "order_year": [np.nan, 0.9, np.nan, 0.9, 0.9, 0.1],
         "left": [False, False, False, True, False, False]}
        | {f"residual{end}": 100.0 for end in ("", "_low", "_high")},
        index=pd.Index([1, 2, 3, 4, 5, 6], name="account_id"),
    )  # fmt: skip
    assert here_today(rows).tolist() == [True, True, True, False, True, False]
    won = pd.DataFrame({"cost": [90.0, 90.0, 90.0]}, index=pd.Index([2, 3, 4]))
    found = unit("", rows, won, "residual")
    assert (found.customers, found.margin, found.won_margin) == (4, 60.0, 50.0)
    assert found.cost.payback_months == found.cost.cac / found.won_margin == 1.8


def _told() -> tuple[Valuation, dict[str, int]]:
    """A valuation in which the churn forecast speaks of two customers, and a third has announced its end."""
    rows = [*_company(), (900, DAY - 700, DAY + 1 + 61, 10_000)]
    loyal = [account for account, _start, stop, _amount in rows if stop is None]
    who = {"leaving": loyal[0], "staying": loyal[1], "untold": loyal[2], "announced": 900}
    said = pd.DataFrame(
        {"probability": [0.5, 0.02], "low": [0.4, 0.0], "high": [0.6, 0.05]},
        index=[who["leaving"], who["staying"]],
    )
    return value_book(_book(rows, near={90: said, 180: said.assign(probability=[0.8, 0.04])}), ASSUMED), who


def _stays(valuation: Valuation, accounts: list[int]) -> pd.DataFrame:
    """As a page reads them: from what the valuation kept."""
    run = ValueRun(day=valuation.day)
    kept = []
    for account in accounts:
        row = {str(name): value for name, value in valuation.accounts.loc[account].items()}
        value = _present(run, account, row)
        kept.append((account, value.margin, value.months, value.detail))
    return stays_of(kept)


@pytest.mark.parametrize("name", ["leaving", "staying", "untold", "announced"])
def test_a_curve_carried_on_brings_what_the_lifetime_value_says(name: str) -> None:
    """Undiscounted its months come to the months expected, discounted to the contractual value still to come."""
    valuation, who = _told()
    row = valuation.accounts.loc[who[name]]
    margin = float(row["margin"])
    ahead = carry_on(
        valuation.fitted.figures, 0.0, 12, margin, _stays(valuation, [who[name]]), months=ASSUMED.horizon
    )
    assert ahead is not None
    brought = np.diff(ahead.middle, prepend=0.0)
    assert brought.sum() == pytest.approx(row["months_left"] * margin, rel=0.003)
    discounted = brought @ (1.1 ** (-(np.arange(36) + 0.5) / 12))
    assert discounted == pytest.approx(row["residual"], rel=0.005)


def test_who_is_likely_to_leave_earns_its_cost_back_later_or_never() -> None:
    valuation, who = _told()
    found = {
        name: carry_on(valuation.fitted.figures, -100_000.0, 12, 8_000.0, _stays(valuation, [who[name]]))
        for name in ("leaving", "staying", "announced")
    }
    leaving, staying, announced = (found[name] for name in ("leaving", "staying", "announced"))
    assert leaving is not None
    assert staying is not None
    assert announced is not None
    assert leaving.middle[5] < staying.middle[5] - 2 * 8_000
    assert (staying.even_month, leaving.even_month, announced.even_month) == (12 + 14, None, None)
    assert announced.middle[2:] == pytest.approx(-100_000.0 + 2 * 8_000, rel=0.002)


def test_a_group_is_carried_on_by_each_of_its_customers() -> None:
    """The group's expected profit is the sum over its customers; its band holds it."""
    valuation, who = _told()
    ids = [who[name] for name in ("leaving", "staying", "untold")]
    rows = valuation.accounts.loc[ids]
    stays = _stays(valuation, ids)
    ahead = carry_on(
        valuation.fitted.figures, 0.0, 12, float(rows["margin"].sum()) / 3, stays, spread=0.0, months=36
    )
    assert ahead is not None
    assert 3 * ahead.middle[-1] == pytest.approx((rows["months_left"] * rows["margin"]).sum(), rel=0.003)
    assert ahead.low[-1] < ahead.middle[-1] < ahead.high[-1]


def test_nothing_is_expected_beyond_what_a_lifetime_value_counts() -> None:
    valuation, who = _told()
    stays = _stays(valuation, [who["untold"]])
    ahead = carry_on(valuation.fitted.figures, 0.0, 12, 8_000.0, stays, months=24)
    assert ahead is not None
    assert len(ahead.middle) == 24
