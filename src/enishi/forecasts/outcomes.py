"""What really happened after a day: who went silent, who left, who did not renew. Never a feature.

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

import numpy as np
import pandas as pd

from enishi.forecasts.labels import counts_by_use, is_held, label_silence, label_terms
from enishi.kit.errors import EnishiError
from enishi.kit.home import Home
from enishi.kit.text import Text
from enishi.metrics.api import Facts, KnownRecords, duckdb_facts, panel
from enishi.metrics.following import GRACE_DAYS
from enishi.metrics.relations import AT, terms
from enishi.metrics.session import Session

KEYS = ["as_of", "account_id", "label", "lost_on", "ends_on"]
_SILENT = "days_since_last_seen"
_PATTERN = re.compile(r"(silence|churn):([1-9]\d{0,3})\Z")


@dataclass(frozen=True, slots=True)
class Outcome:
    """``silence``: no event within ``days``; ``churn``: the last recurring subscription noticed or ended within them;
    ``renewal``: the contract due next was noticed or ended by its renewal date (``days`` is 0)."""

    kind: str
    days: int

    @classmethod
    def parse(cls, text: str) -> Outcome:
        """From ``silence:180``, ``churn:90`` or ``renewal``."""
        if text == "renewal":
            return cls("renewal", 0)
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
        return "renewal" if self.kind == "renewal" else f"{self.kind}:{self.days}"


def read_labels(
    home: Home, days: Sequence[date], outcome: Outcome, *, known_by: date | None = None, early: bool = False
) -> pd.DataFrame:
    """The accounts that count on each day, and what became of them.

    Args:
        known_by: with what was known at the end of this day; None: with all that is known by now. Use that arrived
            later than the end of its horizon is left out then.
        early: tell losses before their horizon was seen to its end. Of the others nobody knows yet that they stayed, so
            nothing may be learned or judged from such days.

    Returns:
        Columns ``as_of, account_id, label`` (1 lost, 0 not, NaN censored), ``lost_on`` (NaT where not lost) and
        ``ends_on``: the last day of the horizon.
    """
    if not days:
        return _labels(pd.DataFrame(columns=KEYS))
    if outcome.kind == "silence":
        return _silence(home, days, outcome.days, known_by)
    with KnownRecords(home) as records:
        last = last_recorded(records, known_by)
        contracts = records.query(_CONTRACTS, known_by or last, merged=False)
        if contracts.empty:
            return _labels(pd.DataFrame(columns=KEYS))
        for name in ("started_on", "leaving_on", "ended_on"):
            contracts[name] = pd.to_datetime(contracts[name])
        if outcome.kind == "renewal":
            found = _renewal(home, records, contracts, days, last)
        else:
            found = _churn(records, contracts, days, outcome.days, last)
    if not early:
        found.loc[found["ends_on"] > pd.Timestamp(last), ["label", "lost_on"]] = None
    return found


def _silence(home: Home, days: Sequence[date], horizon: int, known_by: date | None) -> pd.DataFrame:
    """An account counts from its fifth event on while active in the last 180 days."""
    later = {day: day + timedelta(days=horizon) for day in days}
    ends = sorted(set(later.values()))
    with duckdb_facts(home) as facts, KnownRecords(home) as records:
        then = panel(facts, days, ["events_ever", "days_since_last_seen"])
        after = panel(facts, ends, [_SILENT], known="now" if known_by is None else "then")
        after = pd.concat([after, _apart(records, facts, ends)], ignore_index=True)
        frame = then[counts_by_use(then)][["as_of", "account_id", "days_since_last_seen"]].copy()
        frame["later"] = frame["as_of"].map(later)
        frame["heir"] = _heirs(records, frame["account_id"], frame["later"])
        until = last_used_day(records, known_by)
    seen = after.rename(columns={"as_of": "later", "account_id": "heir", _SILENT: "silent_for"})
    frame = frame.merge(seen, on=["later", "heir"], how="left")
    return _labels(label_silence(frame, horizon, until).rename(columns={"later": "ends_on"}))


def _heirs(records: KnownRecords, accounts: pd.Series[Any], days: pd.Series[Any]) -> pd.Series[Any]:
    """What each account had become on a day."""
    heirs = accounts.copy()
    for day in days.unique():
        if lead := records.survivors(day):
            own = days == day
            heirs[own] = _followed(accounts[own], lead)
    return heirs


def _apart(records: KnownRecords, facts: Facts, days: Sequence[date]) -> pd.DataFrame:
    """How long accounts were silent on a day on which they still stood apart from what they are part of today."""
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


_LAST_USE = "select max(least(day, known_on)) from read_parquet($files) where known_on <= $until"
"""A day that had not come when it was told is the work of a wrong clock."""


def last_used_day(records: KnownRecords, known_by: date | None = None) -> date:
    """The last day of which usage is known: beyond it silence means nothing."""
    files = records.published.files("usage")
    if not files:
        return date.min
    asked = {"files": files, "until": known_by or date.max}
    (last,) = records.connection.execute(_LAST_USE, asked).fetchone() or (None,)
    return min(last or date.min, known_by or date.max)


def _labels(frame: pd.DataFrame) -> pd.DataFrame:
    dates = {name: pd.to_datetime(frame[name]) for name in ("as_of", "lost_on", "ends_on")}
    return frame.assign(**dates)[KEYS].sort_values(["as_of", "account_id"], kind="stable", ignore_index=True)


_CONTRACTS = """
select record_id, account_id as holder, started_on, least(notice_on, ended_on) as leaving_on, ended_on
from subscription where coalesce(recurring, true) and account_id is not null
"""


def _churn(
    records: KnownRecords, contracts: pd.DataFrame, days: Sequence[date], horizon: int, last: date
) -> pd.DataFrame:
    """An account counts while it has a recurring subscription without notice; it is lost on the earlier of notice
    and end of its last one, unless another subscription goes on beyond."""
    parts = []
    for group in _same_merges(records, days, horizon):
        lead, later = records.survivors(group[0]), records.survivors(group[0] + timedelta(days=horizon))
        own, heirs = _followed(contracts["holder"], lead), _followed(contracts["holder"], later)
        led = contracts.assign(own=own, account_id=heirs)
        rows = pd.concat([_held_on(led, day) for day in group], ignore_index=True)
        rows["ends_on"] = rows["as_of"] + pd.Timedelta(days=horizon)
        parts.append(label_terms(rows, led[_TERMS], pd.Timestamp(last)))
    found = pd.concat(parts, ignore_index=True)
    return _labels(found.drop(columns="account_id").rename(columns={"own": "account_id"}))


_TERMS = ["account_id", "started_on", "leaving_on", "ended_on"]


def _held_on(contracts: pd.DataFrame, day: date) -> pd.DataFrame:
    """The accounts that stood on a day, with what they had become by the end of the horizon."""
    held = contracts.loc[is_held(contracts, pd.Timestamp(day)), ["own", "account_id"]].drop_duplicates("own")
    return held.assign(as_of=pd.Timestamp(day))


def _same_merges(records: KnownRecords, days: Sequence[date], horizon: int) -> list[list[date]]:
    """Days on which, and on whose ends of the horizon, the same merges were known."""
    if not records.survivors(date.max):
        return [list(days)]
    groups: dict[tuple[Any, ...], list[date]] = {}
    for day in days:
        known = (records.survivors(day), records.survivors(day + timedelta(days=horizon)))
        groups.setdefault(tuple(tuple(sorted(lead.items())) for lead in known), []).append(day)
    return list(groups.values())


def _followed(accounts: pd.Series[Any], lead: Mapping[int, int]) -> pd.Series[Any]:
    return accounts.map(lead).fillna(accounts).astype(np.int64) if lead else accounts


def _renewal(
    home: Home, records: KnownRecords, contracts: pd.DataFrame, days: Sequence[date], last: date
) -> pd.DataFrame:
    """An account counts while a contract without notice has a renewal date, as known on the day. The contract due next
    is lost if it is noticed or ends by then and no other contract of the account follows it."""
    rows = _next_due(home, days, contracts["record_id"])
    rows["ends_on"] = rows["renewal_on"] + pd.Timedelta(days=GRACE_DAYS)
    # Contracts go with what their holders are today: one that was taken over goes on there.
    today = records.survivors(last)
    led = contracts.assign(account_id=_followed(contracts["holder"], today))
    rows["own"], rows["account_id"] = rows["account_id"], _followed(rows["account_id"], today)
    terms_of = led[["record_id", *_TERMS]]
    due = rows.merge(terms_of[["record_id", "started_on", "leaving_on"]], on="record_id")
    held = (due["started_on"] <= due["as_of"]) & ~(due["leaving_on"] <= due["as_of"])
    asked = due.loc[held, ["as_of", "own", "account_id", "record_id", "ends_on"]]
    found = label_terms(asked, terms_of, pd.Timestamp(last), by="record_id")
    return _labels(found.drop(columns="account_id").rename(columns={"own": "account_id"}))


def _next_due(home: Home, days: Sequence[date], contracts: pd.Series[Any]) -> pd.DataFrame:
    """Which of the contracts of each account is due next, as known on each day: as_of, account_id, record_id,
    renewal_on."""
    with duckdb_facts(home) as facts:
        s = Session(facts, days)

        def build() -> Any:
            t = terms(s, AT)
            due = (t.back == 0) & t.notice_on.isnull() & (t.renewal_on > t.as_of)
            return t.filter(due).select(*AT, "record_id", "renewal_on")

        rows = s.rows(("next due",), build).to_pandas(date_as_object=False)
    rows = rows[rows["record_id"].isin(contracts)]
    rows = rows.sort_values([*AT, "renewal_on", "record_id"], kind="stable")
    return rows.drop_duplicates(AT).reset_index(drop=True)


def sole_contracts(home: Home, day: date) -> set[int]:
    """The accounts that hold exactly one recurring contract without notice, as known at the end of a day."""
    with KnownRecords(home) as records:
        if not records.has("subscription"):
            return set()
        contracts = records.query(_CONTRACTS, day)
    for name in ("started_on", "leaving_on"):
        contracts[name] = pd.to_datetime(contracts[name])
    held = contracts.loc[is_held(contracts, pd.Timestamp(day)), "holder"].value_counts()
    return {int(account) for account in held.index[held == 1]}


def last_recorded(records: KnownRecords, known_by: date | None = None) -> date:
    """The last day any record speaks of, as news of that day or as the end of a contract: contracts are observed up to
    it."""
    days = [last_used_day(records, known_by), _last_end(records, known_by)]
    for kind in ("subscription", "invoice", "ticket", "interaction", "account"):
        if records.has(kind):
            asked = {"files": records.published.files(f"record_{kind}"), "until": known_by or date.max}
            row = records.connection.execute(_LAST_KNOWN, asked).fetchone()
            days.append(row[0] if row and row[0] else date.min)
    return max(days)


def _last_end(records: KnownRecords, known_by: date | None) -> date:
    if not records.has("subscription"):
        return date.min
    (end,) = pd.to_datetime(records.query(_LAST_END, known_by or date.max, merged=False)["last_end"])
    return date.min if pd.isna(end) else end.date()


_LAST_END = "select max(least(notice_on, ended_on)) as last_end from subscription where least(notice_on, ended_on) <= $day"
_LAST_KNOWN = "select max(known_on) from read_parquet($files) where known_on <= $until"
