"""The room's door: names only."""

from enishi.value.models import AccountValue, Method, ValueRun, ValueSettings
from enishi.value.reads import get_settings, last_run, values

__all__ = [
    "AccountValue",
    "Method",
    "ValueRun",
    "ValueSettings",
    "get_settings",
    "last_run",
    "values",
]
