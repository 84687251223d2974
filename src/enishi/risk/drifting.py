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
MOSTLY = 0.5


def watch_outcomes(model: ForecastModel, day: date) -> dict[str, Any]:
    """What came of the statements decided lately beside what they said, as JSON."""
    return {"calibration": as_plain(_calibration(model.horizon, day))}


def watch_inputs(forecaster: ChurnForecaster, model: ForecastModel, rows: pd.DataFrame) -> dict[str, Any]:
    """Which inputs of a version lie off at the last month-end, as JSON: as
    :func:`~enishi.forecasts.drift.judge_inputs`, the inputs nearest to their limits or beyond them, and how many have
    ``moved``.

    Args:
        rows: of all month-ends, whatever is known of their outcomes.
    """
    told = forecaster.drift(rows, learned_months(model, rows))
    moved = sum(1 for one in told["inputs"] if one["moved"] != "little")
    kept: dict[str, Any] = as_plain(told | {"inputs": told["inputs"][: max(SHOWN, moved)], "moved": moved})
    return kept


def learned_months(model: ForecastModel, rows: pd.DataFrame) -> list[pd.Timestamp]:
    """The month-ends a version was learned from: of the next renewal, of whose late month-ends only those are known whose
    contract soon ran out, the ones of which most was known."""
    known = pd.to_datetime(rows["ends_on"]) <= pd.Timestamp(model.as_of)
    share = known.groupby(pd.to_datetime(rows["as_of"])).mean()
    until = model.trained_on.get("to")
    known_days = pd.DatetimeIndex(share.index[share >= MOSTLY])
    return list(known_days[known_days <= pd.Timestamp(until)]) if until else []


def _calibration(horizon: int, day: date) -> dict[str, Any]:
    asked = Statement.objects.filter(
        horizon=horizon, outcome__isnull=False, due_on__gt=day - timedelta(days=RECENT_DAYS), due_on__lte=day
    )
    rows = list(asked.order_by("day", "pk").values_list("outcome", "probability", "account_id"))
    labels, said, accounts = (np.array([row[i] for row in rows], dtype=float) for i in range(3))
    return calibration_drift(labels, said, accounts) | {"days": RECENT_DAYS}
