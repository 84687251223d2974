"""Time to value, and the published survival table."""

import csv
import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from enishi.forecasts.api import survival_at, time_to_event

DATA = Path(os.environ.get("ENISHI_DATA") or Path(__file__).parents[5] / "shared" / "data")


def test_those_still_waiting_count():
    found = time_to_event([10, 20, 30, 40], [True, True, False, False])
    assert found.share_by(20) == pytest.approx(0.5)
    assert found.share_by(41) is None
    assert (found.n, found.happened, found.censored_share) == (4, 2, 0.5)
    assert found.median_days == 20


def test_where_half_never_get_there_no_median_is_invented():
    found = time_to_event([5, 100, 100, 100], [True, False, False, False])
    assert found.median_days is None
    assert found.share_by(50) == pytest.approx(0.25)


def test_before_the_start_counts_as_day_zero_and_is_told():
    found = time_to_event([-7, 0, 12], [True, True, True])
    assert (found.early, found.share_by(0)) == (1, pytest.approx(2 / 3))
    assert time_to_event([], []) is None
    assert time_to_event([np.nan], [True]) is None


@pytest.mark.real
def test_the_published_telco_survival_table():
    file = next((DATA / "telco").glob("*.csv.gz"), None) if DATA.exists() else None
    if file is None:
        pytest.skip("not tried: the published survival table, for its data are absent (set ENISHI_DATA)")
    with gzip.open(file, "rt", encoding="utf-8-sig") as lines:
        rows = list(csv.DictReader(lines))
    found = survival_at(
        [float(r["tenure"]) for r in rows], [r["Churn"] == "Yes" for r in rows], range(12, 73, 12)
    )
    assert [round(value, 4) for value in found] == [0.8432, 0.7887, 0.7485, 0.7088, 0.6644, 0.5928]
