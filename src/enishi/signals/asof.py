"""Attributes, topics and contracts of accounts as they were known on a day, read from the published facts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from enishi.definitions.contracts import Topic
from enishi.metrics.api import KnownRecords
from enishi.metrics.known import instants_of
from enishi.metrics.zones import local_time
from enishi.store.kinds import KINDS, Kind

__all__ = [
    "KnownRecords",
    "contracts_in_force",
    "count_churn",
    "count_mentions",
    "match_topics",
    "read_attributes",
    "stand_on",
]

# ------------------------------------------------------------------------------------------- attributes

_ATTRIBUTES = """
with served as (
  select as_of, account_id, product, plan,
         row_number() over (partition by as_of, account_id order by amount desc nulls last, record_id) as place
  from subscription
  where started_on <= as_of and (ended_on is null or ended_on > as_of)
), contracts as (
  select as_of, account_id, bool_or(ended_on is null or ended_on > as_of) as in_force, max(ended_on) as last_end
  from subscription where coalesce(recurring, true) and started_on <= as_of group by all
)
select account.as_of, account.record_id as account_id, coalesce(account.stage, '') as stage,
       coalesce(account.size, '') as size, coalesce(account.industry, '') as industry,
       coalesce(served.product, '') as product, coalesce(served.plan, '') as plan,
       if(not contracts.in_force, date_diff('day', cast(contracts.last_end as date), account.as_of), null)
         as days_since_contract,
       contracts.in_force is not null as had_contract
from account
left join served on served.as_of = account.as_of and served.account_id = account.record_id and served.place = 1
left join contracts on contracts.as_of = account.as_of and contracts.account_id = account.record_id
"""


def read_attributes(records: KnownRecords, days: Sequence[date]) -> pd.DataFrame:
    """Columns ``as_of, account_id, stage, size, industry, product, plan`` as known on each day, ``had_contract`` (ever
    a recurring one) and ``days_since_contract`` (since the last one ended; missing while one is in force)."""
    frames = records.query_days(_ATTRIBUTES, days)
    if not frames:
        return pd.DataFrame()
    found = pd.concat(frames, ignore_index=True).drop_duplicates(["as_of", "account_id"], ignore_index=True)
    return found.astype({"as_of": "datetime64[s]"})


# ----------------------------------------------------------------------------------------------- topics

# Where its text stands, its category, and the instant or the day it was written.
_TEXTS = {
    "ticket": ("coalesce(subject, '') || ' ' || coalesce(body, '')", "category", "opened_at"),
    "survey_answer": ("comment", "null", "answered_at"),
    "interaction": ("coalesce(subject, '') || ' ' || coalesce(body, '')", "null", "occurred_at"),
    "subscription": ("end_reason", "null", "coalesce(notice_on, ended_on)"),
}


def match_topics(records: KnownRecords, topics: Sequence[Topic], day: date) -> pd.DataFrame:
    """Every text known by ``day`` that mentions a topic, at the account its source stated (merges differ by day).

    Returns:
        Columns ``topic, account_id, on, seen_from, seen_to, kind, record_id``: one row per version of a record that
        mentions the topic, with the days on which that version was what was known: ``seen_from <= d < seen_to``,
        open where ``seen_to`` is missing. The answer for a day is the same whatever later days are asked with it.
    """
    found = [_match(records, topic, kind, day) for topic in topics for kind in _TEXTS if records.has(kind)]
    names = ["topic", "account_id", "on", "seen_from", "seen_to", "kind", "record_id"]
    found = [frame for frame in found if len(frame)]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=names)


def _match(records: KnownRecords, topic: Topic, kind: str, day: date) -> pd.DataFrame:
    text, category, on = _TEXTS[kind]
    on = local_time(on, records.zone) if on in instants_of(KINDS[kind]) else on
    pattern = "|".join(re.escape(word.lower()) for word in topic.words) or "$.^"
    sql = (
        f"with version as ({_windows_sql(KINDS[kind])}) "  # noqa: S608 - names of kinds and fields
        f'select account_id, record_id, cast({on} as date) as "on", seen_from, seen_to from version '
        f"where not deleted and account_id is not null and (seen_to is null or seen_from < seen_to) "
        f"and (regexp_matches(lower({text}), $pattern) or list_contains($categories, lower({category})))"
    )
    values = {
        "files": records.published.files(f"record_{kind}"),
        "day": day,
        "pattern": pattern,
        "categories": [name.lower() for name in topic.categories],
    }
    frame = records.connection.execute(sql, values).df()
    return frame.assign(topic=topic.id, kind=kind)


def _windows_sql(kind: Kind) -> str:
    """The versions known by the day with the days on which each was the newest, by the rule of :func:`_view_sql`."""
    begins, order = "known_on", "version_id"
    if kind.effective:
        begins, order = "greatest(known_on, valid_on)", "valid_on, version_id"
    return (
        f"select *, {begins} as seen_from, min({begins}) over (partition by record_id order by {order} "  # noqa: S608
        "rows between 1 following and unbounded following) as seen_to from read_parquet($files) where known_on <= $day"
    )


def stand_on(matches: pd.DataFrame, day: date | np.datetime64) -> NDArray[np.bool_]:
    """Which rows of :func:`match_topics` were what was known on the day, of texts written by then."""
    at = np.datetime64(pd.Timestamp(day), "D")
    on, begins, ends = (
        pd.to_datetime(matches[name]).to_numpy(dtype=_DAY) for name in ("on", "seen_from", "seen_to")
    )
    return (begins <= at) & ~(ends <= at) & (on <= at)  # a missing end is never reached


def count_mentions(
    records: KnownRecords, matches: pd.DataFrame, topics: Sequence[Topic], panel: pd.DataFrame
) -> pd.DataFrame:
    """One column ``mentions_<topic>`` per topic: texts of the topic's last days known on the row's day, at what their
    account had become by then."""
    columns = {}
    days, accounts = panel["as_of"].to_numpy(dtype=_DAY), panel["account_id"].to_numpy()
    on = pd.to_datetime(matches["on"]).to_numpy(dtype=_DAY)
    places = {day: np.flatnonzero(days == day) for day in np.unique(days)} if len(matches) else {}
    standing = {day: stand_on(matches, day) for day in places}
    holders = {day: records.led(matches["account_id"], day.item()).to_numpy() for day in places}
    for topic in topics:
        counts = np.zeros(len(panel))
        own = (matches["topic"] == topic.id).to_numpy(dtype=bool)
        for day, rows in places.items():
            seen = own & standing[day] & (on > day - np.timedelta64(topic.days, "D"))
            if seen.any():
                named, times = np.unique(holders[day][seen], return_counts=True)
                at = np.searchsorted(named, accounts[rows]).clip(max=len(named) - 1)
                counts[rows] = np.where(named[at] == accounts[rows], times[at], 0)
        columns[f"mentions_{topic.id}"] = counts
    return pd.DataFrame(columns, index=panel.index)


_DAY = "datetime64[D]"

_SERVED = """
select count(*) filter (where had) as served, count(*) filter (where had and not has) as lost from (
  select account_id,
         bool_or(started_on <= $day - interval 365 day
                 and (ended_on is null or ended_on > $day - interval 365 day)) as had,
         bool_or(started_on <= $day and (ended_on is null or ended_on > $day)) as has
  from subscription where coalesce(recurring, true) group by account_id)
"""


# As :class:`enishi.accounts.leaving.Leaving` has it of one customer.
_IN_FORCE = """
select account_id, bool_and(coalesce(notice_on <= $day, false)) as leaving from subscription
where account_id is not null and (started_on is null or started_on <= $day) and (ended_on is null or ended_on > $day)
group by account_id
"""


def contracts_in_force(records: KnownRecords, day: date) -> dict[int, bool]:
    """Accounts with a contract in force on ``day``, and whether all of theirs had been given notice."""
    if not records.has("subscription"):
        return {}
    frame = records.query(_IN_FORCE, day)
    return dict(zip(frame["account_id"].tolist(), frame["leaving"].tolist(), strict=True))


def count_churn(records: KnownRecords, day: date) -> tuple[int, int]:
    """Accounts with a recurring subscription a year before ``day``, and how many of them have none left."""
    if not records.has("subscription"):
        return 0, 0
    frame = records.query(_SERVED, day)
    return int(frame["served"].iloc[0]), int(frame["lost"].iloc[0])
