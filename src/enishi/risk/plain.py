"""Learned numbers as JSON keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from math import isclose, isfinite
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


def alike(one: Any, other: Any) -> bool:
    """Whether two values as JSON keeps them say the same, but for the last digits of numbers."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(alike(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, float) and isinstance(other, int | float):
        return isclose(one, other, rel_tol=1e-6, abs_tol=1e-9)
    return bool(one == other)
