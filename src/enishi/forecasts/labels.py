"""What happened after each snapshot: churned, stayed, or not yet known.

A row whose horizon reaches beyond what has been observed is *censored*: it is neither churned nor retained
and takes no part in a test, unless the churn has already been seen.
"""

from __future__ import annotations

from datetime import date

import pandas as pd

CHURNED, STAYED, CENSORED = 1.0, 0.0, float("nan")


def label_ends(
    snapshots: pd.DataFrame, ends: pd.DataFrame, horizon_days: int, observed_until: date
) -> pd.DataFrame:
    """Label snapshots of customers under contract.

    Args:
        snapshots: ``as_of``, ``account_id``; only rows of accounts that were customers then.
        ends: ``account_id``, ``churned_on``: the earlier of notice and end of everything the account had. An
            account that left, came back and left again has several rows.
        horizon_days: a churn counts on day ``as_of + 1`` … ``as_of + horizon_days``.
        observed_until: last day on which facts were complete.

    Returns:
        The snapshots with ``churned`` (1, 0, NaN censored) and ``churned_on`` (the churn within the horizon).
    """
    rows = snapshots.reset_index(drop=True)
    as_of = pd.to_datetime(rows.as_of)
    later = rows.assign(row=rows.index, at=as_of)[["row", "account_id", "at"]].merge(ends, on="account_id")
    when = pd.to_datetime(later.churned_on)
    within = later[(when > later["at"]) & (when <= later["at"] + pd.Timedelta(days=horizon_days))]
    first = within.assign(when=pd.to_datetime(within.churned_on)).groupby("row").when.min()
    churned_on = first.reindex(rows.index)
    return _labelled(rows, churned_on, as_of, horizon_days, observed_until)


def label_silence(
    snapshots: pd.DataFrame,
    active: pd.DataFrame,
    silence_days: int,
    observed_until: date,
    min_events: int = 5,
) -> pd.DataFrame:
    """Label snapshots of accounts known by their events alone: churned means silent for ``silence_days``.

    Args:
        snapshots: ``as_of``, ``account_id``.
        active: ``account_id``, ``day``, ``n``: events of each account and day.
        silence_days: an account is alive at a snapshot if it has an event in the ``silence_days`` days up to
            and including it, and churned if it has none in the ``silence_days`` days after it.
        observed_until: last day on which facts were complete.
        min_events: accounts with fewer events ever before the snapshot are left out.

    Returns:
        The rows alive at their snapshot, with ``churned`` and ``churned_on`` (the day after the last event).
    """
    rows = snapshots.reset_index(drop=True)
    days = active.assign(day=pd.to_datetime(active.day)).sort_values("day")
    days["ever"] = days.groupby("account_id").n.cumsum()
    rows = rows.assign(at=pd.to_datetime(rows.as_of)).sort_values("at", kind="stable")
    last = days[["account_id", "day", "ever"]].rename(columns={"day": "last_on"})
    rows = pd.merge_asof(rows, last.sort_values("last_on"), left_on="at", right_on="last_on", by="account_id")
    following = days[["account_id", "day"]].rename(columns={"day": "next_on"}).sort_values("next_on")
    rows = pd.merge_asof(
        rows,
        following,
        left_on="at",
        right_on="next_on",
        by="account_id",
        direction="forward",
        allow_exact_matches=False,
    )
    span = pd.Timedelta(days=silence_days)
    alive = (rows.ever >= min_events) & (rows["at"] - rows.last_on < span)
    rows = rows[alive].reset_index(drop=True)
    silent = rows.next_on.isna() | (rows.next_on > rows["at"] + span)
    churned_on = (rows.last_on + pd.Timedelta(days=1)).where(silent)
    complete = rows["at"] + span <= pd.Timestamp(observed_until)
    churned = silent.astype(float).where(complete | ~silent)
    kept = rows.drop(columns=["at", "last_on", "ever", "next_on"])
    return kept.assign(churned=churned, churned_on=churned_on.where(churned == CHURNED))


def _labelled(
    rows: pd.DataFrame,
    churned_on: pd.Series[pd.Timestamp],
    as_of: pd.Series[pd.Timestamp],
    horizon: int,
    until: date,
) -> pd.DataFrame:
    complete = as_of + pd.Timedelta(days=horizon) <= pd.Timestamp(until)
    churned = churned_on.notna().astype(float)
    return rows.assign(churned=churned.where(complete | churned_on.notna()), churned_on=churned_on)
