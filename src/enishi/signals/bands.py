"""Bands with hysteresis, and the trend arrow by a tested change. Pure and vectorised."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from enishi.definitions.contracts import ScoreBands, TrendRule
from enishi.signals.mapping import Flags, Floats

RED, YELLOW, GREEN, UNKNOWN = 0, 1, 2, 3
BANDS = ("red", "yellow", "green", "unknown")
CODES = {name: code for code, name in enumerate(BANDS)}
NOISE_FLOOR = 5.0
"""Tenths of usual weekly movement assumed at least: an account that never moved is not infinitely sure."""
MINIMUM_STEPS = 3

Codes = NDArray[np.int8]


def plain_bands(tenths: NDArray[np.int64], known: Flags, bands: ScoreBands) -> Codes:
    """The band by the limits alone."""
    codes = np.where(tenths >= bands.green * 10, GREEN, np.where(tenths >= bands.yellow * 10, YELLOW, RED))
    return np.where(known, codes, UNKNOWN).astype(np.int8)


def next_bands(tenths: NDArray[np.int64], known: Flags, before: Codes, bands: ScoreBands) -> Codes:
    """The band after one more day: a limit counts only when passed by more than the margin.

    Args:
        before: the band held so far; ``UNKNOWN`` where there was none, then the limits alone decide.
    """
    plain = plain_bands(tenths, known, bands)
    margin = bands.margin * 10
    up = plain_bands(np.floor(tenths - margin).astype(np.int64), known, bands)
    down = plain_bands(np.ceil(tenths + margin).astype(np.int64), known, bands)
    held = np.where(up > before, up, np.where(down < before, down, before))
    return np.where(known, np.where(before == UNKNOWN, plain, held), UNKNOWN).astype(np.int8)


def trend_arrows(weekly: Floats, rule: TrendRule) -> NDArray[np.str_]:
    """``up``, ``down``, ``flat``, or empty where the history is too short.

    Args:
        weekly: (n, k) scores in tenths at weekly steps, newest last, NaN where unknown. The change over the last
            ``rule.weeks`` steps is set against the weekly movements before them: with independent movements of
            standard deviation s it has the standard error s * sqrt(weeks) when nothing is going on.
    """
    n, k = weekly.shape
    arrows = np.full(n, "", dtype="<U4")
    if k < rule.weeks + 1 + MINIMUM_STEPS:
        return arrows
    change = weekly[:, -1] - weekly[:, -1 - rule.weeks]
    steps = np.diff(weekly[:, : k - rule.weeks], axis=1)
    enough = (~np.isnan(steps)).sum(axis=1) >= MINIMUM_STEPS
    usual = np.full(n, np.nan)
    usual[enough] = _spread(steps[enough])
    limit = np.maximum(rule.minimum * 10, rule.z * np.maximum(usual, NOISE_FLOOR) * np.sqrt(rule.weeks))
    tested = enough & ~np.isnan(change)
    arrows[tested] = "flat"
    arrows[tested & (change >= limit)] = "up"
    arrows[tested & (change <= -limit)] = "down"
    return arrows


def _spread(steps: Floats) -> Floats:
    """Standard deviation of the weekly movements about their mean: a steady slide is signal, not noise."""
    return np.asarray(np.nanstd(steps, axis=1, ddof=1))
