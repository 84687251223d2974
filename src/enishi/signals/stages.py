"""The lifecycle stage of every row of a frame: as stated, or by the declared rule. Pure and vectorised."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from enishi.definitions.contracts import Stages
from enishi.signals.mapping import Flags, Floats, column

CHURNED = "churned"
STAGE_METRICS = (
    "active_days_28",
    "days_since_last_seen",
    "days_since_order",
    "orders_90",
    "tenure_days",
    "time_to_first_value",
)


def derive_stages(rows: pd.DataFrame, rule: Stages) -> NDArray[np.object_]:
    """Stage of each row; see ``stages-default.yaml`` for the rule.

    Args:
        rows: ``stage`` as stated ("" where nobody did), ``had_contract``, ``days_since_contract`` (missing while
            one is in force), ``mrr`` and :data:`STAGE_METRICS`.
    """
    stated = rows["stage"].to_numpy(dtype=object)
    stages = np.where(stated == "", _by_age_and_use(rows, rule), stated).astype(object)
    silent = (stated == "") & ~_had_contract(rows) & (_silence(rows) >= rule.left_after_silent_days)
    stages[_contracts_over(rows) | silent] = CHURNED
    return stages


def have_left(rows: pd.DataFrame) -> Flags:
    """Rows of former customers: they are known, and no longer judged."""
    if "stage" not in rows.columns:
        return np.zeros(len(rows), dtype=bool)
    return np.asarray((rows["stage"] == CHURNED).to_numpy(dtype=bool))


def _by_age_and_use(rows: pd.DataFrame, rule: Stages) -> NDArray[np.object_]:
    tenure, days = column(rows, "tenure_days"), column(rows, "active_days_28")
    without_value = np.isnan(column(rows, "time_to_first_value"))
    with np.errstate(invalid="ignore"):
        new = tenure < rule.onboarding_days
        new |= (tenure < rule.onboarding_at_most_days) & without_value
        settled = (tenure >= rule.established_after_days) & ~(days < rule.regular_use_days)
    return np.where(new, "onboarding", np.where(settled, "established", "adoption")).astype(object)


def _had_contract(rows: pd.DataFrame) -> Flags:
    return np.nan_to_num(column(rows, "had_contract")) > 0


def _contracts_over(rows: pd.DataFrame) -> Flags:
    """Every recurring contract has ended, and nothing was ordered since."""
    since, ordered = column(rows, "days_since_contract"), column(rows, "days_since_order")
    with np.errstate(invalid="ignore"):
        return ~np.isnan(since) & ~(column(rows, "mrr") > 0) & ~(ordered < since)


def _silence(rows: pd.DataFrame) -> Floats:
    """Days without use or order, counted up to the last day any use was recorded: a source gone quiet says nothing
    of the customers. NaN where neither ever was."""
    quiet = np.nan_to_num(column(rows, "age:days_since_last_seen"))
    used = column(rows, "days_since_last_seen") - quiet
    return np.fmin(used, column(rows, "days_since_order"))
