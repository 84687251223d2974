"""What was bought and what serving it took, by customer and day, as known on a day."""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa

from enishi.metrics.records import visible
from enishi.metrics.session import Facts, Session
from enishi.metrics.spans import day_numbers


def order_days(facts: Facts, known_on: date) -> pd.DataFrame:
    """Every day on which a customer ordered, as known at the end of a day.

    Returns:
        ``account_id, day`` (day number), ``orders``, ``minor`` (whole minor units of the company's currency; missing
        where an exchange rate is).
    """
    s = Session(facts, [known_on])
    return _frame(s.rows(("order days",), lambda: _orders(s)), ["orders", "minor", "unpriced"]).pipe(_priced)


def _orders(s: Session) -> Any:
    t = visible(s, "order")
    t = t.filter(t.account_id.notnull() & t.ordered_at_day.notnull() & (t.ordered_at_day <= t.as_of))
    return t.group_by("account_id", day=t.ordered_at_day).aggregate(
        orders=t.record_id.count(),
        minor=t.minor.sum().coalesce(0),
        unpriced=t.minor.isnull().ifelse(1, 0).sum(),
    )


def _priced(days: pd.DataFrame) -> pd.DataFrame:
    return days.assign(minor=days["minor"].astype(float).where(days["unpriced"] == 0)).drop(
        columns="unpriced"
    )


def service_days(facts: Facts, known_on: date) -> pd.DataFrame:
    """What serving each customer took, by day, as known at the end of a day.

    Returns:
        ``account_id, day`` (day number), ``minutes`` of interactions, ``cost`` (amounts stated with interactions in the
        company's currency, in whole units and not minor ones), ``foreign`` (costs in another currency, left out),
        ``tickets`` opened.
    """
    s = Session(facts, [known_on])
    talks = _frame(
        s.rows(("service days", s.facts.settings.currency), lambda: _talks(s)), ["minutes", "cost", "foreign"]
    )
    tickets = _frame(s.rows(("ticket days",), lambda: _tickets(s)), ["tickets"])
    both = pd.concat([talks, tickets], ignore_index=True).fillna(0)
    return both.groupby(["account_id", "day"], as_index=False)[
        ["minutes", "cost", "foreign", "tickets"]
    ].sum()


def _talks(s: Session) -> Any:
    t = visible(s, "interaction")
    t = t.filter(t.account_id.notnull() & t.occurred_at_day.notnull() & (t.occurred_at_day <= t.as_of))
    own = t.currency.coalesce("").isin(["", s.facts.settings.currency])
    return t.group_by("account_id", day=t.occurred_at_day).aggregate(
        minutes=t.minutes.sum().coalesce(0),
        cost=own.ifelse(t.cost.cast("float64"), ibis.null("float64")).sum().coalesce(0.0),
        foreign=(~own & t.cost.notnull()).ifelse(1, 0).sum(),
    )


def _tickets(s: Session) -> Any:
    t = visible(s, "ticket")
    t = t.filter(t.account_id.notnull() & t.opened_at_day.notnull() & (t.opened_at_day <= t.as_of))
    return t.group_by("account_id", day=t.opened_at_day).aggregate(tickets=t.record_id.count())


def _frame(rows: pa.Table, numbers: list[str]) -> pd.DataFrame:
    found = {"account_id": rows["account_id"].to_pandas().astype("int64"), "day": day_numbers(rows["day"])}
    return pd.DataFrame(found | {name: rows[name].to_pandas().astype(float) for name in numbers})
