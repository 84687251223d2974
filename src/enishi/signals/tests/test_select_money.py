from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from enishi.definitions.contracts import Scorecard, Stake
from enishi.definitions.rules import parse_body
from enishi.signals.bands import GREEN, RED, UNKNOWN, YELLOW
from enishi.signals.money import ChurnBase, at_stake, simple_ltv, yearly_revenue
from enishi.signals.select import choose_cards


def card(product: str = "", **applies: Any) -> Scorecard:
    found: Scorecard = parse_body(
        "scorecard",
        {
            "title": "t",
            "product": product,
            "groups": [{"id": "g", "title": "g", "weight": 1}],
            "measures": [
                {
                    "id": "a",
                    "group": "g",
                    "metric": "m",
                    "weight": 1,
                    "mapping": {"type": "points", "points": [[0, 0], [1, 1]]},
                }
            ],
            "applies_to": applies,
        },
    )
    return found


def panel(**columns: Any) -> pd.DataFrame:
    rows = len(next(iter(columns.values())))
    return pd.DataFrame({"as_of": [date(2026, 1, 1)] * rows, "account_id": range(rows), **columns})


def test_the_first_scorecard_that_applies_is_the_account_s() -> None:
    cards = [card(stages=["onboarding"]), card(products=["P"], tiers=["high"]), card()]
    rows = panel(
        stage=["onboarding", "adoption", "adoption"], product=["P", "P", "P"], tier=["high", "high", "low"],
    )  # fmt: skip
    assert choose_cards(cards, rows).tolist() == [0, 1, 2]
    assert choose_cards(cards[:2], rows).tolist() == [0, 1, -1]


def test_tenure_plan_and_size_may_decide() -> None:
    rows = panel(tenure_days=[10, 90, np.nan], plan=["a", "b", ""])
    assert choose_cards([card(tenure_below_days=90), card(tenure_from_days=90)], rows).tolist() == [0, 1, -1]
    assert choose_cards([card(plans=["a"])], rows).tolist() == [0, -1, -1]
    assert choose_cards([card(sizes=["large"])], rows).tolist() == [-1, -1, -1]  # nobody's size is known


def test_a_product_s_scorecard_is_never_the_account_s() -> None:
    assert choose_cards([card(product="P"), card()], panel(product=["P"])).tolist() == [1]


def test_lifetime_value_needs_history() -> None:
    assert ChurnBase(19, 9).monthly_rate is None
    assert ChurnBase(100, 4).monthly_rate is None
    rate = ChurnBase(100, 12).monthly_rate
    assert rate == pytest.approx(1 - 0.88 ** (1 / 12))
    assert simple_ltv(10_000, 0.8, 0.02) == 400_000
    assert simple_ltv(None, 0.8, 0.02) is None
    assert simple_ltv(10_000, 0.8, None) is None
    assert simple_ltv(10_000, 0.8, 0.0) is None


def test_money_at_stake_follows_the_band_or_the_strongest_cause() -> None:
    yearly = yearly_revenue(np.array([100.0, np.nan, 0.0, 50.0]), np.array([np.nan, 30.0, 10.0, 99.0]))
    assert yearly.tolist() == [1200, 120, 40, 600]
    bands = np.array([RED, GREEN, UNKNOWN, YELLOW], dtype=np.int8)
    strongest, nobody = np.array([10.0, 80.0, 0.0, 30.0]), np.zeros(4, dtype=bool)
    assert at_stake(yearly, bands, strongest, nobody, Stake()).tolist() == [600, 48, 6, 120]
    leaving = np.array([False, True, False, True])
    assert at_stake(yearly, bands, strongest, leaving, Stake()).tolist() == [600, 120, 6, 600], "all of it"
