"""Every record of the company as of a day, kind by kind, in the order in which it may be loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any

from . import care, money, press
from .sample import Sample
from .sellers import seller_of
from .world import Customer, customer

Row = dict[str, Any]

# Of one account, in an order in which each refers only to what came before.
BY_ACCOUNT: dict[str, Callable[[Sample, Customer, date], Iterable[Row]]] = {
    "contact": care.contact_rows,
    "subscription": money.subscription_rows,
    "invoice": money.invoice_rows,
    "ticket": care.ticket_rows,
    "interaction": care.interaction_rows,
    "incident": care.incident_rows,
    "survey_answer": care.survey_rows,
    "order": money.order_rows,
    "training": care.training_rows,
    "news": press.news_rows,
}
OF_THE_COMPANY: dict[str, Callable[[Sample, date], Iterable[Row]]] = {
    "exchange_rate": money.exchange_rate_rows,
    "acquisition_cost": money.acquisition_cost_rows,
}


def parent_of(sample: Sample, index: int) -> int | None:
    """One account in thirty belongs to an earlier, larger one."""
    random = sample.random(index, "parent")
    if index < 20 or random.random() > 1 / 30:
        return None
    return int(random.integers(0, index // 2))


def account_rows(sample: Sample, who: Customer, until: date) -> list[Row]:
    """The account itself, if it had signed by ``until``."""
    if who.since > until:
        return []
    return [care.account_row(who, parent_of(sample, who.index), seller_of(sample, who))]


def rows_of_account(sample: Sample, who: Customer, until: date) -> dict[str, list[Row]]:
    """Everything of one account that was known on the evening of ``until``, by kind."""
    if who.since > until:
        return {}
    made = {"account": account_rows(sample, who, until)}
    for kind, rows in BY_ACCOUNT.items():
        made[kind] = [
            {name: value for name, value in row.items() if value is not None}
            for row in rows(sample, who, until)
        ]
    made["account"] = [
        {name: value for name, value in row.items() if value is not None} for row in made["account"]
    ]
    return made


def company_rows(sample: Sample, until: date) -> dict[str, list[Row]]:
    return {kind: list(rows(sample, until)) for kind, rows in OF_THE_COMPANY.items()}


def news(old: list[Row], new: list[Row]) -> list[Row]:
    """The rows that are new or say something else than before, in their order."""
    seen = [tuple(sorted(row.items(), key=lambda item: item[0])) for row in old]
    known = {repr(row) for row in seen}
    return [row for row in new if repr(tuple(sorted(row.items(), key=lambda item: item[0]))) not in known]


def chunks(sample: Sample, after: date | None = None, size: int = 200) -> Iterator[dict[str, list[Row]]]:
    """The records of ``size`` accounts at a time; with ``after`` only what was learned later than that day."""
    for first in range(0, sample.accounts, size):
        gathered: dict[str, list[Row]] = {}
        for index in range(first, min(first + size, sample.accounts)):
            who = customer(sample, index)
            rows = rows_of_account(sample, who, sample.until)
            before = rows_of_account(sample, who, after) if after is not None else {}
            for kind, new in rows.items():
                gathered.setdefault(kind, []).extend(news(before.get(kind, []), new))
        yield gathered
