"""Churned, stayed, or not yet known."""

from datetime import date

import numpy as np
import pandas as pd

from enishi.forecasts.api import label_ends, label_silence

UNTIL = date(2026, 6, 30)


def snapshots(*rows):
    return pd.DataFrame(rows, columns=["as_of", "account_id"])


def test_ends_within_the_horizon_churn_and_open_horizons_are_censored():
    at = snapshots((date(2026, 1, 1), 1), (date(2026, 1, 1), 2), (date(2026, 5, 1), 2), (date(2026, 5, 1), 3))
    ends = pd.DataFrame({"account_id": [1, 3], "churned_on": [date(2026, 3, 31), date(2026, 6, 1)]})
    found = label_ends(at, ends, 90, UNTIL)
    assert found.churned.tolist()[:2] == [1.0, 0.0]
    assert np.isnan(found.churned[2]), "its 90 days reach beyond what is known"
    assert found.churned[3] == 1.0, "a churn already seen is no longer open"
    assert found.churned_on[0] == pd.Timestamp(2026, 3, 31)


def test_the_day_itself_is_not_the_future_and_the_last_day_is():
    at = snapshots((date(2026, 1, 1), 1), (date(2026, 1, 1), 2), (date(2026, 1, 1), 3))
    ends = pd.DataFrame(
        {"account_id": [1, 2, 3], "churned_on": [date(2026, 1, 1), date(2026, 4, 1), date(2026, 4, 2)]}
    )
    assert label_ends(at, ends, 90, UNTIL).churned.tolist() == [0.0, 1.0, 0.0]


def test_an_account_that_left_twice_is_labelled_by_the_next_leaving():
    at = snapshots((date(2025, 1, 1), 1), (date(2026, 1, 1), 1))
    ends = pd.DataFrame({"account_id": [1, 1], "churned_on": [date(2025, 2, 1), date(2026, 2, 1)]})
    found = label_ends(at, ends, 60, UNTIL)
    assert found.churned_on.tolist() == [pd.Timestamp(2025, 2, 1), pd.Timestamp(2026, 2, 1)]


def test_silence():
    days = pd.DataFrame(
        [(1, date(2025, 12, 1), 9), (1, date(2026, 2, 1), 1), (2, date(2025, 12, 1), 9), (3, date(2025, 12, 30), 2),
         (4, date(2025, 6, 1), 9), (5, date(2026, 1, 1), 9)],
        columns=["account_id", "day", "n"],
    )  # fmt: skip
    at = snapshots(*((date(2026, 1, 1), a) for a in range(1, 7)))
    found = label_silence(at, days, 90, UNTIL).set_index("account_id")
    assert found.index.tolist() == [1, 2, 5], "too few events, long silent, and never seen are left out"
    assert found.churned.to_dict() == {1: 0.0, 2: 1.0, 5: 1.0}
    late = label_silence(snapshots((date(2026, 5, 1), 1)), pd.DataFrame(
        [(1, date(2026, 4, 20), 9)], columns=["account_id", "day", "n"]), 90, UNTIL)  # fmt: skip
    assert np.isnan(late.churned[0])
