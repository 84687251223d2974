"""The room's door: names only."""

from enishi.risk.actions import ask_fit, roll_back
from enishi.risk.explaining import explain
from enishi.risk.models import HORIZONS, RENEWAL, AccountRisk, ForecastModel, ForecastRun, Statement
from enishi.risk.reads import (
    RiskLine,
    account_record,
    account_risks,
    forecast_days,
    last_run,
    last_scored,
    list_risks,
    list_versions,
    model_in_use,
    open_statements,
    probabilities,
    record,
    statements_on,
)

__all__ = [
    "HORIZONS",
    "RENEWAL",
    "AccountRisk",
    "ForecastModel",
    "ForecastRun",
    "RiskLine",
    "Statement",
    "account_record",
    "account_risks",
    "ask_fit",
    "explain",
    "forecast_days",
    "last_run",
    "last_scored",
    "list_risks",
    "list_versions",
    "model_in_use",
    "open_statements",
    "probabilities",
    "record",
    "roll_back",
    "statements_on",
]
