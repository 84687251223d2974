"""What was said against what came, over all accounts: the record behind the trust in a forecast."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from enishi.forecasts.api import auc_with_interval, brier, brier_skill, clustered_rate
from enishi.risk.models import Statement

LEAST_LEFT = 5
DRAWS = 400


def came_of(horizon: int, until: date, since: date | None = None) -> dict[str, Any]:
    """Statements that were decided by a day: how many, what was said and what came on average, and how well they told
    the two apart (where enough left)."""
    rows = Statement.objects.filter(horizon=horizon, outcome__isnull=False, due_on__lte=until).order_by(
        "day", "pk"
    )
    rows = rows.filter(day__gte=since) if since else rows
    names = ["account_id", "day", "probability", "outcome"]
    return summary(pd.DataFrame(list(rows.values_list(*names)), columns=names))


def summary(said: pd.DataFrame) -> dict[str, Any]:
    """Figures over statements (``account_id``, ``probability``, ``outcome``); intervals by accounts."""
    labels, p = said["outcome"].to_numpy(dtype=float), said["probability"].to_numpy(dtype=float)
    accounts = said["account_id"].to_numpy()
    left = int(pd.unique(accounts[labels == 1]).size) if len(said) else 0
    told: dict[str, Any] = {
        "n": len(said),
        "accounts": int(pd.unique(accounts).size),
        "left": left,
        "said": float(np.mean(p)) if len(said) else None,
        "came": float(np.mean(labels)) if len(said) else None,
        "auc": None,
        "brier": None,
        "brier_skill": None,
    }
    if left < LEAST_LEFT:
        return told
    rate = clustered_rate(labels, accounts, DRAWS)
    told["came_interval"] = [rate.low, rate.high]
    told["auc"] = auc_with_interval(labels, p, accounts, DRAWS).as_dict()
    return told | {"brier": brier(labels, p), "brier_skill": brier_skill(labels, p)}
