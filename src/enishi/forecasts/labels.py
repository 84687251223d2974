"""What became of an account after a day: lost, not lost, or not yet known. The one definition of an outcome.

A row whose horizon reaches beyond what has been observed is *censored* (NaN): it is neither lost nor kept and takes no
part in a test. For contracts a loss already seen is not open any more, however far the horizon still reaches; silence is
only known when it has lasted to its end.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from enishi.metrics.following import GRACE_DAYS

LOST, KEPT, CENSORED = 1.0, 0.0, float("nan")
LEAST_EVENTS = 5
ACTIVE_WITHIN = 180


def counts_by_use(rows: pd.DataFrame) -> pd.Series[bool]:
    """Which accounts count on a day by their events alone: from the fifth event on, while active in 180 days.

    Args:
        rows: ``events_ever``, ``days_since_last_seen``, as known on the day.
    """
    return (rows["events_ever"] >= LEAST_EVENTS) & (rows["days_since_last_seen"] < ACTIVE_WITHIN)


def label_silence(rows: pd.DataFrame, horizon_days: int, observed_until: date) -> pd.DataFrame:
    """Label accounts known by their events: lost means no event on any of the ``horizon_days`` days after.

    Args:
        rows: ``as_of``; ``days_since_last_seen`` on that day; ``silent_for``: the same, ``horizon_days`` days later,
            with all that is known by now (NaN: never seen).
        observed_until: last day of which use is known.

    Returns:
        The rows with ``label`` and ``lost_on`` (the day of the last event; NaT unless lost).
    """
    as_of = pd.to_datetime(rows["as_of"])
    lost = rows["silent_for"].isna() | (rows["silent_for"] >= horizon_days)
    complete = as_of + pd.Timedelta(days=horizon_days) <= pd.Timestamp(observed_until)
    label = pd.Series(np.where(lost, LOST, KEPT), index=rows.index).where(complete)
    last = as_of - pd.to_timedelta(rows["days_since_last_seen"], unit="D")
    return rows.assign(label=label, lost_on=last.where(label == LOST))


def is_held(contracts: pd.DataFrame, day: pd.Timestamp) -> pd.Series[bool]:
    """Which contracts run on a day without having been given notice.

    Args:
        contracts: ``started_on``, ``leaving_on``: the earlier of notice and end (NaT: open).
    """
    return (contracts["started_on"] <= day) & ~(contracts["leaving_on"] <= day)


def label_contracts(
    contracts: pd.DataFrame, day: pd.Timestamp, horizon_days: int, observed_until: pd.Timestamp
) -> pd.DataFrame:
    """Label the customers of a day: lost on the earlier of notice and end of their last contract, if that comes on
    ``day + 1`` … ``day + horizon_days`` and no other contract goes on beyond.

    Args:
        contracts: ``account_id``, ``started_on``, ``leaving_on``, as known by now.
        observed_until: last day on which contracts were observed.

    Returns:
        One row per account with a contract held on the day: ``as_of, account_id, label, lost_on``.
    """
    accounts = np.unique(contracts.loc[is_held(contracts, day), "account_id"])
    end = day + pd.Timedelta(days=horizon_days)
    rows = pd.DataFrame({"as_of": day, "account_id": accounts, "ends_on": end})
    return label_terms(rows, contracts, observed_until).drop(columns="ends_on")


def label_terms(
    rows: pd.DataFrame, contracts: pd.DataFrame, observed_until: pd.Timestamp, by: str = "account_id"
) -> pd.DataFrame:
    """Label many rows at once, each with a horizon of its own.

    Args:
        rows: ``as_of``, ``account_id``, ``ends_on`` (last day of the horizon), each with a contract held on its day.
        contracts: ``account_id``, ``started_on``, ``leaving_on`` and, where known, ``ended_on``, as known by now.
        observed_until: last day on which contracts were observed.
        by: the column that leads from a row to the contracts whose loss is asked for: ``account_id``, or ``record_id``
            for one contract (``rows`` and ``contracts`` both have it then). A contract of the account that goes on
            beyond ``ends_on`` saves it either way if it starts within the horizon, or follows at the end of what was given
            notice of (``ended_on``, where ``contracts`` has it): a notice comes before the end, and what replaces a
            contract often after the horizon.

    Returns:
        The rows with ``label`` and ``lost_on`` (NaT unless lost).
    """
    rows = rows.reset_index(drop=True)
    placed = rows[list(dict.fromkeys([by, "account_id", "as_of", "ends_on"]))].assign(place=rows.index)
    joined = placed.merge(contracts.drop(columns="account_id") if by != "account_id" else contracts, on=by)
    held = joined[(joined["started_on"] <= joined["as_of"]) & ~(joined["leaving_on"] <= joined["as_of"])]
    last = _last(held, "leaving_on").reindex(rows.index).fillna(_NEVER)
    lost = last <= rows["ends_on"]
    placed["until"] = placed["ends_on"]
    if "ended_on" in held:
        over = _last(held[held["ended_on"].notna()], "ended_on").reindex(rows.index)
        placed["until"] = np.fmax(placed["ends_on"], over + pd.Timedelta(days=GRACE_DAYS))
    lost &= ~rows.index.isin(_goes_on(placed[lost], contracts))
    label: pd.Series[Any] = lost.astype(float)
    label = label.where(lost | (rows["ends_on"] <= observed_until), CENSORED)
    return rows.assign(label=label, lost_on=last.where(lost))


_NEVER = pd.Timestamp.max.floor("D")


def _last(held: pd.DataFrame, name: str) -> pd.Series[Any]:
    """The latest of the days of the contracts held on each row's day, by place; open ones come last."""
    return held.assign(day=held[name].fillna(_NEVER)).groupby("place")["day"].max()


def _goes_on(rows: pd.DataFrame, contracts: pd.DataFrame) -> pd.Series[Any]:
    """The places of rows with a contract that starts by the day ``until`` which one may, and goes on beyond the horizon."""
    joined = rows.drop(columns="record_id", errors="ignore").merge(contracts, on="account_id")
    begins = (joined["started_on"] > joined["as_of"]) & (joined["started_on"] <= joined["until"])
    return joined.loc[begins & ~(joined["leaving_on"] <= joined["ends_on"]), "place"]
