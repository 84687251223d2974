"""Records as they were known on a day, read from the published facts: for attributes, topics and evidence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from enishi.accounts.versions import ALWAYS_ON
from enishi.definitions.contracts import Topic
from enishi.kit.home import Home
from enishi.metrics.zones import local_time
from enishi.store.api import Published
from enishi.store.kinds import KINDS, Kind, Type

_HEAD = ("version_id", "record_id", "account_id", "contact_id", "valid_on", "known_on")


class KnownRecords:
    """Questions about records, each as of a day. Holds one generation of the published facts."""

    def __init__(self, home: Home) -> None:
        self.published = Published(home)
        self.zone = self.published.zone or "UTC"
        self.connection = duckdb.connect()
        self.connection.execute("SET enable_progress_bar = false")
        self._survivors: dict[date, dict[int, int]] = {}

    def __enter__(self) -> KnownRecords:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def has(self, kind: str) -> bool:
        return self.published.has(f"record_{kind}")

    def first_known(self, table: str) -> date | None:
        """The first day on which a row of a published table was known, leaving out what holds for all time."""
        files = self.published.files(table)
        if not files:
            return None
        sql = "select min(known_on) from read_parquet($files) where known_on > $always"
        found = self.connection.execute(sql, {"files": files, "always": ALWAYS_ON}).fetchone()
        return found[0] if found else None

    def query(self, sql: str, day: date, *, merged: bool = True) -> pd.DataFrame:
        """Run ``sql``, which may say ``$day``, with one view per record kind that holds what was known then.

        The account column of the views already leads to the surviving account of merges known on the day; merged
        accounts are no accounts of their own. Not ``merged``: accounts as the sources stated them.
        """
        for kind in KINDS.values():
            if re.search(rf"\b{kind.name}\b", sql):
                self._make_view(kind, day, self.survivors(day) if merged else {})
        return self.connection.execute(sql, {"day": day} if "$day" in sql else {}).df()

    def gone(self, day: date) -> set[int]:
        """Accounts that had been known, and were deleted by the end of the day."""
        files = self.published.files("record_account")
        if not files:
            return set()
        rows = self.connection.execute(
            "select record_id from read_parquet($files) where known_on <= $day "
            "qualify row_number() over (partition by record_id order by version_id desc) = 1 and deleted",
            {"files": files, "day": day},
        ).fetchall()
        return {number for (number,) in rows}

    def _make_view(self, kind: Kind, day: date, lead: dict[int, int]) -> None:
        files = self.published.files(f"record_{kind.name}")
        if files:
            source = f"read_parquet({files!r})"
        else:
            empty = self.published.schema(f"record_{kind.name}").empty_table()
            self.connection.register(f"empty_{kind.name}", empty)
            source = f"empty_{kind.name}"
        self.connection.execute(_view_sql(kind, _led(kind, source, lead), day, self.zone))

    def survivors(self, day: date) -> dict[int, int]:
        """Merged account -> surviving account, by the merges known on the day."""
        if day not in self._survivors:
            self._survivors[day] = self._read_survivors(day)
        return self._survivors[day]

    def _read_survivors(self, day: date) -> dict[int, int]:
        files = self.published.files("merge")
        if not files:
            return {}
        rows = self.connection.execute(
            "select record_id, arg_max_null(if(deleted, null, account_id), version_id) "
            "from read_parquet($files) where known_on <= $day group by 1",
            {"files": files, "day": day},
        ).fetchall()
        lead = {merged: survivor for merged, survivor in rows if survivor is not None}
        return {merged: _end_of_chain(merged, lead) for merged in lead}

    def led(self, accounts: pd.Series[Any], day: date) -> pd.Series[Any]:
        """What each account had become by the merges known on the day."""
        lead = self.survivors(day)
        return accounts.map(lambda number: lead.get(number, number)) if lead else accounts


def _end_of_chain(start: int, lead: dict[int, int]) -> int:
    seen, at = {start}, lead[start]
    while at in lead and at not in seen:
        seen.add(at)
        at = lead[at]
    return at


def _led(kind: Kind, source: str, lead: dict[int, int]) -> str:
    """The versions of a kind with merges followed."""
    if not lead:
        return source
    pairs = ", ".join(f"({int(merged)}, {int(survivor)})" for merged, survivor in lead.items())
    led = f"(values {pairs}) as lead (merged, survivor)"
    if kind.name == "account":
        return f"(from {source} where record_id not in (select merged from {led}))"  # noqa: S608 - numbers
    return (
        f"(select * replace (coalesce(survivor, account_id) as account_id) from {source} "  # noqa: S608 - numbers
        f"left join {led} on account_id = merged)"
    )


def _view_sql(kind: Kind, source: str, day: date, zone: str) -> str:
    """The newest version of each record known on the day, in local time, outcomes of later days hidden."""
    literal = f"date '{day.isoformat()}'"
    local = {name: local_time(f'"{name}"', zone) for name in _instants(kind)}
    columns = [*_HEAD, "outside_id"]
    for field in kind.fields:
        if field.name in ("id", "account", "contact"):
            continue
        value = local.get(field.name, f'"{field.name}"')
        if field.known_from:
            dates = (local.get(part, f'"{part}"') for part in field.known_from.split("|"))
            known = f"least({', '.join(f'cast({part} as date)' for part in dates)}) <= {literal}"
            value = f"case when {known} then {value} end"
        columns.append(f'{value} as "{field.name}"')
    order = "valid_on desc, version_id desc" if kind.effective else "version_id desc"
    in_force = f"and valid_on <= {literal}" if kind.effective else ""
    return (
        f'create or replace temp view "{kind.name}" as select {", ".join(columns)} from {source} '  # noqa: S608
        f"where known_on <= {literal} {in_force} "
        f"qualify row_number() over (partition by record_id order by {order}) = 1 and not deleted"
    )


def _instants(kind: Kind) -> list[str]:
    """Fields that are kept in UTC; days are local ones."""
    return [field.name for field in kind.fields if field.type is Type.INSTANT]


# ------------------------------------------------------------------------------------------- attributes

_ATTRIBUTES = """
with served as (
  select account_id, product, plan,
         row_number() over (partition by account_id order by amount desc nulls last, record_id) as place
  from subscription
  where started_on <= $day and (ended_on is null or ended_on > $day)
), contracts as (
  select account_id, bool_or(ended_on is null or ended_on > $day) as in_force, max(ended_on) as last_end
  from subscription where coalesce(recurring, true) and started_on <= $day group by 1
)
select account.record_id as account_id, coalesce(account.stage, '') as stage, coalesce(account.size, '') as size,
       coalesce(account.industry, '') as industry, coalesce(served.product, '') as product,
       coalesce(served.plan, '') as plan,
       if(not contracts.in_force, date_diff('day', cast(contracts.last_end as date), $day), null) as days_since_contract,
       contracts.in_force is not null as had_contract
from account left join served on served.account_id = account.record_id and served.place = 1
left join contracts on contracts.account_id = account.record_id
"""


def read_attributes(records: KnownRecords, days: Sequence[date]) -> pd.DataFrame:
    """Columns ``as_of, account_id, stage, size, industry, product, plan`` as known on each day, ``had_contract`` (ever
    a recurring one) and ``days_since_contract`` (since the last one ended; missing while one is in force)."""
    frames = []
    for day in days:
        frame = records.query(_ATTRIBUTES, day).drop_duplicates("account_id")
        frame.insert(0, "as_of", pd.Timestamp(day))
        frames.append(frame)
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


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
    on = local_time(on, records.zone) if on in _instants(KINDS[kind]) else on
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
