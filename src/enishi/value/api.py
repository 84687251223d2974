"""The room's door: names only."""

from enishi.value.actions import save_settings, value_accounts
from enishi.value.jobs import renew
from enishi.value.models import (
    AccountValue,
    Method,
    Ranking,
    SegmentValue,
    ValueRun,
    ValueSettings,
    ValueStatement,
)
from enishi.value.reads import get_settings, last_run, values, worth_on

__all__ = [
    "AccountValue",
    "Method",
    "Ranking",
    "SegmentValue",
    "ValueRun",
    "ValueSettings",
    "ValueStatement",
    "get_settings",
    "last_run",
    "renew",
    "save_settings",
    "value_accounts",
    "values",
    "worth_on",
]
