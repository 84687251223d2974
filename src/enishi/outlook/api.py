"""The room's door: names only."""

from enishi.outlook.actions import (
    Aim,
    Judged,
    ask_forecast,
    judge_renewal,
    set_targets,
    set_thresholds,
    withdraw_judgement,
)
from enishi.outlook.jobs import forecast_today
from enishi.outlook.measures import MEASURES, Figure, figures, running_periods
from enishi.outlook.models import Category, Forecast, Target
from enishi.outlook.reads import (
    Outlook,
    View,
    latest,
    read_moved,
    read_outlook,
    renewals,
    targets_in_force,
    view_of,
)

__all__ = [
    "MEASURES", "Aim", "Category", "Figure", "Forecast", "Judged", "Outlook", "Target", "View", "ask_forecast", "figures",
    "forecast_today", "judge_renewal", "latest", "read_moved", "read_outlook", "renewals", "running_periods", "set_targets",
    "set_thresholds", "targets_in_force", "view_of", "withdraw_judgement",
]  # fmt: skip
