"""The next product: on a purchase process whose structure is known, and where nothing is to be learned."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from enishi.forecasts.recommend import (
    MODEL,
    NextProduct,
    greatest,
    hits,
    later_orders,
    ndcg,
    score_cases,
    tidy,
    try_out,
)


def purchases(
    seed: int, customers: int = 250, *, chain: float = 0.0, habit: float = 0.0, items: int = 12
) -> pd.DataFrame:
    """Orders as in a shop with a public log (a hidden rate per customer, gamma over customers; a chance to drop out after
    each), the item drawn from: what follows the last one (``chain``), the own favourites (``habit``), what sells best."""
    random = np.random.default_rng(seed)
    popular = 1 / np.arange(1, items + 1)
    popular /= popular.sum()
    follows = random.permutation(items)
    rows = []
    for account in range(customers):
        rate, day = random.gamma(2.0, 1 / 60), random.uniform(0, 200)
        own, last = random.dirichlet(np.ones(items) * 0.15), None
        while day < 540:
            luck = random.random()
            if last is not None and luck < chain:
                item = follows[last]
            elif luck < chain + habit:
                item = random.choice(items, p=own)
            else:
                item = random.choice(items, p=popular)
            rows.append((account, f"item {item}", int(day)))
            last = item
            if random.random() < 0.08:
                break
            day += random.exponential(1 / rate)
    return pd.DataFrame(rows, columns=["account_id", "item", "day"])


def test_what_follows_one_another_is_found():
    found = try_out(purchases(1, chain=0.7))
    assert found.enough
    assert found.used == MODEL
    assert found.rates[MODEL]["ndcg"] > 0.55
    assert min(low for low, _high in found.ahead.values()) > 0.1


def test_favourites_are_found_beyond_the_last_one():
    found = try_out(purchases(2, customers=400, habit=0.9))
    assert found.used == MODEL
    assert found.rates[MODEL]["ndcg"] > found.rates["best_sellers"]["ndcg"] + 0.1


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_where_only_chance_decides_the_model_is_not_used(seed):
    found = try_out(purchases(seed))
    assert found.enough
    assert found.used == "best_sellers"


def test_too_few_later_orders_are_said_and_nothing_is_compared():
    found = try_out(purchases(6, customers=12))
    assert not found.enough
    assert found.customers < 20
    assert found.rates == {}
    assert try_out(purchases(7).iloc[:0]).cases == 0
    assert not try_out(purchases(8, items=1)).enough


def test_later_orders_are_never_looked_at():
    orders = purchases(9, chain=0.5)
    model = NextProduct().fit(orders[orders["day"] <= 300])
    accounts = orders.loc[orders["day"] <= 300, "account_id"].unique().tolist()
    before = model.score(orders[orders["day"] <= 300], 300, accounts)
    assert np.array_equal(before, model.score(orders, 300, accounts))


def test_scores_do_not_depend_on_the_order_of_rows():
    orders = purchases(10, customers=60)
    mixed = orders.sample(frac=1, random_state=1)
    one, other = (
        NextProduct(weights={"together": 1, "sequence": 1, "habit": 1, "popular": 1}).fit(o)
        for o in (orders, mixed)
    )
    first = pd.DataFrame(one.score(orders, 600, [0, 1, 2]), columns=one.items_)
    second = pd.DataFrame(other.score(mixed, 600, [0, 1, 2]), columns=other.items_)[one.items_]
    assert np.allclose(first, second)
    assert one.items_ == other.items_
    same_day = purchases(10, customers=60).assign(day=1)
    assert tidy(same_day).equals(tidy(same_day.sample(frac=1, random_state=2)))


def test_scores_that_differ_by_the_order_of_a_sum_alone_are_equal():
    alike = np.array([[0.3, 0.1 + 0.2, 0.3]])
    assert alike[0, 1] > alike[0, 0]
    assert hits(alike, np.array([[True, False, False]]), 1).tolist() == [1]
    assert greatest(alike, 3).tolist() == [[0, 1, 2]]


def test_hit_rate_and_ndcg_by_hand():
    truth = np.array([[True, False, True], [False, False, True]])
    scores = np.array([[3.0, 2.0, 1.0], [3.0, 2.0, 1.0]])
    assert hits(scores, truth, 1).tolist() == [1, 0]
    assert hits(scores, truth, 3).tolist() == [1, 1]
    ideal = 1 + 1 / np.log2(3)
    assert ndcg(scores, truth, 3) == pytest.approx([(1 + 0.5) / ideal, 0.5])


def test_each_later_order_is_judged_by_what_came_before_it():
    orders = tidy(
        pd.DataFrame(
            {"account_id": [1, 1, 1, 1, 2], "item": ["a", "b", "c", "d", "a"], "day": [1, 5, 5, 9, 7]}
        )
    )
    cases = later_orders(orders, 4)
    assert (cases.accounts, cases.days, cases.wanted) == ([1, 1], [5, 9], [{"b", "c"}, {"d"}])
    model = NextProduct(weights={"habit": 1}).fit(orders)
    scores = score_cases(model, orders, cases)["repeat_last"]
    assert [model.items_[int(np.argmax(row))] for row in scores[:1]] == ["a"]
    assert {model.items_[place] for place in np.argsort(-scores[1])[:2]} == {"b", "c"}


def test_a_recommendation_names_its_reason():
    orders = purchases(11, chain=0.8)
    model = NextProduct(weights={"together": 0, "sequence": 1, "habit": 0, "popular": 0.01}).fit(orders)
    found = model.recommend(orders, 540, [0, 1], k=2)
    assert found["rank"].tolist() == [1, 2, 1, 2]
    assert set(found["reason"]) <= {"sequence", "popular"}
