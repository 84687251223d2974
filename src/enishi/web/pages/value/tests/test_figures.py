"""The page's figures. Pure."""

from __future__ import annotations

import numpy as np
import pandas as pd

from enishi.web.pages.value.figures import here_today, unit


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
