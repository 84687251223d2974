"""Estimators: frames in, intervals and reasons out."""

from enishi.forecasts.evaluation import (
    Interval,
    alarms_per_week,
    auc,
    auc_difference,
    auc_with_interval,
    brier,
    brier_skill,
    calibration_error,
    clustered_rate,
    lead_times,
    lift_at,
    observed_rate_by_band,
    reliability,
    wilson,
)
from enishi.forecasts.labels import counts_by_use, is_held, label_contracts, label_silence
from enishi.forecasts.ltv import NotEnoughHistory, simple_ltv
from enishi.forecasts.survival import TimeToEvent, survival_at, time_to_event

__all__ = [
    "Interval", "NotEnoughHistory", "TimeToEvent", "alarms_per_week", "auc", "auc_difference", "auc_with_interval",
    "brier", "brier_skill", "calibration_error", "clustered_rate", "counts_by_use", "is_held", "label_contracts",
    "label_silence", "lead_times",
    "lift_at", "observed_rate_by_band", "reliability", "simple_ltv", "survival_at", "time_to_event", "wilson",
]  # fmt: skip
