"""A back-test in which the forecast has no say tells why."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from enishi.forecasts.expanding import Expanded
from enishi.signals.api import Outcome
from enishi.signals.backtest import Snapshots, report
from enishi.signals.real import as_table

DAY = pd.Timestamp("2025-01-01")
NUMBERS = np.arange(40)
KEYS = pd.DataFrame({"as_of": DAY, "account_id": NUMBERS})


def tried(forecast: Expanded, lost: int = 4) -> dict:
    draft = Snapshots(KEYS.assign(tenths=100.0 + NUMBERS, band="red"))
    base = KEYS.assign(days_since_last_seen=1.0, events_90=10.0, tenure_days=400.0)
    gone = lost > NUMBERS
    labels = KEYS.assign(
        label=gone.astype(float),
        lost_on=[DAY + pd.Timedelta(days=37) if g else pd.NaT for g in gone],
        ends_on=DAY + pd.Timedelta(days=90),
    )
    told = report(draft, base, labels, Outcome("churn", 90), draws=20, forecast=forecast)
    return told | {"from": "2025-01-01", "to": "2025-01-01"}


def said(rows: pd.DataFrame, fits: int = 1, missing: int = 0) -> Expanded:
    return Expanded(rows.assign(probability=0.1 + 0.01 * rows["account_id"]), fits, missing, ())


@pytest.mark.parametrize(
    ("forecast", "lost", "english", "japanese"),
    [
        (said(KEYS.head(0), fits=0, missing=7), 4, "7 more customers", "あと7社不足"),
        (said(KEYS.assign(as_of=DAY + pd.Timedelta(days=1))), 4, "not known yet", "まだ分かっていません"),
        (
            said(KEYS),
            0,
            "of the 40 rows of which it spoke, none of them was lost",
            "予測した40行には離脱がありません",
        ),
        (said(KEYS), 40, "all of them were lost", "すべてが離脱しています"),
    ],
)
def test_why_it_had_no_say_is_told(forecast: Expanded, lost: int, english: str, japanese: str) -> None:
    told = tried(forecast, lost)
    assert told["forecast"]["auc"] is None
    assert english in told["forecast"]["reason"]["en"]
    assert japanese in told["forecast"]["reason"]["ja"]
    assert told["forecast"]["reason"]["en"] in as_table(told, "en")
    assert told["forecast"]["reason"]["ja"] in as_table(told, "ja")


def test_where_it_spoke_there_is_no_reason() -> None:
    told = tried(said(KEYS))
    assert told["forecast"]["auc"] is not None
    assert told["forecast"]["reason"] is None
    assert "no say" not in as_table(told, "en")
