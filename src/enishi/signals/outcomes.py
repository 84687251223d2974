"""What really happened after a day: who went silent, who left. Read with today's knowledge; never a feature.

A row whose horizon reaches beyond what has been observed is censored: it has no label and counts nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from enishi.kit.errors import EnishiError
from enishi.kit.home import Home
from enishi.kit.text import Text
from enishi.metrics.api import panel
from enishi.signals.asof import KnownRecords
from enishi.signals.panel import company_facts

LEAST_EVENTS = 5
ACTIVE_WITHIN = 180
_PATTERN = re.compile(r"(silence|churn):([1-9]\d{0,3})\Z")


@dataclass(frozen=True, slots=True)
class Outcome:
    """``silence``: no event within ``days``; ``churn``: the last recurring subscription noticed or ended within them."""

    kind: str
    days: int

    @classmethod
    def parse(cls, text: str) -> Outcome:
        """From ``silence:180`` or ``churn:90``."""
        match = _PATTERN.match(text)
        if match is None:
            raise EnishiError(
                "bad_outcome",
                Text(f"'{text}' is no outcome.", f"「{text}」は結果の定義として読めません。"),
                Text(
                    "Write silence:180 or churn:90.", "silence:180 または churn:90 のように書いてください。"
                ),
            )
        return cls(match.group(1), int(match.group(2)))

    def __str__(self) -> str:
        return f"{self.kind}:{self.days}"


def read_labels(home: Home, days: Sequence[date], outcome: Outcome) -> pd.DataFrame:
    """The accounts that count on each day, and what became of them.

    Returns:
        Columns ``as_of, account_id, label`` (1 lost, 0 not, NaN censored) and ``lost_on`` (NaT where not lost).
    """
    if outcome.kind == "silence":
        return _silence(home, days, outcome.days)
    return _churn(home, days, outcome.days)


def _silence(home: Home, days: Sequence[date], horizon: int) -> pd.DataFrame:
    """An account counts from its fifth event on while active in the last 180 days."""
    later = {day: day + timedelta(days=horizon) for day in days}
    with company_facts(home) as facts:
        then = panel(facts, days, ["events_ever", "days_since_last_seen"])
        after = panel(facts, sorted(later.values()), ["days_since_last_seen"], known="now")
    counted = then[(then["events_ever"] >= LEAST_EVENTS) & (then["days_since_last_seen"] < ACTIVE_WITHIN)]
    frame = counted[["as_of", "account_id", "days_since_last_seen"]].copy()
    frame["later"] = frame["as_of"].map(later)
    seen = after.rename(columns={"as_of": "later", "days_since_last_seen": "silent_for"})
    frame = frame.merge(seen, on=["later", "account_id"], how="left")
    lost = frame["silent_for"].isna() | (frame["silent_for"] >= horizon)
    frame["label"] = np.where(lost, 1.0, 0.0)
    frame.loc[frame["later"] > last_used_day(home), "label"] = np.nan
    as_of = pd.to_datetime(frame["as_of"])
    last = as_of - pd.to_timedelta(frame["days_since_last_seen"], unit="D")
    frame["lost_on"] = last.where(frame["label"] == 1)
    return _labels(frame)


def last_used_day(home: Home) -> date:
    """The last day of which usage is known: beyond it silence means nothing."""
    with KnownRecords(home) as records:
        files = records.published.files("usage")
        if not files:
            return date.min
        (last,) = records.connection.execute(
            "select max(day) from read_parquet($files)", {"files": files}
        ).fetchone() or (None,)
    return last or date.min


def _labels(frame: pd.DataFrame) -> pd.DataFrame:
    frame["as_of"] = pd.to_datetime(frame["as_of"])
    return frame[["as_of", "account_id", "label", "lost_on"]].reset_index(drop=True)


_CONTRACTS = """
select account_id, started_on, least(notice_on, ended_on) as leaving_on, ended_on from subscription
where coalesce(recurring, true) and account_id is not null
"""


def _churn(home: Home, days: Sequence[date], horizon: int) -> pd.DataFrame:
    """An account counts while it has a recurring subscription without notice; it is lost on the earlier of notice
    and end of its last one, unless another subscription goes on beyond."""
    with KnownRecords(home) as records:
        today = _last_recorded(records)
        contracts = records.query(_CONTRACTS, today)
    if contracts.empty:
        return pd.DataFrame(columns=["as_of", "account_id", "label", "lost_on"])
    for name in ("started_on", "leaving_on"):
        contracts[name] = pd.to_datetime(contracts[name])
    frames = [_churn_on(contracts, pd.Timestamp(day), horizon, pd.Timestamp(today)) for day in days]
    return _labels(pd.concat(frames, ignore_index=True))


def _last_recorded(records: KnownRecords) -> date:
    """The last day any record speaks of: contracts are observed up to it."""
    days = []
    for kind in ("subscription", "invoice", "ticket", "interaction", "account"):
        if records.has(kind):
            files = records.published.files(f"record_{kind}")
            row = records.connection.execute(
                "select max(known_on) from read_parquet($files)", {"files": files}
            ).fetchone()
            days.append(row[0] if row else None)
    files = records.published.files("usage")
    if files:
        row = records.connection.execute(
            "select max(day) from read_parquet($files)", {"files": files}
        ).fetchone()
        days.append(row[0] if row else None)
    return max((day for day in days if day), default=date.min)


def _churn_on(contracts: pd.DataFrame, day: pd.Timestamp, horizon: int, today: pd.Timestamp) -> pd.DataFrame:
    held = contracts[(contracts["started_on"] <= day) & ~(contracts["leaving_on"] <= day)]
    end = day + pd.Timedelta(days=horizon)
    far = pd.Timestamp.max.floor("D")
    last = held.assign(leaving_on=held["leaving_on"].fillna(far)).groupby("account_id")["leaving_on"].max()
    later = contracts[(contracts["started_on"] > day) & (contracts["started_on"] <= end)]
    goes_on = set(later.loc[~(later["leaving_on"] <= end), "account_id"])
    lost = (last <= end) & ~last.index.isin(goes_on)
    label = lost.astype(float)
    if end > today:
        label[~lost] = np.nan
    return pd.DataFrame(
        {
            "as_of": day,
            "account_id": last.index,
            "label": label.to_numpy(),
            "lost_on": last.where(lost).to_numpy(),
        }
    )
