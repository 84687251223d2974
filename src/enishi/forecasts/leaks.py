"""Columns that know the outcome: refused by name, before a forecast is proud of them.

Nothing a vendor can know beforehand tells leaving from staying almost without error. A column that does is most likely
the outcome itself under another name: a flag set when the customer left, a list kept of those gone, a number worked out
from the day of the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from enishi.forecasts.evaluation import auc
from enishi.kit.text import Text

NEAR_PERFECT = 0.985
"""AUC of a single column from which on it is refused."""
PURE = 0.98
"""Share that left among rows of a value from which on the value is taken for the outcome …"""
TELLING = 0.3
"""… if it covers at least so much of all that left."""
LEAST_LEFT = 10
"""Accounts that left, below which nothing is refused: a few may coincide with anything."""
MOST_VALUES = 30
_ROWS = 60_000
_NO_FEATURES = ("as_of", "account_id", "label", "lost_on", "ends_on", "split")


@dataclass(frozen=True, slots=True)
class Leak:
    """A column that was refused: ``auc`` of it alone, and the sentence that says so."""

    column: str
    auc: float
    text: Text


def find_leaks(panel: pd.DataFrame) -> list[Leak]:
    """The columns of a panel that tell the outcome too well to have been known beforehand.

    Args:
        panel: ``account_id``, ``label`` (rows without one are left aside), and features.
    """
    rows = _sampled(panel[panel["label"].notna()])
    labels = rows["label"].to_numpy(dtype=float)
    if rows.loc[labels == 1, "account_id"].nunique() < LEAST_LEFT or not (labels == 0).any():
        return []
    found = []
    for name in panel.columns:
        if name not in _NO_FEATURES and not pd.api.types.is_datetime64_any_dtype(rows[name]):
            codes = _codes(rows[name])
            alone = _alone(codes, labels)
            if alone >= NEAR_PERFECT or _pure(codes, labels, rows["account_id"]):
                found.append(Leak(str(name), alone, _sentence(str(name), alone)))
    return found


def without_leaks(panel: pd.DataFrame) -> tuple[pd.DataFrame, list[Leak]]:
    """The panel without the columns :func:`find_leaks` finds, and those."""
    leaks = find_leaks(panel)
    return panel.drop(columns=[leak.column for leak in leaks]), leaks


def _sampled(rows: pd.DataFrame) -> pd.DataFrame:
    """All that left and some of the others: an AUC does not depend on their shares."""
    if len(rows) <= _ROWS:
        return rows
    random = np.random.default_rng(0)
    left = rows["label"].to_numpy(dtype=float) == 1
    parts = [np.flatnonzero(left), np.flatnonzero(~left)]
    kept = [random.permutation(part)[: _ROWS // 2] for part in parts]
    return rows.iloc[np.sort(np.concatenate(kept))]


def _codes(values: pd.Series[Any]) -> NDArray[np.float64]:
    """A column as numbers in its order, NaN where missing; words by name."""
    if pd.api.types.is_bool_dtype(values) or pd.api.types.is_numeric_dtype(values):
        return values.to_numpy(dtype=float, na_value=np.nan)
    codes = pd.factorize(values.astype(object).where(values.notna(), None), sort=False)[0].astype(float)
    codes[codes < 0] = np.nan
    return codes


def _alone(codes: NDArray[np.float64], labels: NDArray[np.float64]) -> float:
    """The best AUC of the column alone: by its order, by the rate of each value, or by whether it is missing."""
    filled = _filled(codes)
    tries = [auc(labels, each) or 0.5 for each in (filled, -_filled(-codes))]
    tries = [max(one, 1 - one) for one in tries]
    if len(np.unique(filled)) <= MOST_VALUES:
        tries.append(auc(labels, _rates(filled, labels)) or 0.5)
    return max(tries)


def _filled(codes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Missing values as one below all others."""
    least = np.nanmin(codes) if not np.isnan(codes).all() else 0.0
    return np.where(np.isnan(codes), least - 1, codes)


def _rates(values: NDArray[np.float64], labels: NDArray[np.float64]) -> NDArray[np.float64]:
    return pd.Series(labels).groupby(values).transform("mean").to_numpy(dtype=float)


def _pure(codes: NDArray[np.float64], labels: NDArray[np.float64], accounts: pd.Series[Any]) -> bool:
    """Whether some values mean almost nothing but leaving, and many of those that left have them."""
    values = _filled(codes)
    if len(np.unique(values)) > MOST_VALUES:
        return False
    chosen = _rates(values, labels) >= PURE
    left = labels == 1
    few = accounts[chosen & left].nunique() < LEAST_LEFT
    return not few and float((chosen & left).sum() / left.sum()) >= TELLING


def _sentence(name: str, alone: float) -> Text:
    return Text(
        f"The column '{name}' tells by itself who left (AUC {alone:.3f}), better than anything one can know beforehand: "
        "it is left out. Does it come from the end of the contract?",
        f"列「{name}」だけで解約の有無がほぼ分かってしまうため(AUC {alone:.3f})、予測には使いません。"
        "事前に知り得る情報ではなく、解約後に付けられた値ではないかご確認ください。",
    )
