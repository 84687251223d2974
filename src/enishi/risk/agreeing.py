"""Forecasts of one account that do not contradict each other. Pure.

Horizons are learned apart. But who leaves within 30 days leaves within 90, and who does not renew the only contract in
40 days leaves within 90 too, as who leaves within 30 will not renew it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date

import numpy as np
import pandas as pd

SAID = ["probability", "low", "high"]
ROW = ["as_of", "account_id"]


def agreeing(said: Mapping[int, pd.DataFrame], day: date, alone: Collection[int]) -> dict[int, pd.DataFrame]:
    """What is said of a later day is raised, with its interval, to what was said of an earlier one where it lies below.

    Args:
        said: by horizon in days (0: the next renewal), one row per account: ``account_id``, :data:`SAID` (NaN where
            nothing may be said); of the next renewal ``renewal_on``.
        day: the day of the forecast.
        alone: accounts whose next renewal is of the only contract they hold: of others the one says nothing of the other.
    """
    named = [frame["account_id"].to_numpy(np.int64) for frame in said.values()]
    accounts = np.unique(np.concatenate(named)) if named else np.zeros(0, dtype=np.int64)
    values = {h: _values(frame, accounts) for h, frame in said.items()}
    due = np.full(len(accounts), np.inf)
    if 0 in said and len(said[0]):
        days = (pd.to_datetime(said[0]["renewal_on"]) - pd.Timestamp(day)).dt.days.to_numpy(dtype=float)
        due[np.searchsorted(accounts, said[0]["account_id"].to_numpy(np.int64))] = days
    due[~np.isin(accounts, np.fromiter(alone, dtype=np.int64))] = np.nan
    floor, before = np.full((len(accounts), len(SAID)), np.nan), 0
    for horizon in [*sorted(h for h in values if h), 0]:
        if 0 in values:
            here = (due > before) & (due <= (horizon or np.inf))
            values[0][here] = _raised(values[0], floor)[here]
            floor[here] = np.fmax(values[0], floor)[here]
        if horizon:
            values[horizon] = _raised(values[horizon], floor)
            floor, before = np.fmax(values[horizon], floor), horizon
    places = {
        h: np.searchsorted(accounts, frame["account_id"].to_numpy(np.int64)) for h, frame in said.items()
    }
    return {
        h: frame.assign(**dict(zip(SAID, values[h][places[h]].T, strict=True))) for h, frame in said.items()
    }


def agreeing_past(past: pd.DataFrame, shorter: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """What would have been said of past rows, raised to what would have been said of the same rows of shorter horizons.

    Args:
        past, shorter: :data:`ROW` (each row once) and ``probability``; rows a shorter horizon has nothing of stay as they are.
    """
    told = [frame[[*ROW, "probability"]] for frame in shorter if len(frame)]
    if not told or past.empty:
        return past
    floor = pd.concat(told).groupby(ROW, as_index=False)["probability"].max()
    beside = past[ROW].merge(floor, on=ROW, how="left")["probability"].to_numpy()
    return past.assign(probability=np.fmax(past["probability"].to_numpy(), beside))


def _values(frame: pd.DataFrame, accounts: np.ndarray) -> np.ndarray:
    found = np.full((len(accounts), len(SAID)), np.nan)
    found[np.searchsorted(accounts, frame["account_id"].to_numpy(np.int64))] = frame[SAID].to_numpy(
        dtype=float
    )
    return found


def _raised(values: np.ndarray, floor: np.ndarray) -> np.ndarray:
    found: np.ndarray = np.where(np.isnan(values), np.nan, np.fmax(values, floor))
    return found
