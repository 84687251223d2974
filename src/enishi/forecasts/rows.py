"""The labelled rows of a panel: what a forecaster learns from."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from enishi.forecasts.features import feature_names
from enishi.kit.errors import EnishiError
from enishi.kit.text import Text

Floats = NDArray[np.float64]
One = TypeVar("One")
Made = TypeVar("Made")

MOST_ROWS = 150_000
"""Labelled rows beyond which whole accounts are sampled: what is left out would move a coefficient by less than its
uncertainty."""
MOST_CORES = 4
_NO_DAY = pd.Timestamp(1970, 1, 1)
_LONGEST_TERM = 366  # days until the next renewal, where the panel does not tell


@dataclass(frozen=True, slots=True)
class Rows:
    """Labelled rows: the features' columns, and beside them what they are rows of."""

    panel: pd.DataFrame
    labels: Floats
    accounts: NDArray[Any]
    keys: pd.DataFrame  # as_of, ends_on, account_id, label, and lost_on where the panel has it

    def take(self, rows: NDArray[Any]) -> Rows:
        keys = self.keys.iloc[rows].reset_index(drop=True)
        return Rows(self.panel.iloc[rows], self.labels[rows], self.accounts[rows], keys)

    def __len__(self) -> int:
        return len(self.labels)


def labelled_rows(panel: pd.DataFrame, horizon_days: int) -> Rows:
    """The rows of a panel whose outcome is known.

    Raises:
        EnishiError: ``no_labels``, ``bad_label``.
    """
    label = _labels(panel)
    known = ~np.isnan(label)
    kept = panel[known]
    as_of = _days(kept, "as_of")
    ends_on = _days(kept, "ends_on") if "ends_on" in kept else as_of + _horizon(kept, horizon_days)
    accounts = kept["account_id"].to_numpy() if "account_id" in kept else np.arange(len(kept))
    keys = pd.DataFrame(
        {
            "as_of": as_of.to_numpy(),
            "ends_on": ends_on.to_numpy(),
            "account_id": accounts,
            "label": label[known],
        }
    )
    if "lost_on" in kept:
        keys["lost_on"] = pd.to_datetime(kept["lost_on"]).to_numpy()
    order = np.argsort(keys["as_of"].to_numpy(), kind="stable")
    found = Rows(kept[feature_names(kept)], label[known], accounts, keys)
    return found.take(order)


def _labels(panel: pd.DataFrame) -> Floats:
    if "label" not in panel:
        raise EnishiError(
            "no_labels",
            Text("The panel has no column 'label'.", "パネルに「label」の列がありません。"),
            Text(
                "Add it: 1 left within the horizon, 0 stayed, empty where that is not known yet.",
                "期間内に解約した行は1、継続した行は0、まだ分からない行は空にしてください。",
            ),
        )
    label = pd.to_numeric(panel["label"], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    wrong = ~(np.isnan(label) | (label == 0) | (label == 1)) | (
        np.isnan(label) & panel["label"].notna().to_numpy()
    )
    if wrong.any():
        value = panel["label"].iloc[int(np.argmax(wrong))]
        raise EnishiError(
            "bad_label",
            Text(
                f"A label is neither 0 nor 1: {value!r}.", f"labelに0でも1でもない値があります:「{value}」。"
            ),
            Text("Write 1 for left, 0 for stayed.", "解約は1、継続は0としてください。"),
        )
    return label


def _days(panel: pd.DataFrame, name: str) -> pd.Series[Any]:
    if name not in panel:
        return pd.Series(_NO_DAY, index=panel.index)
    return pd.to_datetime(panel[name])


def _horizon(panel: pd.DataFrame, horizon_days: int) -> Any:
    if horizon_days:
        return pd.Timedelta(days=horizon_days)
    if "days_to_renewal" in panel:
        return pd.to_timedelta(panel["days_to_renewal"].fillna(_LONGEST_TERM).astype(float), unit="D")
    return pd.Timedelta(days=_LONGEST_TERM)


def sampled(rows: Rows, seed: int, most: int = MOST_ROWS) -> Rows:
    """All rows, or those of a random sample of accounts where there are more than ``most``."""
    if len(rows) <= most:
        return rows
    names, codes = np.unique(rows.accounts, return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(names))
    sizes = np.cumsum(np.bincount(codes)[order])
    chosen = np.zeros(len(names), dtype=bool)
    chosen[order[sizes <= most]] = True
    return rows.take(np.flatnonzero(chosen[codes]))


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for each step of a library: threads that wait for each other within a step cost many times the work as
    soon as the machine has something else to do. Cores are shared out by :func:`each_on_a_core` instead."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield


def each_on_a_core(work: Callable[[One], Made], items: Sequence[One]) -> list[Made]:
    """What ``work`` makes of each item, in their order; items side by side, nothing waits within one."""
    cores = min(os.cpu_count() or 1, MOST_CORES, len(items))
    if cores < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(cores) as pool:
        return list(pool.map(work, items))


def beside(panel: pd.DataFrame) -> dict[str, Floats]:
    """What any forecast is compared with, where the panel has it: ``recency`` (days since last seen; never seen counts
    as longer than all) and ``scorecard`` (100 less the score), both higher where more at risk."""
    found: dict[str, Floats] = {}
    if "days_since_last_seen" in panel:
        days = panel["days_since_last_seen"].to_numpy(dtype=float, na_value=np.nan)
        if not np.isnan(days).all():
            found["recency"] = np.where(np.isnan(days), np.nanmax(days) + 1, days)
    if "card" in panel:
        found["scorecard"] = 100 - panel["card"].to_numpy(dtype=float, na_value=np.nan)
    return found


def last_day(rows: Rows) -> str:
    """The newest snapshot day, as text; that of the epoch where there are no rows."""
    day = rows.keys["as_of"].max() if len(rows) else _NO_DAY
    return str(day.date().isoformat())
