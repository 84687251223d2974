"""Subscriptions as stretches of unchanged terms, from the facts known on a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from enishi.metrics.people import through_merges
from enishi.metrics.records import masked, versions_all, visible
from enishi.metrics.session import Facts, Session
from enishi.metrics.spans import FOREVER, day_numbers
from enishi.store.kinds import KINDS

_DAYS = ("valid_on", "started_on", "ended_on", "notice_on", "renewal_on", "recorded_on", "told_end")


def subscription_periods(facts: Facts, known_on: date) -> pd.DataFrame:
    """Every stretch of unchanged terms, as known at the end of a day: also those already announced for later.

    Ask with a past day for the report as it was then, with today for the past as it is known now.

    Returns:
        record_id, account_id (the survivor of merges), product, plan, seats, mrr (whole minor units; missing
        without an exchange rate: :func:`enishi.metrics.revenue.without_rate`), currency, start, stop (whole day numbers; ``FOREVER`` where open), renewal (day number or ``FOREVER``),
        term_months, ended (the subscription's last stop), end_reason, notice (day number of the notice to leave, or
        ``FOREVER``), recorded (day number on which these terms were told), told_end (the end as anybody ever told it, or
        ``FOREVER``: for :func:`enishi.metrics.renewing.next_renewals` alone).
    """
    return periods_known(facts, [known_on])[known_on]


def periods_known(facts: Facts, days: Sequence[date]) -> dict[date, pd.DataFrame]:
    """:func:`subscription_periods` as known at the end of each of some days, read together."""
    s = Session(facts, days)
    rows = s.rows(("subscription periods",), lambda: _known_versions(s))
    return {day: stretches(rows.filter(pc.equal(rows["as_of"], day))) for day in s.days}


def _known_versions(s: Session) -> Any:
    t = versions_all(s, "subscription").cross_join(s.asof)
    t = t.filter(t.known_on <= t.as_of)
    t = through_merges(s, masked(s, KINDS["subscription"], t))
    return t.select(
        "as_of", "record_id", "version_id", "account_id", "product", "plan", "seats", "minor", "currency", "term_months",
        "deleted", "end_reason", *_DAYS,
    )  # fmt: skip


def stretches(rows: pa.Table) -> pd.DataFrame:
    """Versions of subscriptions to stretches: each holds from its day to the next version's or to the end.

    A version that says the subscription ended before the version's own day takes the rest away from the
    earlier ones too. The first version holds from the start, even where it was only valid from later.
    """
    frame = rows.select(
        ["record_id", "version_id", "account_id", "product", "plan", "currency", "end_reason"]
    ).to_pandas()
    for name, column in (("seats", "seats"), ("term_months", "term_months"), ("mrr", "minor")):
        frame[name] = rows[column].to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get).astype("Int64")
    for name in _DAYS:
        frame[name] = day_numbers(rows[name])
    frame["deleted"] = rows["deleted"].to_pandas()
    frame = frame.sort_values(["record_id", "valid_on", "version_id"], kind="stable")
    frame = frame.drop_duplicates(["record_id", "valid_on"], keep="last").reset_index(drop=True)
    first = ~frame.duplicated("record_id")
    start = np.where(first, frame["started_on"], np.maximum(frame["valid_on"], frame["started_on"]))
    following = frame.groupby("record_id")["valid_on"].shift(-1).fillna(FOREVER).astype("int64")
    stop = np.minimum(np.minimum(following, frame["ended_on"]), _cut(frame))
    kept = frame.assign(start=start, stop=stop, renewal=frame["renewal_on"], ended=_last(frame, "ended_on"))
    kept = kept.assign(notice=_last(frame, "notice_on"), recorded=frame["recorded_on"])
    kept = kept[(kept["start"] < kept["stop"]) & ~kept["deleted"].astype(bool)]
    names = ["record_id", "account_id", "product", "plan", "seats", "mrr", "start", "stop", "renewal"]
    names += [
        "currency",
        "term_months",
        "started_on",
        "ended",
        "end_reason",
        "notice",
        "recorded",
        "told_end",
    ]
    return kept[names].reset_index(drop=True)


def _cut(frame: pd.DataFrame) -> np.ndarray:
    """The earliest end, before its own day, that a later version states."""
    past = frame["ended_on"].where(frame["ended_on"] <= frame["valid_on"], FOREVER)
    backwards = past.iloc[::-1].groupby(frame["record_id"].iloc[::-1], sort=False)
    later = backwards.cummin().groupby(frame["record_id"].iloc[::-1], sort=False).shift(1)
    return later.sort_index().fillna(FOREVER).to_numpy(dtype=np.int64)


def _last(frame: pd.DataFrame, day: str) -> pd.Series[Any]:
    return frame.groupby("record_id")[day].transform("last")


def acquisition_costs(facts: Facts, known_on: date) -> pd.DataFrame:
    """What was spent on winning customers, as known at the end of a day: channel, month (day number), minor."""
    s = Session(facts, [known_on])
    rows = s.rows(
        ("acquisition costs",), lambda: visible(s, "acquisition_cost").select("channel", "month", "minor")
    )
    minor = rows["minor"].fill_null(0).to_pandas().to_numpy(dtype=np.int64)
    return pd.DataFrame(
        {"channel": rows["channel"].to_pandas(), "month": day_numbers(rows["month"]), "minor": minor}
    )
