"""The room's door: names only."""

from enishi.fit.actions import state_value, withdraw_value
from enishi.fit.jobs import last_run, renew
from enishi.fit.models import AccountFit, FitOpinion, FitRun, FitStatement
from enishi.fit.reads import (
    SORTS,
    Listing,
    Sold,
    choices_of,
    count_fits,
    count_sold,
    find_fit,
    list_fits,
    portion_of,
    rows_of,
    said_on,
    standing_of,
)
from enishi.fit.trying import Effect, Tried, try_axes

__all__ = [
    "SORTS",
    "AccountFit",
    "Effect",
    "FitOpinion",
    "FitRun",
    "FitStatement",
    "Listing",
    "Sold",
    "Tried",
    "choices_of",
    "count_fits",
    "count_sold",
    "find_fit",
    "last_run",
    "list_fits",
    "portion_of",
    "renew",
    "rows_of",
    "said_on",
    "standing_of",
    "state_value",
    "try_axes",
    "withdraw_value",
]
