"""What a win would bring: prices of contracts, and whether they tell past wins better than the usual share."""

from __future__ import annotations

from datetime import date

import pytest

from enishi.forecasts.pricing import Price, Prices, Trial, try_prices
from enishi.forecasts.readiness import companions, find_wins, ladders
from enishi.forecasts.tests.test_readiness import contracts, stretch

TODAY = date(2026, 5, 10)


def grown(account: int, on: date, became: int) -> list[dict[str, object]]:
    """A contract of ten seats that went from light to standard on a day."""
    first = stretch(account, account, date(2024, 1, 1), on)
    return [first, stretch(account, account, on, plan="standard", mrr=became)]


def holders() -> list[dict[str, object]]:
    """Ten who pay 1,000 a seat for light, and ten who pay 2,000 for standard and began with it."""
    cheap = [stretch(500 + n, 500 + n, date(2024, 1, 1)) for n in range(10)]
    dear = [stretch(600 + n, 600 + n, date(2024, 1, 1), plan="standard", mrr=20_000) for n in range(10)]
    return cheap + dear


def test_a_price_needs_ten_who_pay_it_and_a_step_upward():
    rows = contracts(*holders())
    prices = Prices(ladders(rows, TODAY), companions(rows))
    assert prices.of_plan("work", "light", "standard", 30_000) == Price(pytest.approx(30_000), 10)
    assert prices.of_plan("work", "standard", "light", 30_000) is None
    assert prices.of_plan("work", "light", "max", 30_000) is None
    assert prices.of_plan("desk", "light", "standard", 30_000) is None
    nine = Prices(ladders(contracts(*holders()[1:]), TODAY))
    assert nine.of_plan("work", "light", "standard", 30_000) is None


def test_what_another_product_cost_others_at_first():
    taken = [
        stretch(700 + n, 500 + n, date(2025, 2, 1), product="desk", plan="", mrr=4_000 + n) for n in range(10)
    ]
    prices = Prices(together=companions(contracts(*holders(), *taken)))
    assert prices.of_product(["work"], "desk") == Price(4004, 10)
    assert prices.of_product(["other"], "desk") is None
    fewer = Prices(together=companions(contracts(*holders(), *taken[1:])))
    assert fewer.of_product(["work"], "desk") is None


@pytest.mark.parametrize(("became", "lead"), [(14_000, False), (20_000, True)])
def test_whichever_told_past_wins_better_goes_first(became: int, lead: bool):
    """Ten grew by half long ago. Six grew since: by 4,000 as nobody's price says, or by the very step of the ladder."""
    early = [row for n in range(10) for row in grown(100 + n, date(2024, 6, 1), 15_000)]
    late = [row for n in range(6) for row in grown(200 + n, date(2026, 2, 1), became)]
    rows = contracts(*holders(), *early, *late)
    trial = try_prices(rows, find_wins(rows), "plan", TODAY)
    assert trial.wins == 6
    assert trial.prices_lead is lead
    ladder = ladders(rows, date(2026, 1, 1))["work"]
    step = 10_000 * (ladder[1].price / ladder[0].price - 1)
    came = became - 10_000
    assert trial.price == pytest.approx(abs(step - came) / came)
    assert trial.share == pytest.approx(abs(5_000 - came) / came)


def test_products_are_tried_by_what_was_held_on_the_eve():
    """Eleven took another product for 4,000, and later twenty more did so for 6,000: nobody knew of these on the eve."""
    base = [stretch(n, n, date(2024, 1, 1), mrr=10_000 + 1_000 * (n % 7)) for n in range(1, 40)]
    took = [stretch(100 + n, n, date(2024, 8, 1), product="desk", plan="", mrr=4_000) for n in range(1, 12)]
    again = [stretch(200 + n, n, date(2026, 4, 2), product="desk", plan="", mrr=6_000) for n in range(15, 35)]
    rows = contracts(*base, *took, *again)
    trial = try_prices(rows, find_wins(rows), "product", TODAY)
    assert trial.wins == 20
    assert trial.price == pytest.approx(2_000 / 6_000)


def test_nothing_is_tried_without_enough_earlier_wins():
    early = [row for n in range(9) for row in grown(100 + n, date(2024, 6, 1), 15_000)]
    late = grown(200, date(2026, 2, 1), 15_000)
    rows = contracts(*holders(), *early, *late)
    assert try_prices(rows, find_wins(rows), "plan", TODAY).wins == 0
    assert try_prices(rows, find_wins(rows), "seats", TODAY).prices_lead
    assert Trial(5, 0.2, 0.2).prices_lead
