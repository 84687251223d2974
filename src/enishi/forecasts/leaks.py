"""Columns that know the outcome: refused by name, before a forecast is proud of them.

Nothing a vendor can know beforehand tells leaving from staying almost without error. A column that does is most likely
the outcome itself under another name: a flag set when the customer left, a list kept of those gone, a number worked out
from the day of the end.

A flag set afterwards looks otherwise where it came as history: what a system of customers says today ("former customer", a
plan called "cancelled", a renewal date that was emptied) then stands in the whole past of those who left, mostly in rows
from which they had not left yet. So customers are looked at, too: a value that stood with some all along, all of whom left
in the end, and with hardly anybody who stayed, at any time.
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
CHANCE = 1e-6
"""A value stands with those alone who left by chance at most so likely, for it to be taken for something told afterwards."""
_ROWS = 60_000
_ACCOUNTS = 4_000  # of those who left, and of those who stayed
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
    found, lives = [], _Lives.of(panel)
    for name in panel.columns:
        if name not in _NO_FEATURES and not pd.api.types.is_datetime64_any_dtype(rows[name]):
            codes = _codes(rows[name])
            alone = _alone(codes, labels)
            if alone >= NEAR_PERFECT or _pure(codes, labels, rows["account_id"]):
                found.append(Leak(str(name), alone, _sentence(str(name), alone)))
            elif lives.told_afterwards(_codes(lives.rows[name])):
                found.append(Leak(str(name), alone, _afterwards(str(name))))
    return found


def without_leaks(panel: pd.DataFrame) -> tuple[pd.DataFrame, list[Leak]]:
    """The panel without the columns :func:`find_leaks` finds, and those."""
    leaks = find_leaks(panel)
    return panel.drop(columns=[leak.column for leak in leaks]), leaks


@dataclass(frozen=True, slots=True)
class _Lives:
    """Rows of some accounts one account after the other: where each begins (N), and who left in the end (N)."""

    rows: pd.DataFrame
    starts: NDArray[np.intp]
    left: NDArray[np.bool_]

    @classmethod
    def of(cls, panel: pd.DataFrame) -> _Lives:
        """Those of whom there is more than one row, and of those who left one from which they had not left yet."""
        rows = panel[panel["label"].notna()]
        grouped = rows.groupby("account_id", sort=False)["label"].agg(["size", "min", "max"])
        ends = grouped[(grouped["size"] > 1) & (grouped["min"] == 0)]["max"] == 1
        random = np.random.default_rng(0)
        kept = [random.permutation(np.array(ends.index[ends == went]))[:_ACCOUNTS] for went in (True, False)]
        rows = rows[rows["account_id"].isin(np.concatenate(kept))].sort_values("account_id", kind="stable")
        accounts, starts = np.unique(rows["account_id"].to_numpy(), return_index=True)
        return cls(rows, starts, ends.reindex(accounts).to_numpy(dtype=bool))

    def told_afterwards(self, codes: NDArray[np.float64]) -> bool:
        """Whether a value stood with many of those who left all along, and with hardly anybody else at any time."""
        if not self.left.any() or self.left.all():
            return False
        values = _filled(codes)
        first, last = np.minimum.reduceat(values, self.starts), np.maximum.reduceat(values, self.starts)
        borne, times = np.unique(first[(first == last) & self.left], return_counts=True)
        enough = (times >= LEAST_LEFT) & (float(self.left.mean()) ** times <= CHANCE)
        return any(self._hardly_stayed(values == value) for value in borne[enough])

    def _hardly_stayed(self, rows: NDArray[np.bool_]) -> bool:
        bearing = np.maximum.reduceat(rows, self.starts)
        return float(self.left[bearing].mean()) >= PURE


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


def _afterwards(name: str) -> Text:
    return Text(
        f"A value of the column '{name}' stands in the whole past of many customers who left, and of hardly anybody who stayed: "
        "it was told after they had left, and is left out. Import it with the days from which it held.",
        f"列「{name}」には、解約した多くの顧客の過去全体に入っていて、継続中の顧客にはほとんど見られない値があります。"
        "解約後に付けられた値と考えられるため、予測には使いません。値が有効になった日付とともに取り込んでください。",
    )
