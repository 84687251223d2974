from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from enishi.definitions.contracts import Tiers
from enishi.definitions.reads import default_body
from enishi.definitions.rules import parse_body
from enishi.segments.rules import place_accounts, share_before

TODAY = date(2026, 11, 20)
LONG_AGO = date(2026, 1, 1)
BODY: Tiers = parse_body("tiers", default_body("tiers", "default"))


def place(
    values: list[float], held: Any = None, pins: Any = None, body: Tiers = BODY, **columns: Any
) -> list[str]:
    frame = pd.DataFrame({"account_id": range(len(values)), "value": values, "unpriced": False, **columns})
    return [p.tier for p in place_accounts(body, frame, held or {}, pins or {}, TODAY)]


def test_the_largest_accounts_up_to_half_the_value_are_high_touch() -> None:
    assert place([50, 20, 15, 10, 5]) == ["high", "low", "low", "tech", "tech"]


def test_one_account_that_is_most_of_the_value_is_high_touch() -> None:
    assert place([1000, 1]) == ["high", "tech"]


def test_equals_are_never_parted() -> None:
    assert len(set(place([10.0] * 7))) == 1


def test_accounts_without_value_are_at_the_end() -> None:
    assert place([100, np.nan, 0, -5]) == ["high", "tech", "tech", "tech"]
    assert place([0, 0]) == ["tech", "tech"]


def test_a_tier_is_left_only_beyond_the_margin_and_after_its_time() -> None:
    values = [49.0, 31, 20]  # the second stands at .49: high by the plain cut, but not by the margin
    assert place(values)[1] == "high"
    assert place(values, held={1: ("low", LONG_AGO)})[1] == "low"
    assert place([40.0, 40, 20], held={1: ("tech", LONG_AGO)})[1] == "high"
    assert place([30.0, 40, 30], held={1: ("tech", date(2026, 11, 1))})[1] == "tech"
    assert place([52.0, 28, 20], held={1: ("high", LONG_AGO)})[1] == "high"
    assert place([60.0, 20, 20], held={1: ("high", LONG_AGO)})[1] == "low"


def test_a_tier_that_no_longer_exists_is_forgotten() -> None:
    assert place([50.0, 50], held={0: ("platinum", TODAY)})[0] == "high"


def test_whose_money_is_unknown_keeps_its_tier_or_has_none() -> None:
    values, unpriced = [100, np.nan, np.nan], [False, True, False]
    assert place(values, unpriced=unpriced) == ["high", "tech"]
    assert place(values, held={1: ("high", LONG_AGO)}, unpriced=unpriced) == ["high", "high", "tech"]
    assert place(values, held={1: ("platinum", LONG_AGO)}, unpriced=unpriced) == ["high", "tech"]
    assert place(values, pins={1: "low"}, unpriced=unpriced) == ["high", "low", "tech"]


def test_pins_win_over_rules_and_rules_over_shares() -> None:
    body: Tiers = parse_body(
        "tiers",
        {
            **default_body("tiers", "default"),
            "tiers": [*default_body("tiers", "default")["tiers"], {"id": "community", "title": "Community"}],
            "rules": [
                {"id": "new", "tier": "high", "title": "new", "stages": ["onboarding"]},
                {
                    "id": "small",
                    "tier": "community",
                    "title": "s",
                    "when": [{"metric": "seats", "op": "<", "value": 5}],
                },
                {"id": "lab", "tier": "community", "title": "l", "attribute": "industry", "values": ["lab"]},
                {"id": "none", "tier": "low", "title": "n", "attribute": "nothing", "values": ["x"]},
            ],
        },
    )
    columns = {
        "stage": ["onboarding", "adoption", "adoption", "onboarding", "adoption"],
        "seats": [2, 2, 50, 2, 50],
        "industry": ["", "", "", "", "lab"],
    }
    tiers = place([100, 50, 40, 30, 90], pins={3: "tech"}, body=body, **columns)
    assert tiers == ["high", "community", "low", "tech", "community"]


@given(st.lists(st.floats(0, 1e9, allow_nan=False), min_size=1, max_size=30))
def test_a_larger_account_is_never_in_a_lower_tier(values: list[float]) -> None:
    order = ["high", "low", "tech"]
    placed = place(values)
    shares = share_before(np.array(values))
    assert ((shares >= 0) & (shares <= 1)).all()
    ranks = [order.index(tier) for tier in placed]
    for a, x in enumerate(values):
        for b, y in enumerate(values):
            if x > y:
                assert ranks[a] <= ranks[b]
