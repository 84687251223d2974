"""What the forecaster would have said of past rows it had not learned from: the ground of every choice it makes.

Each block of later days is told by models learned from what had ended before it; the strength of the prior and the
recalibration of a block are chosen on the blocks before it, and so is which model stands
(:func:`enishi.forecasts.selection.told_then`). So nothing that is reported of the past has seen its own
future, not even through a choice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from enishi.forecasts.calibration import UNCHANGED, Recalibration, recalibrate
from enishi.forecasts.folds import Folds
from enishi.forecasts.logistic import expit
from enishi.forecasts.rows import Rows, beside

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
Tell = Callable[[Places, Places], Floats]
"""From rows to learn from and rows to judge to the log-odds of the latter, (variants, n)."""
Choose = Callable[[Floats, Floats, NDArray[Any]], int]
"""From labels, log-odds (variants, n) and accounts to the number of the variant to use."""


@dataclass(frozen=True, slots=True)
class Backcast:
    """Judged rows in order of time.

    Args:
        rows: (n,) numbers of the judged rows.
        block: (n,) which block each belongs to.
        logits: (variants, n) what each variant said.
        said: (n,) log-odds as they would have been said: the variant chosen and recalibrated on earlier blocks.
        chosen: the variant to use from now on, by all blocks.
        recalibration: of it, by all blocks.
    """

    rows: Places
    block: NDArray[np.intp]
    logits: Floats
    said: Floats
    chosen: int
    recalibration: Recalibration


def backcast(keys: pd.DataFrame, folds: Folds, tell: Tell, choose: Choose) -> Backcast:
    """Tell every fold's rows, and choose by what came.

    Args:
        keys: ``as_of``, ``ends_on``, ``account_id``, ``label`` of all labelled rows.
    """
    none = np.zeros(0, dtype=np.intp)
    if not folds.pairs:
        empty = np.zeros(0)
        return Backcast(none, none, np.zeros((0, 0)), empty, choose(empty, np.zeros((0, 0)), none), UNCHANGED)
    rows = np.concatenate([judge for _, judge in folds.pairs])
    block = np.repeat(np.arange(len(folds.pairs)), [len(judge) for _, judge in folds.pairs])
    logits = np.concatenate([tell(learn, judge) for learn, judge in folds.pairs], axis=1)
    judged = keys.iloc[rows].reset_index(drop=True)
    said = np.zeros(len(rows))
    for one in range(len(folds.pairs)):
        now = block == one
        known = known_before(judged, block, one, folds.later)
        number, mended = _by(judged, logits, known, choose, judged["as_of"][now].min())
        said[now] = mended.apply(logits[number, now])
    everything = np.ones(len(rows), dtype=bool)
    number, mended = _by(judged, logits, everything, choose, judged["as_of"].max())
    return Backcast(rows, block, logits, said, number, mended)


def past_of(rows: Rows, told: Backcast, logits: Floats) -> pd.DataFrame:
    """What would have been said of past rows, beside what else was known of them."""
    keys = rows.keys.iloc[told.rows].reset_index(drop=True)
    beside_them = beside(rows.panel.iloc[told.rows].reset_index(drop=True))
    return keys.assign(probability=expit(logits), **beside_them)


def known_before(judged: pd.DataFrame, block: NDArray[np.intp], one: int, later: bool) -> NDArray[np.bool_]:
    """Rows whose outcome was known when a block began; of groups of accounts, those of the other groups."""
    if not later:
        return np.asarray(block != one)
    return np.asarray((judged["ends_on"] <= judged["as_of"][block == one].min()) & (block < one))


def _by(
    judged: pd.DataFrame, logits: Floats, known: NDArray[np.bool_], choose: Choose, day: pd.Timestamp
) -> tuple[int, Recalibration]:
    labels, accounts = judged["label"].to_numpy()[known], judged["account_id"].to_numpy()[known]
    number = choose(labels, logits[:, known], accounts)
    if not known.any():
        return number, UNCHANGED
    ages = (day - judged["as_of"][known]).dt.days.to_numpy(dtype=float)
    return number, recalibrate(labels, logits[number, known], accounts, ages=ages)


def variants(tells: Sequence[Floats]) -> Floats:
    return np.vstack(tells)
