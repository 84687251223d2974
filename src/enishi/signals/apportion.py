"""Whole tenths that add up: the largest-remainder method, row by row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def apportion(exact: NDArray[np.float64], totals: NDArray[np.int64]) -> NDArray[np.int64]:
    """Round each row of ``exact`` to integers that sum to the row's total.

    Args:
        exact: (rows, parts); each row sums to its total within less than the number of its non-zero parts.
        totals: (rows,) the integers to reach.

    Returns:
        (rows, parts) integers, each within 1 of its exact value; an exact 0 stays 0 (unless nothing else can
        carry the difference). Ties go to the earlier part, so that the same input is always cut the same way.
    """
    parts = exact.shape[1]
    if parts == 0:
        return np.zeros(exact.shape, dtype=np.int64)
    snapped = np.round(exact, 9)
    floors = np.floor(snapped)
    remainder = snapped - floors
    missing = totals - floors.sum(axis=1).astype(np.int64)
    idle = snapped == 0
    order = np.argsort(np.where(idle, 2.0, -remainder), axis=1, kind="stable")
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.broadcast_to(np.arange(parts), order.shape), axis=1)
    whole = floors.astype(np.int64)
    whole += place < missing[:, None]
    if (missing < 0).any() or (missing > parts).any():
        whole = _settle(whole, snapped, totals)
    return whole


def _settle(
    whole: NDArray[np.int64], exact: NDArray[np.float64], totals: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Give what is still missing (or too much) to each row's largest part."""
    largest = np.argmax(np.abs(exact), axis=1)
    whole[np.arange(len(whole)), largest] += totals - whole.sum(axis=1)
    return whole
