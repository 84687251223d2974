"""What is said of several horizons agrees."""

from __future__ import annotations

import numpy as np
import pandas as pd

from enishi.risk.scoring import not_below


def said(*rows: tuple[int, float, float, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["account_id", "probability", "low", "high"])


def test_a_longer_horizon_is_never_said_to_be_safer() -> None:
    short = said((1, 0.35, 0.2, 0.5), (2, 0.1, 0.05, 0.2))
    found = not_below(said((2, 0.3, 0.2, 0.4), (1, 0.28, 0.25, 0.3), (3, 0.2, 0.1, 0.3)), short)
    assert found[["probability", "low", "high"]].to_numpy().tolist() == [
        [0.3, 0.2, 0.4],
        [0.35, 0.25, 0.5],
        [0.2, 0.1, 0.3],
    ]


def test_where_too_few_left_nothing_is_said_after_all() -> None:
    """And a shorter horizon that does not speak raises nothing."""
    none = said((1, np.nan, np.nan, np.nan))
    assert not_below(none, said((1, 0.3, 0.2, 0.4)))["probability"].isna().all()
    assert not_below(said((1, 0.3, 0.2, 0.4)), none)["probability"].tolist() == [0.3]
