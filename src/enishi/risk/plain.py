"""Learned numbers as JSON keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from math import isfinite
from typing import Any


def as_plain(value: Any) -> Any:
    """The value in Python's own types; what is no number (NaN, infinite) is null."""
    if isinstance(value, Mapping):
        return {str(name): as_plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [as_plain(inner) for inner in value]
    if hasattr(value, "tolist"):  # of numpy
        return as_plain(value.tolist())
    if isinstance(value, date):
        return value.isoformat()[:10]
    return None if isinstance(value, float) and not isfinite(value) else value
