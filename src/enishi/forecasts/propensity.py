"""How likely customers are to grow in a way: the forecaster of leaving, taught wins instead of losses, and its test.

The same estimator, the same rules of honesty: probabilities only from a stated number of customers who grew, tested on
later time, beside what needs no model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from enishi.forecasts.churn import ChurnForecaster
from enishi.forecasts.evaluation import (
    Interval,
    auc_difference,
    auc_with_interval,
    brier,
    calibration_error,
    clustered_rate,
    lift_at,
    reliability,
)
from enishi.forecasts.readiness import HORIZON, LEAST_WINNERS
from enishi.forecasts.trust import skill_with_interval
from enishi.kit.text import Text

DRAWS = 400


def undirected() -> dict[str, Any]:
    """The shipped metrics without a direction: what is good for staying need not be a sign of growing."""
    from enishi.metrics.registry import REGISTRY

    return {name: replace(metric, direction=0) for name, metric in REGISTRY.items()}


def forecaster(words: Mapping[str, Text] | None = None, horizon_days: int = HORIZON) -> ChurnForecaster:
    """A :class:`ChurnForecaster` for panels in which label 1 is a win."""
    return ChurnForecaster(horizon_days, metrics=undirected(), words=words, least_left=LEAST_WINNERS)


def judge_past(said: pd.DataFrame, baselines: Mapping[str, ArrayLike]) -> dict[str, Any]:
    """How good statements about later periods were.

    Args:
        said: ``account_id, label, probability`` of rows the model had not learned from when it said so, each from a
            time before it (``past_`` of a forecaster).
        baselines: name -> score on the same rows, higher means likelier; NaN is taken for the lowest.

    Returns:
        Plain JSON: rows, accounts, winners, rate (with interval) and, from :data:`LEAST_WINNERS` customers on who grew and
        as many who did not, auc, brier, skill (with ``skill_low`` and ``skill_high``, customers resampled),
        calibration_error, lift, reliability (said, observed, n), baselines (auc each, and the difference to it with its
        interval).
    """
    y, p, who = (said[name].to_numpy() for name in ("label", "probability", "account_id"))
    if not len(y):
        return {"rows": 0, "accounts": 0, "winners": 0}
    base: dict[str, Any] = {
        "rows": len(y),
        "accounts": int(pd.unique(who).size),
        "winners": int(pd.unique(who[y == 1]).size),
        "rate": _plain(clustered_rate(y, who, DRAWS)),
    }
    others = int(pd.unique(who[y == 0]).size)
    if min(base["winners"], others) < LEAST_WINNERS:
        return base
    skill = skill_with_interval(y, p, who, DRAWS)
    table = reliability(y, p, min(5, max(1, len(y) // 40)))
    rows: Any = table.itertuples(index=False)
    return base | {
        "auc": _plain(auc_with_interval(y, p, who, DRAWS)),
        "brier": round(brier(y, p), 4),
        "skill": _number(skill.value),
        "skill_low": _number(skill.low),
        "skill_high": _number(skill.high),
        "calibration_error": round(calibration_error(y, p, min(10, max(1, len(y) // 40))), 4),
        "lift": _number(lift_at(y, p)),
        "reliability": [
            {"said": round(float(row.said), 4), "observed": round(float(row.observed), 4), "n": int(row.n)}
            for row in rows
        ],
        "baselines": {name: _beside(y, p, who, scores) for name, scores in baselines.items()},
    }


def beats_chance(past: Mapping[str, Any]) -> bool:
    """Whether statements tested by :func:`judge_past` were better than the rate of all by more than chance (95 %)."""
    return (past.get("skill_low") or 0) > 0


def _beside(y: Any, p: Any, who: Any, scores: ArrayLike) -> dict[str, Any]:
    values = np.asarray(scores, dtype=float)
    known = values[~np.isnan(values)]
    filled = np.nan_to_num(values, nan=float(known.min()) - 1 if len(known) else 0.0)
    return {
        "auc": _plain(auc_with_interval(y, filled, who, DRAWS)),
        "ahead": _plain(auc_difference(y, p, filled, who, DRAWS)),
    }


def _plain(interval: Interval) -> dict[str, Any]:
    return {name: _number(getattr(interval, name)) for name in ("value", "low", "high")}


def _number(value: float | None) -> float | None:
    return None if value is None or value != value else round(float(value), 4)
