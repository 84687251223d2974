"""What was known of each customer on the day of its sale, after its first 90 days, and today."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd

from enishi.definitions.fit import START_DAYS
from enishi.metrics.api import Facts, Metric, movements, panel, subscription_periods
from enishi.metrics.records import visible
from enishi.metrics.relations import AT
from enishi.metrics.revenue import day_of_number, number_of, without_rate
from enishi.metrics.scope import MOST
from enishi.metrics.session import Session
from enishi.metrics.spans import FOREVER
from enishi.metrics.subscriptions import periods_known

DAYS_AT_ONCE = 60
_OF_ACCOUNT = ("industry", "size", "region", "country", "channel", "employees")
ALWAYS = ("seats", "mrr")  # read for every fit: the share of seats, and size alone as the plain comparison
OF_START = ("time_to_first_value", "days_to_value_observed")


def sales(moves: pd.DataFrame, since: Mapping[int, date | None], day: int) -> pd.Series[Any]:
    """Account -> day number of its sale: the first day with money on record, else the stated start; none without either."""
    stated = {a: number_of(on) for a, on in since.items() if on is not None and number_of(on) <= day}
    mine = moves[(moves["kind"] == "new") & (moves["day"] <= day) & moves["account_id"].isin(list(since))]
    paid = mine.groupby("account_id")["day"].min()
    found = {**stated, **dict(zip(paid.index.astype(int).tolist(), paid.astype(int).tolist(), strict=True))}
    return pd.Series(found, dtype="int64").sort_index()


def read_money(facts: Facts, day: date) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(stretches, movements) of the contracts as known at the end of a day."""
    stretches = subscription_periods(facts, day)
    return stretches, movements(stretches)


def first_loss(moves: pd.DataFrame, notices: pd.Series[Any], day: int) -> int | None:
    """The earliest day on which a customer is on record as lost, by the earlier of notice and end."""
    ends = moves.loc[(moves["kind"] == "churn") & (moves["day"] <= day), "day"]
    told = notices[notices <= day]
    days = [int(found.min()) for found in (ends, told) if len(found)]
    return min(days, default=None)


def notices_of(stretches: pd.DataFrame, moves: pd.DataFrame, day: int) -> pd.Series[Any]:
    """Account -> the day of the notice that led, or leads, to losing it; a contract replaced by another is no loss."""
    told = stretches[stretches["notice"] <= day]
    last = stretches.groupby("account_id")["stop"].max()
    lost = moves[moves["kind"] == "churn"].groupby("account_id")["day"].max()
    going = last[(last < FOREVER) & (last.index.isin(lost.index))].index
    return told[told["account_id"].isin(going)].groupby("account_id")["notice"].max().astype(float)


def read_on_days(facts: Facts, wanted: pd.Series[Any], metrics: Sequence[Metric | str]) -> pd.DataFrame:
    """What was known of each account at the end of its own day.

    Args:
        wanted: account -> day number.

    Returns:
        Index account: the metrics, attributes, ``plan``, ``product``, ``term_months``, ``employees``, ``seats_share``.
    """
    parts = [_read_some(facts, part, metrics) for part in _portions(wanted)]
    return pd.concat(parts) if parts else pd.DataFrame(index=pd.Index([], dtype="int64"))


def read_all(facts: Facts, wanted: pd.Series[Any], metrics: Sequence[Metric | str]) -> pd.DataFrame:
    """:func:`read_on_days` where the day is the same for all: at once, however many they are."""
    return _read_some(facts, wanted, metrics) if len(wanted) else read_on_days(facts, wanted, metrics)


def _portions(wanted: pd.Series[Any]) -> Iterator[pd.Series[Any]]:
    """Accounts whose days lie near one another, so many that their facts can be read by themselves."""
    ordered = wanted.sort_values(kind="stable")
    begin = 0
    while begin < len(ordered):
        part = ordered.iloc[begin : begin + MOST]
        days = part.drop_duplicates()
        if len(days) > DAYS_AT_ONCE:
            part = part[part < days.iloc[DAYS_AT_ONCE]]
        yield part
        begin += len(part)


def _read_some(facts: Facts, wanted: pd.Series[Any], metrics: Sequence[Metric | str]) -> pd.DataFrame:
    accounts = [int(account) for account in wanted.index]
    few = facts.scoped(accounts)
    try:
        days = [on for n in wanted.unique() if (on := day_of_number(int(n))) is not None]
        found = panel(few, days, metrics, accounts=accounts)
        s = Session(few, days)
        records = s.rows(("fit: accounts",), lambda: _records(s)).to_pandas(date_as_object=True)
        contracts = periods_known(few, days)
    finally:
        few.close_if_not(facts)
    found = found.merge(records, on=AT, how="left")
    own = {int(account): int(day) for account, day in wanted.items()}  # type: ignore[call-overload]
    numbers = [number_of(on) for on in pd.to_datetime(found["as_of"]).dt.date]
    found = found[[own.get(int(a)) == n for a, n in zip(found["account_id"], numbers, strict=True)]]
    found = found.drop(columns="as_of").set_index("account_id")
    return _with_contract(found, _first_terms(contracts, own))


def _records(s: Session) -> Any:
    t = visible(s, "account")
    return t.select("as_of", account_id=t.record_id, **{name: t[name] for name in _OF_ACCOUNT})


def _first_terms(contracts: Mapping[date, pd.DataFrame], own: Mapping[int, int]) -> pd.DataFrame:
    """Plan, product and term of each account's largest contract in force on its own day, as known then."""
    parts = []
    for day, stretches in contracts.items():
        n = number_of(day)
        rows = stretches[(stretches["start"] <= n) & (n < stretches["stop"])]
        parts.append(rows[[own.get(int(account)) == n for account in rows["account_id"]]])
    rows = (
        pd.concat(parts)
        if parts
        else pd.DataFrame(columns=["account_id", "plan", "product", "term_months", "mrr"])
    )
    largest = rows.sort_values("mrr", ascending=False, kind="stable", na_position="last")
    return largest.drop_duplicates("account_id").set_index("account_id")[["plan", "product", "term_months"]]


def _with_contract(found: pd.DataFrame, terms: pd.DataFrame) -> pd.DataFrame:
    known = terms.reindex(found.index)
    found["plan"], found["product"] = (known[name].fillna("").astype(str) for name in ("plan", "product"))
    found["term_months"] = pd.to_numeric(known["term_months"], errors="coerce").astype(float)
    found["employees"] = pd.to_numeric(found["employees"], errors="coerce").astype(float)
    people = found["employees"].where(found["employees"] > 0)
    found["seats_share"] = found["seats"].astype(float) / people
    return found


def ends_of_start(sold: pd.Series[Any], day: int) -> pd.Series[Any]:
    """Account -> the day on which its first 90 days are over, of those for whom they are."""
    ends = sold + START_DAYS
    return ends[ends <= day]


def unpriced(stretches: pd.DataFrame) -> set[int]:
    """Accounts with a contract whose money nobody can convert."""
    return {int(account) for account in without_rate(stretches)[1]["account_id"].unique()}


def as_rows(kept: Iterable[tuple[int, Mapping[str, Any]]], which: str) -> pd.DataFrame:
    """What was kept of earlier readings as a table."""
    rows = {account: facts[which] for account, facts in kept if facts.get(which) is not None}
    return (
        pd.DataFrame.from_dict(rows, orient="index")
        if rows
        else pd.DataFrame(index=pd.Index([], dtype="int64"))
    )
