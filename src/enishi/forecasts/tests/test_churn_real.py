"""The churn forecaster on a public data set it was not made for, by nothing but its defaults."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from enishi.forecasts import ChurnForecaster
from enishi.forecasts.evaluation import auc, brier, calibration_error

ROOT = Path(__file__).resolve().parents[4]
DATA = Path(os.environ.get("ENISHI_DATA") or ROOT.parent / "shared" / "data")
TELCO = DATA / "telco" / "Telco-Customer-Churn.csv.gz"


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.skipif(not TELCO.exists(), reason="not tried: the Telco data are absent (set ENISHI_DATA)")
def test_telco_out_of_fold_is_as_good_as_a_strong_calibrated_model() -> None:
    from sklearn.model_selection import StratifiedKFold

    rows = pd.read_csv(TELCO)
    left = (rows.pop("Churn") == "Yes").to_numpy(dtype=float)
    panel = rows.drop(columns="customerID").assign(label=left, account_id=np.arange(len(rows)))
    said = np.zeros(len(panel))
    for learn, judge in StratifiedKFold(5, shuffle=True, random_state=0).split(panel, left):
        found = ChurnForecaster(90).fit(panel.iloc[learn])
        said[judge] = found.predict_proba(panel.iloc[judge].drop(columns="label"))[:, 1]
    assert not found.leaks_
    assert (auc(left, said) or 0) >= 0.848
    assert brier(left, said) <= 0.134
    assert calibration_error(left, said) <= 0.010
