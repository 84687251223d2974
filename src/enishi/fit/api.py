"""The room's door: names only."""

from enishi.fit.actions import state_value, withdraw_value
from enishi.fit.jobs import last_run, renew
from enishi.fit.models import AccountFit, FitOpinion, FitRun, FitStatement
from enishi.fit.reads import SORTS, Listing, find_fit, fit_rows, list_fits, said_on

__all__ = [
    "SORTS",
    "AccountFit",
    "FitOpinion",
    "FitRun",
    "FitStatement",
    "Listing",
    "find_fit",
    "fit_rows",
    "last_run",
    "list_fits",
    "renew",
    "said_on",
    "state_value",
    "withdraw_value",
]
