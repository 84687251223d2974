"""Growth and shrinking of those who stay: the right number, at the right time, of the right amount, the same each time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from enishi.forecasts.chance import uniforms, words
from enishi.forecasts.changing import Changes, at_most, draw_changes, month_at
from enishi.forecasts.simulation import COMPONENTS
from enishi.forecasts.standing import Floats, Standing, month_grid
from enishi.metrics.spans import FOREVER

MONTHS, DRAWS, N, RATE = 6, 200, 1500, 0.05


def book(count: int = N) -> Standing:
    """Customers with 1000 a month, ten days before a month's end."""
    whole = np.full(count, 1000)
    return Standing(
        month_grid(date(2026, 11, 20), MONTHS), np.arange(1, count + 1), whole, np.repeat(whole[:, None], MONTHS, axis=1),
        np.full(count, FOREVER), np.full(count, 12), np.zeros(count, dtype=bool), np.full(count, 500),
        np.zeros(count, dtype=np.int64),
    )  # fmt: skip


def changes(of: Standing, *, shrinks: bool = False, share: float = 0.1) -> Changes:
    counts = at_most(RATE * of.grid.elapsed[-1] * DRAWS)
    return Changes(shrinks, 16, counts, np.ones(MONTHS), np.array([share]), np.ones((MONTHS, DRAWS)))


def drawn(
    of: Standing, made: Changes, there: int = MONTHS, opening: int = 0, seed: int = 1
) -> dict[str, Floats]:
    sums = {name: np.zeros((MONTHS, DRAWS)) for name in COMPONENTS}
    stays = np.full((len(of), DRAWS), there, dtype=np.uint8)
    draw_changes(sums, made, of, stays, np.full((len(of), MONTHS), opening), seed)
    return sums


def test_as_many_change_in_a_month_as_a_poisson_process_has_and_each_draw_goes_its_own_way() -> None:
    of = book()
    events = drawn(of, changes(of))["expansion"] / 100
    assert events.mean(axis=1) == pytest.approx(N * RATE * of.grid.share, rel=0.02)
    assert of.grid.share[0] == pytest.approx(1 / 3)
    assert events.var(axis=1) == pytest.approx(events.mean(axis=1), rel=0.35)
    between = np.corrcoef(events)
    assert np.abs(between[~np.eye(MONTHS, dtype=bool)]).max() < 0.3
    apart = events - events.mean(axis=1, keepdims=True)
    assert abs(np.corrcoef(apart[:, :-1].ravel(), apart[:, 1:].ravel())[0, 1]) < 0.12


def test_what_was_won_lasts_until_the_customer_is_gone_and_nothing_is_won_after() -> None:
    of = book()
    stay, go = drawn(of, changes(of)), drawn(of, changes(of), there=3)
    assert stay["grown"] == pytest.approx(np.cumsum(stay["expansion"], axis=0))
    assert go["expansion"][:3] == pytest.approx(stay["expansion"][:3])
    assert go["grown"][:3] == pytest.approx(stay["grown"][:3])
    assert go["expansion"][3:] == pytest.approx(0)
    assert go["grown"][3:] == pytest.approx(0, abs=1e-6)
    ended = replace(of, path=of.path * (np.arange(MONTHS) < 3))
    assert drawn(ended, changes(ended))["grown"] == pytest.approx(go["grown"], abs=1e-6)


def test_nobody_gives_back_more_than_they_have_and_what_they_won_within_the_year_goes_first() -> None:
    of = book()
    made = drawn(of, changes(of, shrinks=True, share=3.0), opening=400)
    empty = N * (1 - np.exp(-RATE * of.grid.elapsed))  # customers who changed, once or again
    assert made["shrunk"].mean(axis=1) == pytest.approx(1000 * empty, rel=0.02)
    assert np.cumsum(made["contraction"], axis=0) == pytest.approx(made["shrunk"])
    assert made["nrr_shrunk"] == pytest.approx(made["shrunk"])
    assert made["grr_shrunk"] == pytest.approx(made["shrunk"] * 0.4)
    assert not made["expansion"].any()
    new = drawn(of, changes(of, shrinks=True), opening=0)
    assert new["shrunk"].any()
    assert not new["nrr_shrunk"].any()


def test_nobody_gives_back_more_than_they_have_in_several_steps_either() -> None:
    alone = book(1)
    counts = at_most(0.5 * alone.grid.elapsed[-1] * DRAWS)
    made = Changes(True, 16, counts, np.ones(MONTHS), np.array([0.5]), np.ones((MONTHS, DRAWS)))
    each = [drawn(alone, made, seed=seed) for seed in range(20)]
    given = np.concatenate([one["shrunk"][-1] for one in each])
    assert (given == 1000).mean() > 0.5, "half of it twice, and more often: all of it"
    assert set(given) == {0.0, 500.0, 1000.0}
    assert np.concatenate([one["contraction"].sum(axis=0) for one in each]).tolist() == given.tolist()
    of = book(300)
    many = replace(made, at_most=at_most(0.5 * of.grid.elapsed[-1] * DRAWS))
    parts = [of.where(of.accounts % 3 == rest) for rest in range(3)]
    assert sum(drawn(part, many)["shrunk"] for part in parts) == pytest.approx(drawn(of, many)["shrunk"])


def test_a_customer_changes_alike_in_every_part_of_the_book() -> None:
    of = book(300)
    whole, made = drawn(of, changes(of))["grown"], changes(of)
    parts = [of.where(of.accounts % 3 == rest) for rest in range(3)]
    assert sum(drawn(part, made)["grown"] for part in parts) == pytest.approx(whole)
    assert not np.allclose(drawn(of, made, seed=2)["grown"], whole)


def test_counts_follow_their_distribution() -> None:
    table = at_most(2.0)
    assert table[:3] == pytest.approx([np.exp(-2), 3 * np.exp(-2), 5 * np.exp(-2)])
    assert table[-1] == pytest.approx(1, abs=1e-12)


def test_times_fall_into_the_month_that_runs() -> None:
    grid = month_grid(date(2026, 11, 20), MONTHS)
    edges = np.concatenate([[0.0], grid.elapsed]) / grid.elapsed[-1] * 2**32
    inside = ((edges[:-1] + edges[1:]) / 2).astype(np.int64)
    assert month_at(inside, grid).tolist() == list(range(MONTHS))
    assert month_at(np.array([0, (1 << 32) - 1]), grid).tolist() == [0, MONTHS - 1]


def test_the_greatest_number_is_below_one_so_that_who_cannot_leave_stays() -> None:
    """One number in 16 million has all of its 24 bits set: of customer 1,793 in draw 1,304."""
    drawn = uniforms(1, 1, np.array([1793]), 1304)[0, 1303]
    assert drawn == np.float32(1 - 2.0**-24)
    assert -np.log(drawn) > 0


def test_the_numbers_are_the_same_from_version_to_version() -> None:
    """Statements are kept without their draws, and drawn again when they are read."""
    assert uniforms(1, 1, np.array([1, 70_000]), 2).tolist() == [
        [0.5555261373519897, 0.9859150648117065],
        [0.6057125329971313, 0.06041225790977478],
    ]
    row, word = words(1, 17, np.array([5, 6, 9]), np.array([2, 0, 1]))
    assert row.tolist() == [0, 0, 2]
    assert word.tolist() == [11123934161915635128, 516941812520252825, 543514710174452904]
    of = book(20)
    assert drawn(of, changes(of))["expansion"].sum(axis=1).tolist() == [
        6300.0, 17600.0, 20700.0, 20300.0, 18600.0, 21900.0,
    ]  # fmt: skip
