"""Records as they were known on a day, by a query of one's own: for attributes, outcomes and evidence.

Where a whole set of days is asked at once, a metric or :func:`enishi.metrics.peers.attributes` is the better way.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

import duckdb
import pandas as pd

from enishi.kit.home import Home
from enishi.metrics.zones import local_time
from enishi.store.api import Published
from enishi.store.kinds import ALWAYS_ON, KINDS, Kind, Type

VERSIONS_AT_ONCE = 1_000_000
"""Versions of records laid against days in one query: bounds memory, not the result."""

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
        """Run ``sql``, which may say ``$day``, with one view per record kind that holds what was known then, and one named
        ``reading`` with the tone (-1 to 1) read in texts by then (``record_id, tone``, and whether it is ``by_person``).

        The account column of the views already leads to the surviving account of merges known on the day; merged
        accounts are no accounts of their own. Not ``merged``: accounts as the sources stated them.
        """
        for kind in KINDS.values():
            if re.search(rf"\b{kind.name}\b", sql):
                self._make_view(kind, day, self.survivors(day) if merged else {})
        if re.search(r"\breading\b", sql):
            self._make_readings(day)
        return self.connection.execute(sql, {"day": day} if "$day" in sql else {}).df()

    def query_days(self, sql: str, days: Sequence[date]) -> list[pd.DataFrame]:
        """What :meth:`query` answers on each of many days, asked at once: the views and the answer have a column
        ``as_of``, by which ``sql`` joins and groups. It may say ``asked``, the table of the days.

        Returns:
            Frames of some of the days each, the days of a frame being those with the same merges known.
        """
        kinds = [kind for kind in KINDS.values() if re.search(rf"\b{kind.name}\b", sql)]
        size = max(1, VERSIONS_AT_ONCE // max(1, sum(self._versions(kind) for kind in kinds)))
        return [
            self._query_days(sql, kinds, alike[first : first + size])
            for alike in self._days_alike(days)
            for first in range(0, len(alike), size)
        ]

    def _query_days(self, sql: str, kinds: Sequence[Kind], days: Sequence[date]) -> pd.DataFrame:
        listed = ", ".join(f"(date '{day.isoformat()}')" for day in days)
        self.connection.execute(
            f"create or replace temp view asked as select * from (values {listed}) as days (as_of)"  # noqa: S608 - days
        )
        for kind in kinds:
            source = _led(kind, self._source(kind), self.survivors(days[0]))
            self.connection.execute(
                _view_sql(kind, f"{source} cross join asked", "as_of", self.zone, ("as_of",))
            )
        return self.connection.execute(sql).df()

    def _days_alike(self, days: Sequence[date]) -> list[list[date]]:
        """The days in groups of those on which the same merges were known."""
        groups: dict[frozenset[tuple[int, int]], list[date]] = {}
        for day in sorted(set(days)):
            groups.setdefault(frozenset(self.survivors(day).items()), []).append(day)
        return list(groups.values())

    def _versions(self, kind: Kind) -> int:
        if not self.has(kind.name):
            return 0
        found = self.connection.execute(f"select count(*) from {self._source(kind)}").fetchone()  # noqa: S608 - files
        return found[0] if found else 0

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
        source = _led(kind, self._source(kind), lead)
        self.connection.execute(_view_sql(kind, source, f"date '{day.isoformat()}'", self.zone))

    def _source(self, kind: Kind) -> str:
        files = self.published.files(f"record_{kind.name}")
        if files:
            return f"read_parquet({files!r})"
        empty = self.published.schema(f"record_{kind.name}").empty_table()
        self.connection.register(f"empty_{kind.name}", empty)
        return f"empty_{kind.name}"

    def _make_readings(self, day: date) -> None:
        files = self.published.files("reading")
        if not files:
            self.connection.register("no_reading", self.published.schema("reading").empty_table())
        source = f"read_parquet({files!r})" if files else "no_reading"
        self.connection.execute(
            'create or replace temp view "reading" as select record_id, arg_max_null(if(deleted, null, tone), version_id) '  # noqa: S608
            f"as tone, arg_max(coalesce(model = 0 and not deleted, false), version_id) as by_person from {source} where known_on <= date '{day.isoformat()}' group by record_id"
        )

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


def _view_sql(kind: Kind, source: str, day: str, zone: str, keys: tuple[str, ...] = ()) -> str:
    """The newest version of each record known on the day, in local time, outcomes of later days hidden.

    Args:
        day: the day in SQL: a literal, or a column of the source, which is then one of ``keys``.
    """
    local = {name: local_time(f'"{name}"', zone) for name in instants_of(kind)}
    columns = [*keys, *_HEAD, "outside_id"]
    for field in kind.fields:
        if field.name in ("id", "account", "contact"):
            continue
        value = local.get(field.name, f'"{field.name}"')
        if field.known_from:
            dates = (local.get(part, f'"{part}"') for part in field.known_from.split("|"))
            known = f"least({', '.join(f'cast({part} as date)' for part in dates)}) <= {day}"
            value = f"case when {known} then {value} end"
        columns.append(f'{value} as "{field.name}"')
    order = "valid_on desc, version_id desc" if kind.effective else "version_id desc"
    in_force = f"and valid_on <= {day}" if kind.effective else ""
    return (
        f'create or replace temp view "{kind.name}" as select {", ".join(columns)} from {source} '  # noqa: S608
        f"where known_on <= {day} {in_force} "
        f"qualify row_number() over (partition by {', '.join([*keys, 'record_id'])} order by {order}) = 1 and not deleted"
    )


def instants_of(kind: Kind) -> list[str]:
    """Fields that are kept in UTC; days are local ones."""
    return [field.name for field in kind.fields if field.type is Type.INSTANT]
