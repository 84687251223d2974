"""Between two fits: the version in use with its level brought to what came lately."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
from django.db.models import Max

from enishi.forecasts import ChurnForecaster
from enishi.kit.text import Text
from enishi.risk.models import ForecastModel
from enishi.risk.plain import as_plain

LEAST_LEFT = 8
"""Accounts that left since the version was learned, before its level is touched."""
LEAST_SHIFT = 0.1
"""Log-odds by which the usual probability must move, for a version of its own."""


def recalibrated(
    standing: ForecastModel, old: ChurnForecaster, panel: pd.DataFrame, now: datetime, known: tuple[date, int]
) -> ForecastModel | None:
    """An unsaved version: the same fit, its level and spread brought to the outcomes it had not seen. None where these
    are too few, or change nothing worth a version.

    Args:
        known: the day whose knowledge the panel is of, and the generation of its facts: what the version has seen from now
            on.
    """
    new = panel[pd.to_datetime(panel["as_of"]) > pd.Timestamp(old.last_day_)]
    left = int(new.loc[new["label"] == 1, "account_id"].nunique())
    if left < LEAST_LEFT:
        return None
    mended = old.recalibrated(panel)
    shift = float(np.mean(mended.decision_function(new) - old.decision_function(new)))
    if abs(shift) < LEAST_SHIFT:
        return None
    made = _copy(standing, mended, _words(left, shift, float(new["label"].mean())), now)
    first = panel[pd.to_datetime(panel["ends_on"]) <= pd.Timestamp(standing.as_of)]
    seen = pd.concat([first, new])
    made.as_of, made.facts_generation = known
    made.rows, made.accounts = len(seen), int(seen["account_id"].nunique())
    made.outcomes = int(seen.loc[seen["label"] == 1, "account_id"].nunique())
    made.trained_on = standing.trained_on | {"recalibrated": {"rows": len(new), "outcomes": left}}
    return made


def _words(left: int, shift: float, rate: float) -> Text:
    en, ja = ("higher", "高め") if shift > 0 else ("lower", "低め")
    return Text(
        f"The same fit as before, its probabilities {en}: {left} accounts left lately ({rate:.1%} of the rows).",
        f"学習内容は前の版と同じで、直近の解約{left}社の実績(発生率{rate:.1%})に合わせて確率を{ja}に補正しました。",
    )


def _copy(standing: ForecastModel, mended: Any, reason: Text, now: datetime) -> ForecastModel:
    names = (
        "horizon", "kind", "outcome", "as_of", "speaks", "missing", "base_rate", "rows", "accounts", "outcomes",
        "facts_generation", "trained_on", "report",
    )  # fmt: skip
    made = ForecastModel(**{name: getattr(standing, name) for name in names})
    last = ForecastModel.objects.filter(horizon=standing.horizon).aggregate(last=Max("version"))["last"]
    made.version, made.recalibrated, made.made_at = (last or 0) + 1, standing, now
    made.state = as_plain(mended.to_dict())
    made.reason_en, made.reason_ja = reason.en, reason.ja
    return made
