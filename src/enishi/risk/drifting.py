"""Whether the world still looks as it did when a forecast was learned: its inputs, and what came of what was said."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from enishi.forecasts import ChurnForecaster
from enishi.forecasts.drift import calibration_drift
from enishi.risk.models import ForecastModel, Statement
from enishi.risk.plain import as_plain

RECENT_DAYS = 180
SHOWN = 12
LEAST_ROWS = 30
"""Accounts below which shares say nothing of a drift."""


def watch_drift(
    forecaster: ChurnForecaster, model: ForecastModel, rows: pd.DataFrame, day: date
) -> dict[str, Any]:
    """What has moved, as JSON: ``inputs`` (those that moved most, with ``psi`` and ``moved``), how many moved ``much``,
    and ``calibration``: observed against expected among the statements decided lately."""
    moved = forecaster.drift(rows) if len(rows) >= LEAST_ROWS else []
    return {
        "accounts": len(rows),
        "inputs": as_plain(moved[:SHOWN]),
        "much": sum(1 for one in moved if one["moved"] == "much"),
        "calibration": as_plain(_calibration(model.horizon, day)),
    }


def _calibration(horizon: int, day: date) -> dict[str, Any]:
    asked = Statement.objects.filter(
        horizon=horizon, outcome__isnull=False, due_on__gt=day - timedelta(days=RECENT_DAYS), due_on__lte=day
    )
    rows = list(asked.order_by("day", "pk").values_list("outcome", "probability", "account_id"))
    labels, said, accounts = (np.array([row[i] for row in rows], dtype=float) for i in range(3))
    return calibration_drift(labels, said, accounts) | {"days": RECENT_DAYS}
