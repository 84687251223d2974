"""Since when each source of facts speaks, when it last spoke, and what that makes of a value."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import ibis
import pandas as pd

from enishi.metrics.contracts import Metric
from enishi.metrics.people import AT, history, is_login
from enishi.metrics.registry import chosen
from enishi.metrics.relations import DATED, newest, spine
from enishi.metrics.session import Facts, Session, session_of
from enishi.store.kinds import KINDS


def spoken_on(s: Session, source: str) -> list[date]:
    """The days on which facts of a source became known, ascending; of ``logins`` those on which somebody's first did.

    Args:
        source: ``usage``, ``logins``, ``usage.user`` (use of which a user is named, by its months),
            ``record_<kind>``, ``record_<kind>.<field>`` (records that state the field).
    """
    cache = s.facts.spoken
    if source not in cache:
        cache[source] = sorted(
            d for d in s.rows(("spoken", source), lambda: _spoken(s, source))["known_on"].to_pylist() if d
        )
    return cache[source]


def _spoken(s: Session, source: str) -> Any:
    if source == "logins":
        t = s.every("first_uses")
        t = t.filter(is_login(s, t.event)).mutate(known_on=t.since)
    elif source == "usage.user":
        t = s.every("user_months")
        t = t.filter(t.user_no > 0).mutate(known_on=t.late_on.coalesce(t.month))
    else:
        table, _, field = source.partition(".")
        t = s.every("group_days" if table == "usage" else table)
        t = t.filter(t[field].notnull()) if field else t
    return t.select("known_on").distinct()


RECORDS = "records"  # of the company's customers, whatever the kind


def first_known(s: Session, source: str) -> date | None:
    """The first day on which anything of a source was known; None if never."""
    if source == RECORDS:
        kinds = (f"record_{name}" for name, kind in KINDS.items() if kind.names_account)
        return min((day for kind in kinds if (day := first_known(s, kind))), default=None)
    days = spoken_on(s, source)
    return days[0] if days else None


def freshness(facts: Facts, days: Sequence[date], accounts: Sequence[int] | None = None) -> pd.DataFrame:
    """How old the newest fact of each source is; asked after a panel of the same days, it shares the panel's work.

    Args:
        accounts: keep only these.

    Returns:
        One row per ``(as_of, account_id)``; per source ``S`` (``usage`` and every ``record_<kind>`` with an
        account) a column ``S``: the day of the account's newest fact known then, and ``feed:S``: the day on
        which the source last delivered anything, for whichever account. None where there is nothing.
    """
    few = facts if accounts is None else facts.scoped(accounts)
    try:
        frame = _ages(session_of(few, days))
    finally:
        few.close_if_not(facts)
    if accounts is not None:
        frame = frame[frame["account_id"].isin(list(accounts))]
    return frame.sort_values(AT, ignore_index=True)


def _ages(s: Session) -> pd.DataFrame:
    frame = s.rows(("rows", "account"), lambda: spine(s).select(AT)).to_pandas(date_as_object=True)
    for source in ("usage", *(f"record_{k}" for k in DATED)):
        rows = s.rows(("fresh", source), lambda source=source: _newest(s, source))  # type: ignore[misc]
        frame = frame.merge(rows.to_pandas(date_as_object=True), on=AT, how="left")
        spoken = spoken_on(s, source)
        last = {day: _last(spoken, day) for day in s.days}
        frame[f"feed:{source}"] = frame["as_of"].map(last)
    return frame


def _newest(s: Session, source: str) -> Any:
    if source == "usage":
        return history(s, AT).select(*AT, usage=ibis._.last_day)
    return newest(s, source.removeprefix("record_")).select(*AT, **{source: ibis._.newest})


def _last(days: Sequence[date], day: date) -> date | None:
    at = bisect_right(days, day)
    return days[at - 1] if at else None


def staleness(
    facts: Facts, days: Sequence[date], metrics: Sequence[Metric | str] | None = None
) -> pd.DataFrame:
    """Which values are older than their metric's limit.

    Returns:
        One row per ``(as_of, account_id)`` and one boolean column per metric. A metric without a limit is
        never stale; one without any fact is not stale but unknown.
    """
    wanted, ages = chosen(metrics), freshness(facts, days)
    frame = ages[AT].copy()
    for metric in wanted:
        frame[metric.id] = _stale(metric, ages)
    return frame


def _stale(metric: Metric, ages: pd.DataFrame) -> pd.Series[Any]:
    source = metric.needs[0] if metric.needs else ""
    column = source if metric.freshness_of == "account" else f"feed:{source}"
    if metric.freshness_days is None or column not in ages:
        return pd.Series(False, index=ages.index)
    limit = timedelta(days=metric.freshness_days)
    return pd.Series(
        [
            bool(last) and not pd.isna(last) and day - last > limit
            for day, last in zip(ages["as_of"], ages[column], strict=True)
        ],
        index=ages.index,
        dtype=bool,
    )
