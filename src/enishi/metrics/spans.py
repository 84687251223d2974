"""Spans of days in which a version is the one that is known: half-open ``[start, stop)``, whole day numbers.

A version becomes visible on its own day and stays so until the first day on which a newer one is visible.
"Newer" is an order of its own (the version's number, or the day it takes effect and then its number), so the
last day of a version is the smallest day among all newer ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

FOREVER = 2_932_896  # 9999-12-31 as days since 1970-01-01


def day_numbers(column: pa.ChunkedArray) -> np.ndarray:
    """Days since 1970-01-01 of a date column; null becomes :data:`FOREVER`."""
    return column.cast(pa.int32()).fill_null(FOREVER).to_numpy().astype(np.int64)


def visible_spans(versions: pd.DataFrame, key: Sequence[str], order: Sequence[str]) -> pd.DataFrame:
    """Versions with ``start`` (given) and ``stop``, without those never visible.

    Args:
        versions: has ``start`` (day number) and the columns named.
        key: what identifies the thing the versions are about.
        order: ascending: later rows are newer.
    """
    frame = versions.sort_values([*key, *order], kind="stable").reset_index(drop=True)
    backwards = frame.iloc[::-1]
    newest_first = backwards.groupby(list(key), sort=False)["start"]
    stop = newest_first.cummin().groupby([backwards[k] for k in key], sort=False).shift(1)
    frame["stop"] = stop.sort_index().fillna(FOREVER).astype("int64")
    return frame[frame["start"] < frame["stop"]].reset_index(drop=True)


def overlap(left: pd.DataFrame, right: pd.DataFrame, on: str) -> pd.DataFrame:
    """Join two tables of spans on a column; each result row holds where both hold."""
    joined = left.merge(right, on=on, suffixes=("", "_right"))
    joined["start"] = joined[["start", "start_right"]].max(axis=1)
    joined["stop"] = joined[["stop", "stop_right"]].min(axis=1)
    joined = joined[joined["start"] < joined["stop"]]
    return joined.drop(columns=["start_right", "stop_right"])


def to_arrow(frame: pd.DataFrame, numbers: Sequence[str]) -> pa.Table:
    """Spans as Arrow: whole-number columns, and ``start``/``stop`` as dates."""
    columns = {name: pa.array(frame[name].astype("Int64"), pa.int64()) for name in numbers}
    for edge in ("start", "stop"):
        days = np.clip(frame[edge].to_numpy(dtype=np.int64), -719_162, FOREVER).astype(np.int32)
        columns[edge] = pa.array(days, pa.int32()).cast(pa.date32())
    return pa.table(columns)
