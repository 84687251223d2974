"""A robust slope with its uncertainty, for many short series at once."""

from __future__ import annotations

import numpy as np

LEAST_WEEKS = 6
_Z = 1.959963984540054


def weekly_slope(totals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Theil-Sen slope of ``log(1 + total)`` per week, and its standard error.

    The error is the half width of Kendall's distribution-free interval at 95 %, divided by 1.96 (Sen 1968,
    without a correction for ties).

    Args:
        totals: series x weeks, oldest first; NaN where unknown. Fewer than 6 known weeks give NaN.
    """
    logs = np.log1p(np.ascontiguousarray(totals.T))
    first, second = np.triu_indices(len(logs), 1)
    slopes = np.sort((logs[second] - logs[first]) / (second - first)[:, None], axis=0)
    known = np.sum(~np.isnan(totals), axis=1)
    slope, error = np.full(len(totals), np.nan), np.full(len(totals), np.nan)
    for n in np.unique(known[known >= LEAST_WEEKS]):
        rows, pairs = known == n, n * (n - 1) // 2
        part = slopes[:pairs, rows]
        slope[rows] = (part[(pairs - 1) // 2] + part[pairs // 2]) / 2
        spread = _Z * np.sqrt(n * (n - 1) * (2 * n + 5) / 18)
        low, high = (
            max(int(np.floor((pairs - spread) / 2)), 0),
            min(int(np.ceil((pairs + spread) / 2)), pairs - 1),
        )
        error[rows] = (part[high] - part[low]) / (2 * _Z)
    return slope, error
