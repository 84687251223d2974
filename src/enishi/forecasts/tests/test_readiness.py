"""Growth read from contracts: wins, who could grow, what is sold."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from enishi.forecasts.propensity import beats_chance, judge_past
from enishi.forecasts.readiness import (
    LEAST_WINNERS,
    can_grow,
    companions,
    days_since_win,
    find_wins,
    holdings,
    label_wins,
    ladders,
    next_plans,
    usual_uplift,
)
from enishi.metrics.revenue import number_of
from enishi.metrics.spans import FOREVER

DAY = date(2026, 4, 1)


def stretch(
    record: int, account: int, start: date, stop: date | None = None, **terms: object
) -> dict[str, object]:
    """One stretch of unchanged terms."""
    base = {"product": "work", "plan": "light", "seats": 10, "mrr": 10_000, "term_months": 12}
    return {
        "record_id": record, "account_id": account, "start": number_of(start),
        "stop": FOREVER if stop is None else number_of(stop), "renewal": FOREVER, **base, **terms,
    }  # fmt: skip


def contracts(*rows: dict[str, object]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows))
    for name in ("seats", "mrr", "term_months"):
        frame[name] = pd.array(list(frame[name]), dtype="Int64")
    return frame


def test_more_seats_a_higher_plan_another_product_and_a_longer_term_are_wins():
    rows = contracts(
        stretch(1, 1, date(2025, 1, 1), date(2025, 6, 1)),
        stretch(1, 1, date(2025, 6, 1), seats=12, mrr=12_000),
        stretch(2, 2, date(2025, 1, 1), date(2025, 7, 1)),
        stretch(2, 2, date(2025, 7, 1), plan="standard", mrr=16_000),
        stretch(3, 3, date(2025, 1, 1)),
        stretch(4, 3, date(2025, 8, 1), product="desk", plan="team", mrr=5_000),
        stretch(5, 4, date(2025, 1, 1), date(2026, 1, 1)),
        stretch(5, 4, date(2026, 1, 1), term_months=36, mrr=9_000),
    )
    found = find_wins(rows)
    assert list(found[["account_id", "kind", "before", "amount"]].itertuples(index=False, name=None)) == [
        (1, "seats", 10_000, 2_000),
        (2, "plan", 10_000, 6_000),
        (3, "product", 10_000, 5_000),
        (4, "term", 10_000, -1_000),
    ]
    assert found["became"].tolist() == ["12", "standard", "desk", "36"]


def test_a_further_product_stands_beside_the_same_one_in_whatever_order_contracts_come():
    rows = contracts(
        stretch(1, 1, date(2025, 1, 1)), stretch(2, 1, date(2025, 1, 1), product="chat"),
        stretch(3, 1, date(2025, 8, 1), product="desk", mrr=5_000),
    )  # fmt: skip
    for order in ([0, 1, 2], [1, 0, 2]):
        found = find_wins(rows.iloc[order])
        assert found[["was", "before"]].to_numpy().tolist() == [["chat", 20_000]]


def test_plan_and_seats_on_one_day_share_what_was_gained():
    rows = contracts(
        stretch(1, 1, date(2025, 1, 1), date(2025, 6, 1)),
        stretch(1, 1, date(2025, 6, 1), plan="standard", seats=20, mrr=40_000),
    )
    found = find_wins(rows).set_index("kind")["amount"]
    assert (found["seats"], found["plan"]) == (10_000, 20_000)


@pytest.mark.parametrize(
    "after",
    [
        {"seats": 8, "mrr": 8_000},
        {"plan": "mini", "mrr": 6_000},
        {"mrr": 8_500},
        {"term_months": None},
        {"seats": None, "mrr": 11_000},
    ],
)
def test_what_shrinks_or_is_not_stated_is_no_win(after):
    rows = contracts(
        stretch(1, 1, date(2025, 1, 1), date(2025, 6, 1)), stretch(1, 1, date(2025, 6, 1), **after)
    )
    assert find_wins(rows).empty


def test_a_contract_after_a_gap_or_of_a_new_customer_is_no_win():
    rows = contracts(
        stretch(1, 1, date(2025, 1, 1), date(2025, 3, 1)),
        stretch(1, 1, date(2025, 6, 1), seats=20, mrr=20_000),
        stretch(2, 1, date(2025, 4, 1), date(2025, 5, 1), product="desk"),
    )
    assert find_wins(rows).empty
    assert find_wins(rows.iloc[:0]).empty


def test_who_is_not_yet_observed_to_the_end_is_not_a_refusal():
    held = pd.DataFrame({"account_id": [1, 2, 3]})
    wins = pd.DataFrame(
        {"account_id": [1, 2], "day": [number_of(date(2026, 5, 1)), number_of(date(2027, 5, 1))]}
    )
    assert label_wins(held, wins, DAY, date(2026, 6, 1), 180)["label"].isna().all()
    whole = label_wins(held, wins, DAY, date(2026, 12, 1), 180)
    assert whole["label"].tolist() == [1, 0, 0]
    assert whole["lost_on"].iloc[0] == pd.Timestamp(2026, 5, 1)
    assert whole["lost_on"].iloc[1:].isna().all()


def test_the_ladder_goes_by_price_a_seat_and_leads_to_the_next_plan():
    rows = contracts(
        *(stretch(n, n, date(2025, 1, 1), seats=n, mrr=1_000 * n) for n in (2, 3, 4)),
        stretch(5, 5, date(2025, 1, 1), plan="premium", seats=2, mrr=6_000),
        stretch(6, 6, date(2025, 1, 1), plan="standard", seats=50, mrr=100_000),
        stretch(7, 7, date(2024, 1, 1), date(2025, 1, 1), plan="old", seats=1, mrr=500),
    )
    rungs = ladders(rows, DAY)
    assert [(rung.plan, rung.price) for rung in rungs["work"]] == [
        ("old", 500), ("light", 1_000), ("standard", 2_000), ("premium", 3_000),
    ]  # fmt: skip
    held = holdings(rows, DAY)
    above = next_plans(held, rungs)
    assert above.loc[3, "next_plan"] == "standard"
    assert above.loc[3, "step"] == pytest.approx(2)
    assert above.loc[5, "next_plan"] == ""
    assert can_grow("plan", held.join(above)).tolist() == [True, True, True, False, True]


def test_what_is_held_and_what_goes_together():
    rows = contracts(
        stretch(1, 1, date(2025, 1, 1)),
        stretch(2, 1, date(2025, 3, 1), product="desk", plan="team", mrr=4_000),
        stretch(3, 2, date(2025, 1, 1)),
        stretch(4, 3, date(2025, 1, 1), date(2026, 1, 1)),
    )
    held = holdings(rows, DAY)
    assert held.index.tolist() == [1, 2]
    assert held.loc[1, ["product", "products", "held", "paid"]].tolist() == ["work", "desk\twork", 2, 14_000]
    pair = next(one for one in companions(rows) if one.product == "work")
    assert (pair.other, pair.base, pair.both, pair.mrr) == ("desk", 3, 1, 4_000)


def test_the_usual_uplift_is_the_median_and_says_of_how_many():
    wins = pd.DataFrame(
        {"account_id": range(12), "kind": "seats", "day": 1, "before": 100, "amount": range(10, 22)}
    )
    found = usual_uplift(wins, "seats")
    assert (found.customers, found.known) == (12, True)
    assert found.share == pytest.approx(0.155)
    assert usual_uplift(wins, "plan").customers == 0
    assert not usual_uplift(wins.head(9), "seats").known


def test_days_since_the_last_win_never_look_ahead():
    wins = pd.DataFrame({"account_id": [1, 1], "day": [number_of(DAY) - 10, number_of(DAY) + 5]})
    found = days_since_win(wins, [1, 2], DAY)
    assert found[0] == 10
    assert np.isnan(found[1])


def _said(seed, effect, customers=400, winners=0.15):
    """Statements about customers, four times each, who grow as said where the effect is 1."""
    rng = np.random.default_rng(seed)
    score = rng.normal(size=customers)
    truth = 1 / (1 + np.exp(-(np.log(winners / (1 - winners)) + effect * score)))
    label = (rng.random(customers) < truth).astype(float)
    said = 1 / (1 + np.exp(-(np.log(label.mean() / (1 - label.mean())) + 0.15 * score)))
    rows = np.repeat(np.arange(customers), 4)
    return pd.DataFrame({"account_id": rows, "label": label[rows], "probability": said[rows]})


def test_a_probability_is_stated_only_where_it_beats_chance_with_its_interval():
    """A skill a little above 0 happens by luck."""
    lucky = [judge_past(_said(seed, effect=0.0), {}) for seed in range(20)]
    assert any(past["skill"] > 0 for past in lucky), "the point alone would let them speak"
    assert sum(beats_chance(past) for past in lucky) <= 1
    assert beats_chance(judge_past(_said(1, effect=1.2), {}))


def test_of_few_who_grew_no_quality_is_told():
    past = judge_past(_said(0, effect=1.0, customers=60, winners=0.2), {})
    assert past["winners"] < LEAST_WINNERS
    assert not {"auc", "skill", "lift"} & set(past)
    assert not beats_chance(past)
