"""The room's door: names only."""

from enishi.risk.models import HORIZONS, RENEWAL, AccountRisk
from enishi.risk.reads import forecast_days, model_in_use, probabilities, statements_on

__all__ = [
    "HORIZONS",
    "RENEWAL",
    "AccountRisk",
    "forecast_days",
    "model_in_use",
    "probabilities",
    "statements_on",
]
