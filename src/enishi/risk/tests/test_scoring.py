"""What is said of several horizons agrees."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from enishi.risk.agreeing import agreeing, agreeing_past

DAY = date(2026, 11, 22)


def said(*rows: tuple[int, float, float, float], due: int = 0) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["account_id", "probability", "low", "high"])
    return frame.assign(renewal_on=DAY + timedelta(days=due))


def test_a_longer_horizon_is_never_said_to_be_safer() -> None:
    short = said((1, 0.35, 0.2, 0.5), (2, 0.1, 0.05, 0.2))
    longer = said((2, 0.3, 0.2, 0.4), (1, 0.28, 0.25, 0.3), (3, 0.2, 0.1, 0.3))
    found = agreeing({90: longer, 30: short}, DAY, ())[90]
    assert found[["probability", "low", "high"]].to_numpy().tolist() == [
        [0.3, 0.2, 0.4],
        [0.35, 0.25, 0.5],
        [0.2, 0.1, 0.3],
    ]


def test_where_too_few_left_nothing_is_said_after_all() -> None:
    """And a shorter horizon that does not speak raises nothing."""
    none, one = said((1, np.nan, np.nan, np.nan)), said((1, 0.3, 0.2, 0.4))
    assert agreeing({30: one, 90: none}, DAY, ())[90]["probability"].isna().all()
    assert agreeing({30: none, 90: one}, DAY, ())[90]["probability"].tolist() == [0.3]
    assert agreeing({}, DAY, ()) == {}


def chances(renewal: float, due: int, *, alone: bool = True) -> list[float]:
    """What is said for 30, 90, 180 days and of the renewal, decided in so many days, where .1, .2 and .3 was learned."""
    learned = {30: 0.1, 90: 0.2, 180: 0.3, 0: renewal}
    frames = {h: said((7, p, p, p), due=due) for h, p in learned.items()}
    found = agreeing(frames, DAY, [7] if alone else [8])
    return [float(found[h]["probability"].iloc[0]) for h in learned]


def test_who_does_not_renew_within_a_horizon_leaves_within_it() -> None:
    assert chances(0.5, 30) == [0.5, 0.5, 0.5, 0.5]
    assert chances(0.5, 40) == [0.1, 0.5, 0.5, 0.5]
    assert chances(0.5, 89) == [0.1, 0.5, 0.5, 0.5], (
        "by the date itself, however late its outcome may be told"
    )
    assert chances(0.25, 40) == [0.1, 0.25, 0.3, 0.25]
    assert chances(0.5, 300) == [0.1, 0.2, 0.3, 0.5]


def test_who_leaves_before_the_renewal_does_not_renew() -> None:
    assert chances(0.05, 40) == [0.1, 0.2, 0.3, 0.1]
    assert chances(0.05, 300) == [0.1, 0.2, 0.3, 0.3]


def test_where_the_renewal_says_nothing_longer_horizons_still_agree_with_shorter_ones() -> None:
    none = (np.nan, np.nan, np.nan)
    learned = {30: (0.5, 0.25, 0.6), 90: (0.2, 0.1, 0.3), 180: (0.1, 0.05, 0.2), 0: none}
    for due in (20, 59, 120, 300):
        frames = {h: said((7, *one), due=due) for h, one in learned.items()}
        found = agreeing(frames, DAY, [7])
        for horizon in (30, 90, 180):
            assert found[horizon][["probability", "low", "high"]].to_numpy().tolist() == [[0.5, 0.25, 0.6]]
        assert found[0]["probability"].isna().all()


def test_of_one_contract_among_several_nothing_follows() -> None:
    assert chances(0.5, 30, alone=False) == [0.1, 0.2, 0.3, 0.5]


def test_the_past_is_judged_by_what_would_have_been_shown() -> None:
    def told(*rows: tuple[int, float]) -> pd.DataFrame:
        frame = pd.DataFrame(rows, columns=["account_id", "probability"])
        return frame.assign(as_of=pd.Timestamp(DAY), label=0.0)

    longer = told((1, 0.1), (2, 0.4), (3, 0.2))
    shown = agreeing_past(longer, [told((2, 0.2), (1, 0.3)), told((1, 0.2))])
    assert shown["probability"].tolist() == [0.3, 0.4, 0.2]
    assert shown["label"].tolist() == [0.0, 0.0, 0.0]
    assert agreeing_past(longer, []) is longer
    another_day = told((1, 0.9)).assign(as_of=pd.Timestamp(DAY) - pd.Timedelta(days=30))
    assert agreeing_past(longer, [another_day])["probability"].tolist() == [0.1, 0.4, 0.2]
