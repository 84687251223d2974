"""Lost, kept, or not yet known."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from enishi.forecasts.api import counts_by_use, is_held, label_contracts, label_silence

UNTIL = date(2026, 6, 30)
DAY = pd.Timestamp(2026, 1, 1)


def contracts(*rows):
    frame = pd.DataFrame(rows, columns=["account_id", "started_on", "leaving_on"])
    for name in ("started_on", "leaving_on"):
        frame[name] = pd.to_datetime(frame[name])
    return frame


def labelled(*rows, day=DAY, horizon=90):
    return label_contracts(contracts(*rows), day, horizon, pd.Timestamp(UNTIL)).set_index("account_id")


def test_an_end_within_the_horizon_is_a_loss():
    found = labelled((1, "2025-01-01", "2026-03-31"), (2, "2025-01-01", None))
    assert found["label"].to_dict() == {1: 1.0, 2: 0.0}
    assert found.loc[1, "lost_on"] == pd.Timestamp(2026, 3, 31)
    assert pd.isna(found.loc[2, "lost_on"])


@pytest.mark.parametrize(("end", "label"), [("2026-04-01", 1.0), ("2026-04-02", 0.0)])
def test_the_last_day_of_the_horizon_still_counts(end, label):
    assert labelled((1, "2025-01-01", end)).loc[1, "label"] == label


def test_who_has_left_or_given_notice_by_the_day_is_no_customer_of_it():
    assert labelled((1, "2025-01-01", "2026-01-01"), (2, "2026-01-02", None)).empty
    assert is_held(contracts((1, "2026-01-01", None)), DAY).all()


def test_an_open_horizon_is_censored_unless_the_loss_was_seen():
    late = labelled((1, "2025-01-01", None), (2, "2025-01-01", "2026-06-01"), day=pd.Timestamp(2026, 5, 1))
    assert np.isnan(late.loc[1, "label"])
    assert late.loc[2, "label"] == 1.0


def test_the_last_of_several_contracts_counts_and_a_following_one_saves():
    assert labelled((1, "2025-01-01", "2026-02-01"), (1, "2025-01-01", "2026-08-01")).loc[1, "label"] == 0.0
    assert labelled((1, "2025-01-01", "2026-02-01"), (1, "2026-02-01", None)).loc[1, "label"] == 0.0
    again = labelled((1, "2025-01-01", "2026-02-01"), (1, "2026-02-01", "2026-03-01"))
    assert again.loc[1, "label"] == 1.0, "the contract that followed was given up within the horizon too"


def test_who_left_twice_is_labelled_by_the_next_leaving():
    rows = [(1, "2024-01-01", "2025-02-01"), (1, "2025-06-01", "2026-02-01")]
    first = labelled(*rows, day=pd.Timestamp(2025, 1, 1), horizon=60)
    assert first.loc[1, "lost_on"] == pd.Timestamp(2025, 2, 1)
    assert labelled(*rows, horizon=60).loc[1, "lost_on"] == pd.Timestamp(2026, 2, 1)


def test_few_events_or_long_silence_do_not_count():
    rows = pd.DataFrame({"events_ever": [4, 5, 5, 5], "days_since_last_seen": [0, 179, 180, np.nan]})
    assert counts_by_use(rows).tolist() == [False, True, False, False]


def test_silence_is_no_event_to_the_end_of_the_horizon():
    rows = pd.DataFrame(
        {
            "as_of": [date(2026, 1, 1)] * 3 + [date(2026, 5, 1)],
            "days_since_last_seen": [3, 3, 3, 3],
            "silent_for": [89, 90, np.nan, 200],
        }
    )
    found = label_silence(rows, 90, UNTIL)
    assert found["label"].tolist()[:3] == [0.0, 1.0, 1.0]
    assert np.isnan(found["label"][3]), "its 90 days reach beyond what is known"
    assert found["lost_on"][1] == pd.Timestamp(2025, 12, 29)
    assert found["lost_on"].isna().tolist() == [True, False, False, True]
