"""Customers who decide on several contracts apart: each at its own day, lost with the last of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from enishi.forecasts.leaving import BASE, CERTAIN, STATED, Leaving, leaving
from enishi.forecasts.simulation import Cohorts, Scenario, compose, expected, expected_arrivals, simulate
from enishi.forecasts.standing import Standing, standing
from enishi.forecasts.tests.test_simulation import START, as_known, frame, learn, row, truth
from enishi.forecasts.turnover import Turnover, contracts_lost, learn_turnover
from enishi.metrics.periods import add_months
from enishi.metrics.revenue import bridge, movements, number_of

__all__ = ["truth"]
DAY = date(2026, 6, 30)
FIRST, SECOND = number_of(date(2026, 9, 10)), number_of(date(2027, 2, 10))


def two(account: int, *, first: int = 100, second: int = 40, **other: object) -> list[dict[str, object]]:
    return [
        row(2 * account, account, START, None, first, renewal=FIRST, term_months=12),
        row(2 * account + 1, account, START, None, second, renewal=SECOND, term_months=12, **other),
    ]


def test_each_day_of_renewal_stands_apart_and_all_add_up() -> None:
    book = standing(frame([*two(1), row(9, 2, START, None, 70, renewal=FIRST)]), DAY, 12)
    assert book.parts is not None
    assert book.parts.accounts.tolist() == [1, 1]
    assert book.parts.renewal.tolist() == [FIRST, SECOND]
    assert book.parts.now.tolist() == [100, 40]
    assert book.parts.record.tolist() == [2, 3]
    assert book.now.tolist() == [140, 70]
    assert book.parted.tolist() == [True, False]
    assert [len(one) for one in book.decided] == [1, 2]
    assert book.where(np.array([False, True])).parts is None


def test_contracts_that_renew_on_one_day_are_one_decision() -> None:
    rows = [row(1, 1, START, None, 100, renewal=FIRST), row(2, 1, START, None, 40, renewal=FIRST)]
    assert standing(frame(rows), DAY, 12).parts is None


def test_a_discount_goes_with_the_largest_contract() -> None:
    rows = [row(1, 1, START, None, 100, renewal=FIRST), row(2, 1, START, None, -30)]
    book = standing(frame(rows), DAY, 12)
    assert book.parts is None
    assert (book.now.tolist(), book.renewal.tolist()) == ([70], [FIRST])
    with_other = standing(frame([*rows, row(3, 1, START, None, 40, renewal=SECOND)]), DAY, 12)
    assert with_other.parts is not None
    assert with_other.parts.now.tolist() == [70, 40]


def test_a_contract_that_ends_is_one_with_the_one_signed_to_follow_it() -> None:
    rows = [
        row(1, 1, START, date(2026, 9, 10), 100, renewal=FIRST, notice=number_of(date(2026, 5, 1))),
        row(2, 1, date(2026, 9, 10), None, 120, renewal=number_of(date(2027, 9, 10))),
    ]
    book = standing(frame(rows), DAY, 12)
    assert book.parts is None
    assert book.path[0, :4].tolist() == [100, 100, 120, 120]
    assert book.renewal.tolist() == [number_of(date(2027, 9, 10))], (
        "the one signed is not to be decided in September"
    )


def test_notice_of_one_of_several_is_certain_of_that_one_alone(learned: Turnover) -> None:
    book = standing(frame(two(1, notice=number_of(date(2026, 6, 1)))), DAY, 12)
    left = leaving(book, learned)
    assert book.parts is not None
    assert left.parts is not None
    assert book.noticed.tolist() == [False]
    assert left.parts.source.tolist() == [BASE, CERTAIN]
    assert left.parts.renews[1] == 1.0
    assert book.parts.path[1, -1] == 0


@pytest.fixture(scope="module")
def learned(truth: pd.DataFrame) -> Turnover:
    return learn(truth, DAY)


def said(**values: float) -> pd.DataFrame:
    rows = [
        {
            "account_id": 1,
            "horizon": int(name[1:]),
            "probability": p,
            "low": p / 2,
            "high": min(0.99, p * 1.5),
        }
        for name, p in values.items()
    ]
    return pd.DataFrame(rows)


def test_what_is_said_of_the_next_renewal_is_of_the_contract_due_first(learned: Turnover) -> None:
    book = standing(frame(two(1)), DAY, 12)
    plain, left = leaving(book, learned), leaving(book, learned, said(h0=0.5, h90=0.02))
    assert left.parts is not None
    assert plain.parts is not None
    assert left.parts.renews[0] == pytest.approx(0.5)
    assert left.parts.renews[1] == pytest.approx(plain.parts.renews[1])
    assert left.parts.source.tolist() == [STATED, BASE]
    assert left.source.tolist() == [STATED]
    month = book.grid.months - 1
    by_money = (100 * left.parts.survival[0, month] + 40 * left.parts.survival[1, month]) / 140
    assert left.survival[0, month] == pytest.approx(by_money)


def test_who_leaves_with_all_contracts_leaves_each(learned: Turnover) -> None:
    book = standing(frame(two(1)), DAY, 12)
    left = leaving(book, learned, said(h90=0.9, h180=0.95))
    assert left.parts is not None
    assert (left.parts.renews >= [0.9, 0.0]).all(), "what is said of 90 days holds for a renewal within them"


def several(customers: int = 400) -> pd.DataFrame:
    return frame([line for account in range(1, customers + 1) for line in two(account, first=100 + account)])


def test_draws_agree_with_what_is_expected_and_a_customer_leaves_with_the_last_contract(
    learned: Turnover,
) -> None:
    book, learned = standing(several(), DAY, 12), replace(learned, level=0.0, shock=0.0)
    left = leaving(book, learned)
    assert left.parts is not None
    opening = np.repeat(book.now[:, None], 12, axis=1)
    paths = compose(
        simulate(book, left, learned, Cohorts(opening, opening.sum(axis=0)), draws=800, arrivals=False)
    )
    sure = expected(book, left, learned).sum(axis=0)
    assert paths.mrr.mean(axis=0) == pytest.approx(sure, rel=0.01)
    last = left.parts.survival.reshape(len(book), 2, 12).max(axis=1).sum(axis=0)
    assert paths.customers.mean(axis=0) == pytest.approx(last, rel=0.01)
    before = np.concatenate([np.full((800, 1), paths.opening), paths.mrr[:, :-1]], axis=1)
    assert before + paths.expansion - paths.contraction - paths.churn == pytest.approx(paths.mrr)
    assert (paths.grr <= 1).all()
    assert (paths.grr <= paths.nrr + 1e-9).all()


def test_a_contract_given_up_by_who_stays_is_contraction_and_no_churn(learned: Turnover) -> None:
    rows = [
        row(2 * account + second, account, START, date(2026, 8, 1) if second else None, 40 if second else 100,
            renewal=SECOND if second else FIRST, term_months=12)
        for account in range(1, 51) for second in (0, 1)
    ]  # fmt: skip
    book = standing(frame(rows), DAY, 2)
    none = replace(learned.expansion, rate=np.zeros(3))
    learned = replace(learned, expansion=none, contraction=none)
    still = leaving(book, learned)
    assert still.parts is not None
    still.parts.hazard[:] = 0.0
    paths = compose(simulate(book, still, learned, draws=50, arrivals=False))
    assert paths.customers[:, -1].tolist() == [50.0] * 50
    assert paths.churn.sum() == pytest.approx(0, abs=1e-6)
    assert paths.contraction.sum(axis=1) == pytest.approx(50 * 40)


def sure(learned: Turnover, stop: date | None = None) -> tuple[Standing, Leaving, Turnover]:
    """Fifty customers of two contracts who decide nothing, grow by nothing, and lose both on a day."""
    rows = [
        row(2 * account + second, account, START, stop, 40 if second else 100, renewal=SECOND if second else FIRST,
            term_months=12)
        for account in range(1, 51) for second in (0, 1)
    ]  # fmt: skip
    none = replace(learned.expansion, rate=np.zeros(3))
    learned = replace(learned, expansion=none, contraction=none)
    book = standing(frame(rows), DAY, 12)
    left = leaving(book, learned)
    assert left.parts is not None
    left.parts.hazard[:] = 0.0
    return book, left, learned


def test_who_loses_the_last_contract_is_churn_and_no_contraction(learned: Turnover) -> None:
    book, left, learned = sure(learned, date(2026, 8, 1))
    paths = compose(simulate(book, left, learned, draws=20, arrivals=False))
    assert paths.churn.sum(axis=1) == pytest.approx(50 * 140)
    assert paths.contraction.sum() == 0


def test_a_price_rises_at_each_contracts_own_renewal(learned: Turnover) -> None:
    book, left, learned = sure(learned)
    paths = compose(simulate(book, left, learned, draws=20, arrivals=False), Scenario(price=0.1))
    assert paths.mrr[0].tolist() == pytest.approx([7000] * 2 + [7500] * 5 + [7700] * 5)


def test_what_is_said_of_leaving_altogether_is_the_least_of_each_contract(learned: Turnover) -> None:
    rows = two(1)
    rows[1]["renewal"] = number_of(date(2026, 9, 20))
    book = standing(frame(rows), DAY, 12)
    plain, left = leaving(book, learned), leaving(book, learned, said(h90=0.0001))
    assert plain.parts is not None
    assert left.parts is not None
    assert left.parts.renews.tolist() == plain.parts.renews.tolist(), (
        "more do not renew a contract than leave with all"
    )


def test_contracts_under_one_roof_are_worth_what_they_are_apart(learned: Turnover) -> None:
    together = several()
    apart = together.assign(account_id=together["record_id"])
    worth = []
    for stretches in (together, apart):
        book = standing(stretches, DAY, 12)
        left = leaving(book, learned)
        rows = left.parts.renews if left.parts is not None else left.renews
        worth.append((book.now.sum(), float(rows.mean())))
    assert worth[0][0] == worth[1][0]
    assert worth[0][1] == pytest.approx(worth[1][1], rel=0.05)


def renewing_company(customers: int, lost: float) -> pd.DataFrame:
    """Customers of two contracts by the year; each contract alone is given up at a renewal with one probability."""
    rng = np.random.default_rng(3)
    rows, record = [], 0
    for account in range(1, customers + 1):
        for month, money in ((int(rng.integers(0, 6)), 1000), (int(rng.integers(6, 12)), 400)):
            record, start = record + 1, add_months(START, month)
            years = int(rng.geometric(lost))
            stop = add_months(start, 12 * years) if years < 9 else None
            rows.append(
                row(
                    record,
                    account,
                    start,
                    stop,
                    money,
                    renewal=number_of(add_months(start, 12)),
                    term_months=12,
                )
            )
    return frame(rows)


def test_how_often_a_contract_is_given_up_is_learned_from_contracts_and_not_counted_twice() -> None:
    all_of_it = renewing_company(500, 0.2)
    ends = [add_months(START, k) - timedelta(days=1) for k in range(1, 31)]
    books = [standing(as_known(all_of_it, end), end, 6) for end in ends]
    known = as_known(all_of_it, DAY)
    moves = movements(known)
    found = learn_turnover(books, moves, DAY, lost=contracts_lost(known, DAY))
    blind = learn_turnover(books, moves, DAY)
    assert isinstance(found, Turnover)
    assert isinstance(blind, Turnover)
    assert found.renewing.mean() == pytest.approx(0.2, abs=0.03)
    assert blind.renewing.mean() < 0.15, "the loss of a customer tells too little of the loss of a contract"
    assert bridge(moves, START, DAY).contraction > 50_000
    assert -blind.contraction.mean.mean() > 0.005
    assert -found.contraction.mean.mean() < 0.0005, "they give up contracts and never shrink else"


def test_the_money_of_a_year_comes_as_learned() -> None:
    all_of_it = renewing_company(1500, 0.2)
    then = date(2025, 12, 31)
    ends = [add_months(START, k) - timedelta(days=1) for k in range(1, 25)]
    known = as_known(all_of_it, then)
    books = [standing(as_known(all_of_it, end), end, 6) for end in ends]
    learned = learn_turnover(books, movements(known), then, lost=contracts_lost(known, then))
    assert isinstance(learned, Turnover)
    book = standing(known, then, 12)
    told = expected(book, leaving(book, learned), learned).sum(axis=0) + 0 * expected_arrivals(learned, book)
    came = movements(all_of_it)
    held = came[came["day"] < number_of(date(2027, 1, 1))]["amount"].sum()
    assert told[-1] == pytest.approx(held, rel=0.05)


def test_a_contract_lost_is_one_that_no_other_follows() -> None:
    rows = [
        row(1, 1, START, date(2025, 1, 1), 100), row(2, 1, date(2025, 1, 1), None, 110),
        row(3, 1, START, date(2025, 6, 1), 40), row(4, 2, START, date(2026, 12, 1), 70),
    ]  # fmt: skip
    found = contracts_lost(frame(rows), DAY)
    assert found.index.tolist() == [3]
    assert found.loc[3].tolist() == [1, number_of(date(2025, 6, 1)), 40]
