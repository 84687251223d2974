"""Who may be offered what: every rule by itself, the signs, the time, and which offer comes first."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from enishi.definitions.reads import default_body
from enishi.definitions.rules import parse_body
from enishi.forecasts.pricing import Prices, Trial
from enishi.forecasts.readiness import Companion, Rung, Uplift
from enishi.growth.contracts import (
    BLOCKED,
    DECLARED,
    LATER,
    NO_SIGN,
    PRICES,
    READY,
    WINS,
    Listed,
    Verdict,
    Worth,
)
from enishi.growth.jobs import grounds
from enishi.growth.models import Readiness, show_one
from enishi.growth.rules import RULE_WORDS, RULES, Asked, Past, best_of, judge, judge_one
from enishi.kit.text import Text

TODAY = date(2026, 11, 20)
UNITS = {"licence_utilisation": ("ratio", Text("Licence use", "ライセンス利用率"))}
ROW = {
    "account_id": 1, "band": "green", "stage": "established", "tier": "high", "mrr": 100_000.0, "tenure_days": 500.0,
    "renewal_in": 100.0, "in_force": True, "leaving": False, "product": "desk", "plan": "Light", "seats": 10.0,
    "main": 100_000.0, "products": "desk", "held": 1, "months": 12.0, "paid": 100_000.0, "next_plan": "Pro", "step": 1.5,
    "place": 0.0, "next_product": "work", "sold": 2, "since_seats": np.nan, "since_plan": np.nan,
    "since_product": np.nan, "since_term": np.nan, "licence_utilisation": 0.95, "use_vs_own_past": 0.3, "nps_latest": 10.0,
    "active_days_28": 20.0, "churn": 0.02,
}  # fmt: skip


def test_a_customer_stands_in_the_list_once() -> None:
    """Two offers whose time comes later, and one ready: the first; without it the sooner one."""
    rows = [
        Readiness(offer=name, status=status, on=TODAY + timedelta(days=days), first=status == "ready")
        for name, status, days in (("a", "later", 60), ("b", "ready", 0), ("c", "later", 20))
    ]
    show_one(rows)
    assert [row.offer for row in rows if row.shown] == ["b"]
    rows[1].hidden, rows[1].first = True, False
    show_one(rows)
    assert [row.offer for row in rows if row.shown] == ["c"]


def offer(slug: str, **changed: object) -> Listed:
    return Listed(slug, parse_body("offer", {**default_body("offer", slug), **changed}))


def frame(**changed: object) -> pd.DataFrame:
    return pd.DataFrame([{**ROW, **changed}])


def asked(**more: object) -> Asked:
    return Asked(TODAY, units=UNITS, **more)  # type: ignore[arg-type]


def test_seats_in_use_make_a_customer_ready_with_evidence():
    found = judge_one(offer("more_seats"), frame(), asked())
    assert found.status == READY
    assert [sign.text.ja for sign in found.signs] == [
        "ライセンスの95%を使用中",
        "利用がこの顧客の過去と比べて+35%",
    ]
    assert found.target == {"product": "desk", "seats": 10}
    assert found.uplift == 20_000


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"in_force": False}, "no_contract"),
        ({"leaving": True}, "notice"),
        ({"band": "red"}, "health"),
        ({"churn": 0.4}, "churn"),
        ({"stage": "churned"}, "stage"),
        ({"tenure_days": 20.0}, "young"),
        ({"since_seats": 30.0}, "won_lately"),
        ({"seats": np.nan}, "nothing"),
    ],
)
def test_each_rule_that_holds_an_offer_back_is_named(changed, rule):
    found = judge_one(offer("more_seats"), frame(**changed), asked())
    assert found.status == BLOCKED
    assert [reason.rule for reason in found.reasons] == [rule]
    assert found.reasons[0].text.en
    assert found.reasons[0].text.ja
    assert set(RULE_WORDS) == {one.id for one in RULES}


def test_small_probabilities_stay_apart():
    low = offer("more_seats", eligible={"churn_below": 0.02})
    said = [judge_one(low, frame(churn=churn), asked()).reasons[0].text.en for churn in (0.023, 0.025, 0.4)]
    assert [text.split(" ")[0] for text in said] == ["2.3%", "2.5%", "40%"]


def test_a_customer_in_danger_gets_no_offer_whatever_is_declared():
    anyone = offer("more_seats", eligible={"bands": []})
    assert judge_one(anyone, frame(band="red"), asked()).reasons[0].rule == "health"
    assert judge_one(anyone, frame(band="unknown"), asked()).status == READY


def test_further_conditions_hold_back_only_what_is_known():
    strict = offer(
        "more_seats",
        eligible={"when": [{"metric": "licence_utilisation", "op": "<", "value": 0.9}], "plans": ["Pro"]},
    )
    found = judge_one(strict, frame(), asked())
    assert [reason.rule for reason in found.reasons] == ["plan", "condition"]
    assert "Licence use < 90%" in found.reasons[1].text.en
    unknown = judge_one(strict, frame(plan="Pro", licence_utilisation=np.nan), asked())
    assert unknown.status == NO_SIGN


def test_what_people_decided_rests_and_one_push_goes_at_a_time():
    until = TODAY + timedelta(days=30)
    resting = asked(past=Past(rests={(1, "more_seats"): (until, "set_aside")}))
    reasons = judge_one(offer("more_seats"), frame(), resting).reasons
    assert [reason.text.en for reason in reasons] == ["Set aside until 20 December 2026."]
    assert judge_one(offer("higher_plan"), frame(), resting).status == READY
    busy = asked(past=Past(open={1: "higher_plan"}))
    assert {
        judge_one(offer(slug), frame(), busy).reasons[0].rule for slug in ("more_seats", "higher_plan")
    } == {"discussed"}


def test_an_offer_at_the_renewal_waits_for_its_time():
    far = judge_one(offer("higher_plan"), frame(renewal_in=200.0), asked())
    assert (far.status, far.on) == (LATER, TODAY + timedelta(days=50))
    assert judge_one(offer("higher_plan"), frame(renewal_in=np.nan), asked()).status == READY


def test_too_few_signs_are_none():
    found = judge_one(offer("higher_plan"), frame(nps_latest=7.0), asked())
    assert (found.status, [sign.id for sign in found.signs]) == (NO_SIGN, ["use_rising"])


def test_past_wins_replace_the_declared_uplift_once_there_are_enough():
    few, enough = (Uplift(0.5, 0.4, 0.6, n) for n in (9, 10))
    declared = judge_one(offer("more_seats"), frame(), asked(uplifts={"seats": few}))
    learned = judge_one(offer("more_seats"), frame(), asked(uplifts={"seats": enough}))
    assert (declared.worth, learned.worth) == (Worth(20_000, DECLARED), Worth(50_000, WINS, 10))
    unknown = judge_one(offer("more_seats"), frame(paid=np.nan), asked())
    assert unknown.uplift is None


def test_the_usual_share_is_of_the_contract_that_grows_not_of_all_that_is_paid():
    usual = {kind: Uplift(0.5, 0.4, 0.6, 10) for kind in ("seats", "product")}
    two = frame(paid=300_000.0, products="desk\tinsight")
    assert judge_one(offer("more_seats"), two, asked(uplifts=usual)).uplift == 50_000
    more = judge_one(offer("related_product", least_weight=0.1), two, asked(uplifts=usual))
    assert more.uplift == 150_000, "a further product grew by a share of everything"


PRICED = Prices(
    {"desk": [Rung("Light", 100, 30), Rung("Pro", 170, 12), Rung("Max", 400, 9)]},
    [Companion("desk", "work", 100, 40, 30_000), Companion("desk", "rare", 100, 9, 90_000)],
)


def test_one_rule_says_what_a_win_brings_and_by_what():
    """Prices where contracts tell them, until past wins were told better by the usual share."""
    usual = {kind: Uplift(0.2, 0.1, 0.3, 23) for kind in ("plan", "product")}
    said = asked(uplifts=usual, prices=PRICED)
    assert judge_one(offer("higher_plan"), frame(), said).worth == Worth(70_000, PRICES, 12)
    assert judge_one(offer("related_product"), frame(), said).worth == Worth(30_000, PRICES, 40)
    assert judge_one(offer("higher_plan"), frame(plan="Pro", next_plan="Max"), said).worth == Worth(
        20_000, WINS, 23
    )
    assert judge_one(offer("related_product"), frame(next_product="rare"), said).worth == Worth(
        20_000, WINS, 23
    )
    tried = asked(
        uplifts=usual, prices=PRICED, trials={"plan": Trial(5, 0.4, 0.1), "product": Trial(5, 0.1, 0.4)}
    )
    assert judge_one(offer("higher_plan"), frame(), tried).worth == Worth(20_000, WINS, 23)
    assert judge_one(offer("related_product"), frame(), tried).worth == Worth(30_000, PRICES, 40)
    few = asked(uplifts=usual, prices=PRICED, trials={"plan": Trial(4, 0.4, 0.1)})
    assert judge_one(offer("higher_plan"), frame(), few).worth == Worth(70_000, PRICES, 12), "too few to tell"


def test_an_offer_that_names_its_plan_or_product_goes_by_their_price_and_a_declared_one_by_none():
    said = asked(prices=PRICED)
    named = offer("related_product", to_product="work")
    assert judge_one(named, frame(next_product="rare"), said).worth == Worth(30_000, PRICES, 40)
    fixed = offer(
        "higher_plan", to_plan="Pro", uplift={"unit": "money_per_month", "value": 5_000, "learn": False}
    )
    assert judge_one(fixed, frame(), said).worth == Worth(5_000, DECLARED)


def test_a_whole_book_is_judged_as_each_customer_alone():
    rows = pd.concat(
        [frame(account_id=1), frame(account_id=2, band="red"), frame(account_id=3, licence_utilisation=0.2)]
    )
    found = judge(offer("more_seats"), rows.reset_index(drop=True), asked())
    assert found.counts == {READY: 1, LATER: 0, NO_SIGN: 1, BLOCKED: 1}
    assert found.against == {"health": 1}
    assert found.verdicts[0] == judge_one(offer("more_seats"), frame(), asked())
    assert judge(offer("more_seats"), rows.iloc[:0], asked()).verdicts == ()


def test_the_first_offer_is_the_one_worth_most_or_most_spoken_for():
    def verdict(slug: str, status: str = READY, uplift: int = 1) -> Verdict:
        return Verdict(1, slug, status, worth=Worth(uplift, DECLARED))

    assert best_of([(verdict("a"), 10.0, 1), (verdict("b"), 30.0, 2), (verdict("c", LATER), 90.0, 3)]) == 1
    assert best_of([(verdict("a", uplift=5), None, 1), (verdict("b"), 30.0, 2)]) == 0
    assert best_of([(verdict("a", LATER), 1.0, 1)]) is None


def test_a_value_nobody_knows_is_no_ground_for_a_win() -> None:
    unknown = {"feature": "days_to_renewal", "value": None, "effect": 0.4}
    known = {"feature": "seats", "value": 12.0, "effect": 0.12345}
    assert grounds([unknown, {**unknown, "value": ""}, known]) == [{**known, "effect": 0.123}]
