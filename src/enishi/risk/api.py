"""The room's door: names only."""

from enishi.risk.actions import ask_fit, roll_back
from enishi.risk.models import HORIZONS, RENEWAL, AccountRisk, ForecastModel, ForecastRun, Statement
from enishi.risk.reads import forecast_days, model_in_use, probabilities, statements_on

__all__ = [
    "HORIZONS",
    "RENEWAL",
    "AccountRisk",
    "ForecastModel",
    "ForecastRun",
    "Statement",
    "ask_fit",
    "forecast_days",
    "model_in_use",
    "probabilities",
    "roll_back",
    "statements_on",
]
