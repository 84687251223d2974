"""The lifetime values of a book, without a database."""

import numpy as np
import pandas as pd
import pytest

from enishi.metrics.revenue import movements
from enishi.value import earnings
from enishi.value.contracts import Assumptions, Book
from enishi.value.rules import purchase_history, value_book

DAY = 20_000
ASSUMED = Assumptions(margin=0.8, discount=0.1, horizon=120)
NO_SERVICE = pd.DataFrame(columns=["account_id", "day", "minutes", "cost", "tickets"]).astype(float)
NO_ORDERS = pd.DataFrame(columns=["account_id", "day", "orders", "minor"]).astype(float)
NO_COSTS = pd.DataFrame({"channel": pd.Series(dtype=object), "month": [], "minor": []})


def _book(contracts, day=DAY, **other):
    """Contracts: (account, start, stop or None, monthly amount)."""
    rows = [
        {"record_id": i, "account_id": a, "product": "p", "mrr": m, "start": s, "stop": e or 2_932_896}
        for i, (a, s, e, m) in enumerate(contracts)
    ]
    frame = pd.DataFrame(rows, columns=["record_id", "account_id", "product", "mrr", "start", "stop"])
    moves = movements(frame.astype({"mrr": "int64", "start": "int64", "stop": "int64"}))
    accounts = sorted({a for a, *_rest in contracts} | set(other.get("extra", ())))
    attributes = pd.DataFrame(
        {"size": "", "plan": "", "industry": "", "channel": other.get("channel", "")}, index=accounts
    )
    return Book(
        day=day, moves=moves, orders=other.get("orders", NO_ORDERS), service=other.get("service", NO_SERVICE),
        costs=other.get("costs", NO_COSTS), attributes=attributes, terms=pd.Series([12.0]),
        near=other.get("near", {}), unpriced=other.get("unpriced", frozenset()),
    )  # fmt: skip


def _company(n=150, seed=0):
    rng = np.random.default_rng(seed)
    rows = []
    for account in range(1, n + 1):
        start = DAY - int(rng.integers(100, 1800))
        stop = start + 365 * int(rng.geometric(0.15)) + 1
        rows.append((account, start, stop if stop <= DAY else None, 10_000))
    return rows


def test_three_values_each_by_its_name():
    valuation = value_book(_book(_company()), ASSUMED)
    told = valuation.accounts[valuation.accounts["mrr"] > 0].iloc[0]
    figures = valuation.fitted.figures
    assert told["simple"] == pytest.approx(8000 / figures["simple"]["monthly_churn"])
    assert told["contractual_low"] < told["contractual"] < told["contractual_high"]
    assert told["residual_low"] < told["residual"] < told["residual_high"]
    assert told["residual"] / 8000 < told["months_left"], "discounted"
    assert (told["chosen"], told["chosen_by"]) == (told["residual"], "residual")
    assert np.isnan(told["noncontractual"])
    assert valuation.fitted.missing("noncontractual") == (0, 30)
    everyone = valuation.segments[0]
    assert (everyone.dimension, everyone.customers) == ("", 150)
    assert everyone.curve[0][:2] == [0, 1]


def test_too_little_history_is_no_number():
    valuation = value_book(_book([(1, DAY - 400, None, 10_000), (2, DAY - 400, DAY - 30, 9_000)]), ASSUMED)
    told = valuation.accounts.loc[1]
    assert np.isnan(
        told[["simple", "contractual", "residual", "noncontractual", "chosen"]].astype(float)
    ).all()
    assert told["chosen_by"] == ""
    assert valuation.fitted.missing("simple") == (1, 5)
    assert valuation.fitted.missing("contractual") == (1, 20)


def test_who_leaves_on_a_known_day_is_worth_the_time_until_then():
    rows = [*_company(), (900, DAY - 700, DAY + 1 + 61, 10_000)]
    told = value_book(_book(rows), ASSUMED).accounts.loc[900]
    assert told["leaves_in"] == pytest.approx(2, abs=0.01)
    assert told["residual"] == pytest.approx(2 * 8000, rel=0.02)
    assert told["residual_low"] == told["residual_high"]


def test_a_forecast_of_the_near_future_is_believed():
    rows = _company()
    alive = [a for a, _s, stop, _m in rows if stop is None][:2]
    said = pd.DataFrame({"probability": [0.9, 0.01], "low": [0.8, 0.0], "high": [0.95, 0.05]}, index=alive)
    accounts = value_book(_book(rows, near={90: said, 180: said}), ASSUMED).accounts
    plain = value_book(_book(rows), ASSUMED).accounts
    assert accounts.loc[alive[0], "residual"] < 0.3 * plain.loc[alive[0], "residual"]
    assert accounts.loc[alive[1], "residual"] > plain.loc[alive[1], "residual"]
    assert accounts.loc[alive, "near_term"].all()
    assert not accounts["near_term"].drop(alive).any()


def test_money_nobody_can_convert_gives_no_value():
    rows = _company()
    alive = next(a for a, _s, stop, _m in rows if stop is None)
    accounts = value_book(_book(rows, unpriced=frozenset({alive})), ASSUMED).accounts
    assert np.isnan(accounts.loc[alive, "chosen"])
    assert accounts.loc[alive, "chosen_by"] in ("", "residual")


def test_service_costs_margin_and_says_so():
    service = pd.DataFrame(
        {"account_id": [1, 1, 2], "day": [DAY - 10, DAY - 300, DAY - 50], "minutes": [60.0, 0, 0],
         "cost": [0.0, 500, 0], "tickets": [0.0, 0, 2]}
    )  # fmt: skip
    rows = [(1, DAY - 800, None, 10_000), (2, DAY - 800, None, 10_000)]
    book = _book(rows, service=service)
    costed = Assumptions(0.8, 0.1, 120, hour_cost=6000, ticket_cost=1000)
    accounts = value_book(book, costed).accounts
    assert accounts.loc[1, "service"] > accounts.loc[2, "service"] > 0
    assert accounts.loc[1, "margin"] == pytest.approx(8000 - accounts.loc[1, "service"])
    assert accounts["service"].sum() * 12 == pytest.approx(8500, rel=0.02)
    unsaid = value_book(_book(rows, service=service.assign(cost=0.0)), ASSUMED).accounts
    assert np.isnan(unsaid["service"]).all()
    assert (unsaid["margin"] == 8000).all()


def test_a_customers_cost_of_winning_and_its_break_even():
    first = DAY - DAY % 365
    costs = pd.DataFrame(
        {"channel": ["fair"] * 2, "month": [first - 400, first - 370], "minor": [30_000, 30_000]}
    )
    rows = [(1, first - 380, None, 10_000), (2, first - 360, None, 10_000), (3, first - 2000, None, 1)]
    book = _book(rows, costs=costs, channel="fair")
    accounts = value_book(book, ASSUMED).accounts
    assert accounts.loc[1, "acquisition"] == accounts.loc[2, "acquisition"] == 30_000
    assert np.isnan(accounts.loc[3, "acquisition"]), "won before any costs were recorded"
    assert accounts.loc[1, "even_month"] == 4
    earned = earnings.flows(book, ASSUMED, [1], accounts["start"])
    assert np.nansum(earned) == pytest.approx(8000 * accounts.loc[1, "months"])
    assert accounts.loc[1, "earned"] >= np.nansum(earned)


def test_orders_are_told_by_days_in_weeks():
    days = pd.DataFrame(
        {"account_id": [1, 1, 1, 2], "day": [DAY - 70, DAY - 35, DAY - 7, DAY - 10], "orders": 1.0,
         "minor": [100.0, 50, 70, 9]}
    )  # fmt: skip
    history = purchase_history(days, DAY)
    assert history.loc[1].tolist() == [2, 9, pytest.approx(71 / 7), 60]
    assert history.loc[2].tolist() == [0, 0, pytest.approx(11 / 7), 0]


def test_customers_without_a_contract_are_valued_by_their_orders():
    rng = np.random.default_rng(7)
    rows = []
    for account in range(1, 201):
        day, spend = DAY - int(rng.integers(200, 700)), rng.gamma(4, 2000)
        while day <= DAY:
            rows.append((account, day, 1.0, rng.gamma(5, spend / 5)))
            day += 1 + int(rng.exponential(60))
            if rng.random() < 0.15:
                break
    orders = pd.DataFrame(rows, columns=["account_id", "day", "orders", "minor"])
    valuation = value_book(_book([], orders=orders, extra=range(1, 201)), ASSUMED)
    accounts = valuation.accounts
    assert (accounts["chosen_by"] == "noncontractual").all()
    assert (accounts["noncontractual_low"] <= accounts["noncontractual"]).all()
    recent = orders.groupby("account_id")["day"].max()
    often = orders.groupby("account_id").size()
    busy = often[(often > 3)].index
    fresh, stale = busy[recent[busy] > DAY - 40], busy[recent[busy] < DAY - 250]
    assert accounts.loc[fresh, "noncontractual"].median() > 3 * accounts.loc[stale, "noncontractual"].median()
    assert valuation.fitted.figures["noncontractual"]["repeaters"] > 30


def test_who_ended_its_contract_is_a_customer_of_the_past_whatever_was_ordered_before():
    rows = [
        (1, DAY - 900, None, 10_000),
        (2, DAY - 900, DAY - 100, 10_000),
        (3, DAY - 900, DAY - 100, 10_000),
    ]
    orders = pd.DataFrame(
        {"account_id": [2, 3, 4], "day": [DAY - 300, DAY - 50, DAY - 400], "orders": 1.0, "minor": 5.0}
    )
    told = value_book(_book(rows, orders=orders, extra=[4]), ASSUMED).accounts
    assert told["left"].to_dict() == {1: False, 2: True, 3: False, 4: False}
