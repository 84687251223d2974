"""What really happened after a day: who went silent, who left. Read with today's knowledge; never a feature.

An account that another has meanwhile taken in is judged by what it has become: a merge is no loss. What counts are
the merges of the day on which the horizon ends, so that one lost before it was taken in stays lost.

A row whose horizon reaches beyond what has been observed is censored: it has no label and counts nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from enishi.forecasts.api import counts_by_use, is_held, label_contracts, label_silence
from enishi.kit.errors import EnishiError
from enishi.kit.home import Home
from enishi.kit.text import Text
from enishi.metrics.api import Facts, panel
from enishi.signals.asof import KnownRecords
from enishi.signals.panel import company_facts

_SILENT = "days_since_last_seen"
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
        after = panel(facts, sorted(later.values()), [_SILENT], known="now")
        apart = _apart(home, facts, sorted(later.values()))
    after = pd.concat([after, apart], ignore_index=True)
    frame = then[counts_by_use(then)][["as_of", "account_id", "days_since_last_seen"]].copy()
    frame["later"] = frame["as_of"].map(later)
    frame["heir"] = _heirs(home, frame["account_id"], frame["later"])
    seen = after.rename(columns={"as_of": "later", "account_id": "heir", _SILENT: "silent_for"})
    frame = frame.merge(seen, on=["later", "heir"], how="left")
    return _labels(label_silence(frame, horizon, last_used_day(home)))


def _heirs(home: Home, accounts: pd.Series[Any], days: pd.Series[Any]) -> list[int]:
    """What each account had become on a day."""
    with KnownRecords(home) as records:
        pairs = zip(accounts.tolist(), days.tolist(), strict=True)
        return [records.survivors(day).get(number, number) for number, day in pairs]


def _apart(home: Home, facts: Facts, days: Sequence[date]) -> pd.DataFrame:
    """How long accounts were silent on a day on which they still stood apart from what they are part of today."""
    with KnownRecords(home) as records:
        today = records.survivors(date.max)
        standing = {
            day: {n for n, end in today.items() if records.survivors(day).get(n, n) != end} for day in days
        }
    chosen = sorted(set().union(*standing.values()))
    if not chosen:
        return pd.DataFrame({"as_of": [], "account_id": [], _SILENT: []})
    found = panel(facts, days, [_SILENT], accounts=chosen)
    kept = [number in standing[day] for day, number in zip(found["as_of"], found["account_id"], strict=True)]
    return found[kept]


_LAST_USE = "select max(least(day, known_on)) from read_parquet($files)"
"""A day that had not come when it was told is the work of a wrong clock."""


def last_used_day(home: Home) -> date:
    """The last day of which usage is known: beyond it silence means nothing."""
    with KnownRecords(home) as records:
        files = records.published.files("usage")
        if not files:
            return date.min
        (last,) = records.connection.execute(_LAST_USE, {"files": files}).fetchone() or (None,)
    return last or date.min


def _labels(frame: pd.DataFrame) -> pd.DataFrame:
    frame["as_of"] = pd.to_datetime(frame["as_of"])
    return frame[["as_of", "account_id", "label", "lost_on"]].reset_index(drop=True)


_CONTRACTS = """
select account_id as holder, started_on, least(notice_on, ended_on) as leaving_on, ended_on from subscription
where coalesce(recurring, true) and account_id is not null
"""


def _churn(home: Home, days: Sequence[date], horizon: int) -> pd.DataFrame:
    """An account counts while it has a recurring subscription without notice; it is lost on the earlier of notice
    and end of its last one, unless another subscription goes on beyond."""
    with KnownRecords(home) as records:
        today = _last_recorded(records)
        contracts = records.query(_CONTRACTS, today, merged=False)
        if contracts.empty:
            return pd.DataFrame(columns=["as_of", "account_id", "label", "lost_on"])
        for name in ("started_on", "leaving_on"):
            contracts[name] = pd.to_datetime(contracts[name])
        frames = [_churn_of(records, contracts, day, horizon, today) for day in days]
    return _labels(pd.concat(frames, ignore_index=True))


def _churn_of(
    records: KnownRecords, contracts: pd.DataFrame, day: date, horizon: int, today: date
) -> pd.DataFrame:
    """The labels of a day, for the accounts that stood on it; each is judged by what it had become."""
    lead, later = records.survivors(day), records.survivors(day + timedelta(days=horizon))
    own, heirs = _followed(contracts["holder"], lead), _followed(contracts["holder"], later)
    contracts = contracts.assign(account_id=heirs)
    held = is_held(contracts, pd.Timestamp(day))
    pairs = pd.DataFrame({"own": own, "account_id": heirs})[held].drop_duplicates("own")
    judged = label_contracts(contracts, pd.Timestamp(day), horizon, pd.Timestamp(today))
    found = pairs.merge(judged, on="account_id")
    return found.drop(columns="account_id").rename(columns={"own": "account_id"})


def _followed(accounts: pd.Series[Any], lead: Mapping[int, int]) -> pd.Series[Any]:
    return accounts.map(lambda number: lead.get(number, number))


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
        row = records.connection.execute(_LAST_USE, {"files": files}).fetchone()
        days.append(row[0] if row else None)
    return max((day for day in days if day), default=date.min)
