"""What customers bought, one value each: read, and refused by its row where it cannot be."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from enishi.forecasts.fitting import Vector


def column(name: str, values: ArrayLike) -> Vector:
    found = np.atleast_1d(np.asarray(values, float))
    if found.ndim != 1:
        raise ValueError(f"{name} has {found.ndim} dimensions; give one value per customer")
    refuse(~np.isfinite(found), name, found, "is missing")
    return found


def refuse(wrong: np.ndarray, name: str, values: Vector, why: str) -> None:
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        others = int(wrong.sum()) - 1
        more = f" (and {others} more)" if others else ""
        raise ValueError(f"row {row}: {name} {values[row]:g} {why}{more}")


def check_length(columns: dict[str, Vector]) -> None:
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(
            "lengths differ: " + ", ".join(f"{name} has {n}" for name, n in lengths.items()) + " rows"
        )


def check_frequency(x: Vector) -> None:
    refuse(x < 0, "frequency", x, "is below 0")
    refuse(x % 1 != 0, "frequency", x, "is no whole number of repeat purchases")


def plain(values: Any) -> Any:
    """A number for a number, an array for an array."""
    return float(values) if np.ndim(values) == 0 else np.asarray(values)
