"""The worth of a point and of an hour."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np
import pandas as pd
import pytest

from enishi.forecasts.marginal import (
    Book,
    Work,
    answer,
    curve,
    hour_on_churn,
    hour_on_expansion,
    lifetime,
    margin_over,
    monthly,
    point_of_churn,
    point_of_expansion,
    steady_mrr,
    yearly_rates,
)

BOOK = Book(mrr=1_000_000, churn=0.12, expansion=0.10, new=1_200_000, margin=0.8, months=36)
WORK = Work(churn_minutes=2400, expansion_minutes=1800, floor=0.02, ceiling=0.4)


def test_twelve_months_make_the_year():
    assert (1 + monthly(-0.12)) ** 12 == pytest.approx(0.88)
    still = replace(BOOK, churn=0.0, expansion=0.0, new=0, months=12)
    assert margin_over(still) == pytest.approx(0.8 * 12 * 1_000_000)


def test_a_book_settles_where_losses_equal_gains():
    book = replace(BOOK, months=8000)
    settled = steady_mrr(book)
    last = margin_over(book) - margin_over(replace(book, months=7999))
    assert last == pytest.approx(0.8 * settled, rel=1e-6)
    assert steady_mrr(replace(BOOK, expansion=0.5)) == inf


def test_a_point_is_the_difference_it_makes():
    assert point_of_churn(BOOK) == pytest.approx(margin_over(BOOK, churn=0.11) - margin_over(BOOK))
    assert point_of_expansion(BOOK) == pytest.approx(margin_over(BOOK, expansion=0.11) - margin_over(BOOK))
    assert point_of_churn(replace(BOOK, churn=0.0)) == 0


def test_the_lower_the_churn_the_less_an_hour_still_saves():
    hours = hour_on_churn(BOOK, WORK, np.array([0.02, 0.05, 0.08, 0.12]))
    assert hours[0] == 0
    assert (np.diff(hours) > 0).all()
    assert hour_on_churn(BOOK, WORK) == pytest.approx(point_of_churn(BOOK) / 40)
    assert hour_on_expansion(BOOK, WORK) == pytest.approx(point_of_expansion(BOOK) / 30)
    assert hour_on_expansion(BOOK, WORK, 0.4) == 0


def test_the_turning_point_is_where_both_are_worth_the_same():
    cheap = replace(WORK, churn_minutes=900)
    found = answer(BOOK, cheap)
    assert found.better == "churn"
    assert found.turns_at is not None
    assert hour_on_churn(BOOK, cheap, found.turns_at) == pytest.approx(found.expansion, rel=1e-6)
    assert found.turns_at < BOOK.churn
    assert found.hours is not None
    assert found.hours > 0
    assert answer(BOOK, replace(WORK, churn_minutes=100_000)).better == "expansion"


def test_how_sure_it_is_comes_from_the_customers():
    customers = pd.DataFrame(
        {"opening": [100.0] * 50, "kept": [100.0] * 44 + [0.0] * 6, "closing": [110.0] * 44 + [0.0] * 6}
    )
    lost, gained = yearly_rates(customers)
    assert (lost, gained) == (pytest.approx(0.12), pytest.approx(0.088))
    book = replace(BOOK, churn=lost, expansion=gained)
    clear = answer(book, replace(WORK, churn_minutes=60), customers)
    assert clear.sure is not None
    assert clear.sure > 0.95
    close = answer(book, replace(WORK, churn_minutes=1800), customers)
    assert 0 <= close.sure <= 1


def test_the_curve_says_everything_by_churn():
    table = curve(BOOK, WORK, [0.0, 0.05, 0.12])
    assert np.isnan(table["lifetime"].iloc[0])
    assert table["lifetime"].iloc[1] > table["lifetime"].iloc[2]
    assert table["margin"].is_monotonic_decreasing
    assert lifetime(BOOK, 0.12) == pytest.approx(0.8 / (1 - 0.88 ** (1 / 12)))
