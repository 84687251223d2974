"""Splits that never see the future: later blocks of snapshot days, learned from what had ended before them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Rows = NDArray[np.intp]

BLOCKS = 5
LEAST_LEFT = 8  # accounts that had left, and that had not, before a block can be judged


@dataclass(frozen=True, slots=True)
class Folds:
    """Pairs of rows to learn from and rows to judge, oldest first.

    ``later``: whether the judged rows come after everything learned from; otherwise they are other accounts.
    """

    pairs: tuple[tuple[Rows, Rows], ...]
    later: bool


def make_folds(rows: pd.DataFrame, seed: int, blocks: int = BLOCKS) -> Folds:
    """Later blocks where the history is long enough for any, else five groups of accounts.

    Args:
        rows: ``as_of``, ``ends_on`` (the day the label was known), ``account_id``, ``label``.
    """
    pairs = _later(rows, blocks)
    if pairs:
        return Folds(tuple(pairs), later=True)
    return Folds(tuple(_by_account(rows, seed)), later=False)


def _later(rows: pd.DataFrame, blocks: int) -> list[tuple[Rows, Rows]]:
    as_of, ends_on = rows["as_of"].to_numpy(), rows["ends_on"].to_numpy()
    days = np.unique(as_of)
    ready = [day for day in days if _enough(rows[ends_on <= day])]
    if not ready:
        return []
    later = days[days >= ready[0]]
    pairs = []
    for block in np.array_split(later, min(blocks, len(later))):
        learned = np.flatnonzero(ends_on <= block[0])
        pairs.append((learned, np.flatnonzero((as_of >= block[0]) & (as_of <= block[-1]))))
    return pairs


def _enough(past: pd.DataFrame) -> bool:
    left = past.loc[past["label"] == 1, "account_id"].nunique()
    stayed = past.loc[past["label"] == 0, "account_id"].nunique()
    return min(left, stayed) >= LEAST_LEFT


def _by_account(rows: pd.DataFrame, seed: int) -> list[tuple[Rows, Rows]]:
    """Groups of accounts, those that left spread evenly over them."""
    left = rows.groupby("account_id")["label"].max()
    if min((left == 1).sum(), (left == 0).sum()) < LEAST_LEFT:
        return []
    random = np.random.default_rng(seed)
    shuffled = left.iloc[random.permutation(len(left))].sort_values(kind="stable")
    group = pd.Series(np.arange(len(shuffled)) % 5, index=shuffled.index)
    own = rows["account_id"].map(group).to_numpy()
    return [(np.flatnonzero(own != one), np.flatnonzero(own == one)) for one in range(5)]
