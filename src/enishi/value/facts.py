"""The book of a day: every customer's money, orders and service, as known at its end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import pandas as pd
from babel.numbers import get_currency_precision

from enishi.accounts.company import get_company
from enishi.forecasts.late import honest_facts
from enishi.kit.home import Home
from enishi.metrics.api import (
    Facts,
    FactSettings,
    acquisition_costs,
    attributes,
    movements,
    subscription_periods,
)
from enishi.metrics.dealings import order_days, service_days
from enishi.metrics.revenue import number_of, without_rate
from enishi.risk.api import forecast_days, probabilities, statements_on
from enishi.value.contracts import ATTRIBUTES, Assumptions, Book
from enishi.value.models import ValueSettings

NEAR = (30, 90, 180)  # days for which a forecast may know better than age and attributes
OLDEST = timedelta(days=10)  # a statement older than this is not what was said of a past day


def assumptions(settings: ValueSettings) -> Assumptions:
    """The company's assumptions, its gross margin and currency among them."""
    company = get_company()
    return Assumptions(
        margin=float(company.gross_margin),
        discount=float(settings.discount_rate),
        horizon=12 * settings.horizon_years,
        hour_cost=settings.hour_cost,
        ticket_cost=settings.ticket_cost,
        ranking=settings.ranking,
        unit=10 ** get_currency_precision(company.currency),
    )


def read_book(day: date, *, today: date, home: Home | None = None) -> tuple[Book, int]:
    """The book as known at the end of a day, and the generation of the facts it was read from."""
    company = get_company()
    with honest_facts(home or Home.from_environment(), FactSettings(currency=company.currency)) as facts:
        return _read(
            facts, day, today, 10 ** get_currency_precision(company.currency)
        ), facts.files.generation


def _read(facts: Facts, day: date, today: date, unit: int) -> Book:
    stretches = subscription_periods(facts, day)
    orders = order_days(facts, day)
    service = service_days(facts, day)
    lacking = without_rate(stretches)[1]
    first = stretches.sort_values("start", kind="stable").drop_duplicates("account_id")
    known = attributes(facts, [day]).set_index("account_id")
    known["plan"] = first.set_index("account_id")["plan"].reindex(known.index).fillna("").astype(str)
    terms = stretches.drop_duplicates("record_id", keep="last")["term_months"]
    return Book(
        day=number_of(day),
        moves=movements(stretches),
        orders=orders,
        service=service.assign(cost=service["cost"] * unit),
        costs=acquisition_costs(facts, day),
        attributes=known[list(ATTRIBUTES)],
        terms=terms.astype("float64"),
        near=_near(day, today),
        unpriced=frozenset(_accounts(lacking)) | frozenset(_accounts(orders[orders["minor"].isna()])),
    )


def _accounts(rows: pd.DataFrame) -> Iterable[int]:
    return (int(account) for account in rows["account_id"].unique())


def _near(day: date, today: date) -> dict[int, pd.DataFrame]:
    """What forecasts said of the near future on the day; of a past day, what was said then."""
    found = {}
    for horizon in NEAR:
        if day >= today:
            said = probabilities(horizon)
            said = said[said["known"]]
        elif any(day - OLDEST <= on <= day for on in forecast_days(horizon)):
            said = statements_on(horizon, day)
        else:
            continue
        if len(said):
            found[horizon] = said.set_index("account_id")[["probability", "low", "high"]]
    return found
