"""What ``enishi forecast report`` tells people."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from enishi.cli import forecast
from enishi.forecasts.trust import evaluate


def test_a_report_for_people_says_how_good_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    random = np.random.default_rng(2)
    p = random.uniform(0.02, 0.6, 500)
    y = (random.random(500) < p).astype(float)
    day = pd.Timestamp(2026, 1, 31)
    rows = pd.DataFrame({"as_of": day, "account_id": np.arange(500), "label": y, "probability": p})
    rows = rows.assign(scorecard=p + random.normal(size=500), lost_on=day + pd.Timedelta(days=20))
    judged = evaluate(rows, others={"scorecard": "scorecard"}, threshold=0.3)
    forecast._tell_judged(SimpleNamespace(report={"evaluation": judged}, base_rate=0.3))
    said = capsys.readouterr().out
    for word in ("AUC", "scorecard", "Brier", "skill", "Calibration error", "20 days (median)", "Base rate"):
        assert word in said, said
    assert f"{judged['auc']['value']:.3f} ({judged['auc']['low']:.3f}" in said
    forecast._tell_judged(SimpleNamespace(report={}, base_rate=None))
    assert "no later period" in capsys.readouterr().out
