"""Account-level simulation: what is known of a made-up company comes out again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from enishi.forecasts.chance import uniforms
from enishi.forecasts.coverage import Trial, apart, coverage, trial
from enishi.forecasts.evaluation import wilson
from enishi.forecasts.leaving import BASE, CERTAIN, STATED, leaving
from enishi.forecasts.moved import STEPS, Kept, what_moved
from enishi.forecasts.simulation import (
    LEVELS,
    Cohorts,
    Scenario,
    between,
    compose,
    expected,
    expected_arrivals,
    interval,
    net_growth,
    simulate,
)
from enishi.forecasts.standing import month_grid, standing
from enishi.forecasts.turnover import TooLittle, Turnover, learn_turnover, size_of
from enishi.metrics.periods import add_months
from enishi.metrics.revenue import movements, number_of
from enishi.metrics.spans import FOREVER

DAY = date(2026, 6, 30)
START = date(2024, 1, 1)


def row(
    record: int, account: int, start: date, stop: date | None, mrr: int, **other: object
) -> dict[str, object]:
    base = {
        "record_id": record, "account_id": account, "product": "Desk", "plan": "", "mrr": mrr, "start": number_of(start),
        "stop": number_of(stop), "renewal": FOREVER, "term_months": None, "started_on": number_of(start),
        "ended": number_of(stop), "notice": FOREVER,
    }  # fmt: skip
    return base | other


def frame(rows: list[dict[str, object]]) -> pd.DataFrame:
    found = pd.DataFrame(rows)
    return found.astype({"mrr": "Int64", "term_months": "Int64"})


def company(customers: int = 600, hazard: float = 0.02, seed: int = 5) -> pd.DataFrame:
    """Monthly contracts lost at a steady rate on first days of months; 3 % grow by a tenth, new ones come every month."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, object]] = []
    begun = [START] * customers + [add_months(START, k) for k in range(1, 40) for _ in range(12)]
    for account, start in enumerate(begun, 1):
        mrr = int(rng.lognormal(11, 0.8))
        life = int(rng.geometric(hazard))
        stop = add_months(start, life)
        at, month = start, 0
        while at < stop and at < date(2027, 6, 1):
            grows = add_months(start, month + int(rng.geometric(0.03)))
            end = min(grows, stop)
            rows.append(row(account, account, at, None if end > date(2027, 6, 1) else end, mrr,
                            started_on=number_of(start), ended=number_of(stop)))  # fmt: skip
            month, at, mrr = month + max(1, (end - at).days // 30), end, int(mrr * 1.1)
    return frame(rows)


def as_known(stretches: pd.DataFrame, day: date) -> pd.DataFrame:
    """Without ends and changes after a day: nothing is announced in this company."""
    today = number_of(day)
    seen = stretches[stretches["start"] <= today].copy()
    return seen.assign(
        stop=seen["stop"].where(seen["stop"] <= today, FOREVER),
        ended=seen["ended"].where(seen["ended"] <= today, FOREVER),
    )


@pytest.fixture(scope="module")
def truth() -> pd.DataFrame:
    return company()


@pytest.fixture(scope="module")
def learned(truth: pd.DataFrame) -> Turnover:
    return learn(truth, DAY)


def learn(truth: pd.DataFrame, day: date) -> Turnover:
    ends = [add_months(START, k) - timedelta(days=1) for k in range(1, 60)]
    books = [standing(as_known(truth, end), end, 6) for end in ends if end <= day]
    found = learn_turnover(books, movements(as_known(truth, day)), day)
    assert isinstance(found, Turnover)
    return found


def test_the_months_ahead_begin_with_the_rest_of_the_running_one() -> None:
    grid = month_grid(date(2026, 11, 22), 3)
    assert grid.ends == [date(2026, 12, 1), date(2027, 1, 1), date(2027, 2, 1)]
    assert grid.share.tolist() == [8 / 30, 1.0, 1.0]
    assert month_grid(date(2026, 11, 30), 1).ends == [date(2027, 1, 1)]


def test_notices_and_announced_terms_are_certain() -> None:
    rows = [
        row(1, 1, START, None, 100, renewal=number_of(date(2026, 9, 15)), notice=number_of(date(2026, 6, 1))),
        row(2, 2, START, None, 50, notice=number_of(date(2026, 6, 20))),
        row(3, 3, START, date(2026, 8, 1), 70), row(3, 3, date(2026, 8, 1), None, 90, started_on=number_of(START)),
        row(4, 4, date(2026, 9, 1), None, 40),
    ]  # fmt: skip
    book = standing(frame(rows), DAY, 4)
    assert book.path.tolist() == [[100, 100, 0, 0], [0, 0, 0, 0], [70, 90, 90, 90], [0, 0, 40, 40]]
    assert book.noticed.tolist() == [True, True, False, False]
    assert book.now.tolist() == [100, 50, 70, 0]


def test_a_renewal_that_has_passed_counts_on_by_its_term_and_the_largest_contract_decides() -> None:
    rows = [
        row(1, 1, date(2024, 2, 29), None, 100, renewal=number_of(date(2025, 2, 28))),
        row(2, 1, START, None, 30, renewal=number_of(date(2026, 7, 1))),
        row(3, 2, date(2025, 8, 31), None, 10, term_months=6),
        row(4, 3, START, None, 10, term_months=1),
    ]
    book = standing(frame(rows), DAY, 12)
    assert book.renewal.tolist()[:2] == [number_of(date(2027, 2, 28)), number_of(date(2026, 8, 31))]
    assert book.rolling.tolist() == [False, False, True]
    assert book.renewal_months().tolist() == [7, 1, 12]


def test_rates_of_a_known_company_are_found(learned: Turnover) -> None:
    assert learned.rolling.mean() == pytest.approx(0.02, rel=0.15)
    assert learned.expansion.rate.mean() == pytest.approx(0.03, rel=0.2)
    assert learned.expansion.mean.mean() == pytest.approx(0.003, rel=0.25)
    assert learned.arrivals.mean == pytest.approx(12, rel=0.15)
    assert learned.shock < 0.3


def test_losses_told_two_months_late_do_not_make_leaving_look_rarer(
    truth: pd.DataFrame, learned: Turnover
) -> None:
    """Books of the past still hold who had left already; none of them stays for it."""
    ends = [add_months(START, k) - timedelta(days=1) for k in range(1, 31)]
    told = [as_known(truth, end) for end in ends]
    for frame_, end in zip(told, ends, strict=True):
        silent = frame_["ended"] > number_of(end) - 61
        last = silent & (frame_["stop"] == frame_["ended"])
        frame_.loc[last, "stop"] = FOREVER
        frame_.loc[silent, "ended"] = FOREVER
    books = [standing(frame_, end, 6) for frame_, end in zip(told, ends, strict=True)]
    assert sum(map(len, books)) > sum(len(standing(as_known(truth, end), end, 6)) for end in ends)
    found = learn_turnover(books, movements(as_known(truth, DAY)), DAY)
    assert isinstance(found, Turnover)
    assert found.rolling == pytest.approx(learned.rolling, rel=1e-6)


def test_renewal_dates_that_only_those_who_left_have_are_no_rate(truth: pd.DataFrame) -> None:
    """As of a source that tells the date of a contract's end alone: nobody was seen to renew."""
    found = learn(truth.assign(renewal=truth["ended"]), DAY)
    assert found.counts["renewing"] == found.counts["not_renewed"] == [0] * 4
    assert found.renewing.max() < 0.5


def test_too_little_history_gives_no_rates(truth: pd.DataFrame) -> None:
    day = date(2024, 3, 31)
    books = [standing(as_known(truth, end), end, 6) for end in (date(2024, 1, 31), date(2024, 2, 29))]
    found = learn_turnover(books, movements(as_known(truth, day)), day)
    assert found == TooLittle("months", 2, 6)


def test_the_draws_agree_with_the_expected_sum(truth: pd.DataFrame, learned: Turnover) -> None:
    book = standing(as_known(truth, DAY), DAY, 12)
    left = leaving(book, learned)
    paths = compose(simulate(book, left, learned, draws=600))
    sure = expected(book, left, learned).sum(axis=0) + expected_arrivals(learned, book)
    assert paths.mrr.mean(axis=0) == pytest.approx(sure, rel=0.01)
    low, high = interval(paths.mrr, 0.8)
    assert (low < sure).all()
    assert (sure < high).all()
    assert np.all(np.diff(high - low) > 0)


def test_flows_add_up_in_every_draw(truth: pd.DataFrame, learned: Turnover) -> None:
    book = standing(as_known(truth, DAY), DAY, 6)
    paths = compose(simulate(book, leaving(book, learned), learned, draws=100), Scenario(1.0, 1.4, 0.5, 0.05))
    before = np.concatenate([np.full((100, 1), paths.opening), paths.mrr[:, :-1]], axis=1)
    after = before + paths.new + paths.expansion - paths.contraction - paths.churn
    assert after == pytest.approx(paths.mrr, abs=2.0)


def test_what_is_not_known_of_a_rate_and_differs_between_months_moves_no_mean(
    truth: pd.DataFrame, learned: Turnover
) -> None:
    book = standing(as_known(truth, DAY), DAY, 6)
    left = leaving(book, learned)
    unsure = replace(learned, expansion=replace(learned.expansion, level=0.5, shock=0.8))
    sure = replace(learned, expansion=replace(learned.expansion, level=0.0, shock=0.0))
    wide, narrow = (
        simulate(book, left, one, draws=2000, arrivals=False).parts["expansion"] for one in (unsure, sure)
    )
    assert wide.mean(axis=0) == pytest.approx(narrow.mean(axis=0), rel=0.1)
    assert (wide.std(axis=0) > 3 * narrow.std(axis=0)).all()


def test_who_shrinks_by_a_fifth_twenty_times_a_month_is_left_with_nothing_not_with_less(
    learned: Turnover,
) -> None:
    often = replace(learned.contraction, rate=np.full(3, 20.0), sizes=(np.array([-0.2]),) * 3)
    day = date(2026, 6, 10)  # the first month is a part of one
    book = standing(frame([row(n, n, START, None, 10_000) for n in range(1, 21)]), day, 6)
    shrinking = replace(learned, contraction=often)
    left = leaving(book, shrinking)
    sure = expected(book, left, shrinking)
    assert (sure >= 0).all()
    assert (sure[:, -1] <= 1).all()
    paths = compose(simulate(book, left, shrinking, draws=100, arrivals=False))
    assert np.isfinite(paths.mrr).all()
    assert paths.mrr.min() >= -1


def forecast_of(seed: int) -> list[Trial]:
    """Three spans of three months, one after the other, of a company of its own."""
    truth = company(customers=120, hazard=0.01 + 0.002 * (seed % 10), seed=seed)
    ends = [add_months(START, k) - timedelta(days=1) for k in range(6, 28)]
    books = {end: standing(as_known(truth, end), end, 6) for end in ends}
    made = []
    for day in ends[12::3]:
        found = learn_turnover(list(books.values())[: ends.index(day)], movements(as_known(truth, day)), day)
        assert isinstance(found, Turnover)
        paths = compose(simulate(books[day], leaving(books[day], found), found, draws=250))
        end = books[day].grid.ends[2]
        if (came := books.get(end - timedelta(days=1))) is not None:
            made.append(trial(day, books[day].grid.ends[0], end, "mrr", paths.mrr[:, 2], came.now.sum()))
    return made


def test_of_many_companies_each_range_holds_its_share_of_what_came() -> None:
    """And ranges half as wide are found out, so this could fail."""
    made = [one for seed in range(12) for one in forecast_of(seed)]
    assert len(made) == 36
    for level, share in enumerate(LEVELS):
        held = wilson(sum(one.inside(level) for one in made), len(made))
        assert held.low is not None
        assert held.high is not None
        assert held.low <= share <= held.high
    narrow = [
        replace(one, low=tuple((v + one.middle) / 2 for v in one.low),
                high=tuple((v + one.middle) / 2 for v in one.high)) for one in made
    ]  # fmt: skip
    held = wilson(sum(one.inside(1) for one in narrow), len(narrow))
    assert held.high is not None
    assert held.high < LEVELS[1]


def test_spans_that_overlap_count_for_fewer() -> None:
    def span(month: int, inside: bool) -> Trial:
        low, high = (0.0,) * 3, (2.0,) * 3
        start = add_months(START, month)
        return Trial(start, start, add_months(start, 3), "mrr", 1.0, low, high, 1.5 if inside else 3.0, 0.9)

    made = [span(month, month < 4) for month in range(13)]
    line = coverage(made)[0]
    assert (line.n, line.inside, line.independent, line.above) == (13, 4, 5, 13)
    assert line.plausible  # 4 of 13 inside 50 %: two months of three are shared
    assert apart(made[::3]) == 5
    assert line.stated == 0, "base rates alone were tested"
    assert coverage([replace(made[0], stated=0.4), *made[1:]])[0].stated == 1
    alone = [span(3 * place, place < 4) for place in range(20)]
    assert not coverage(alone)[0].plausible


def test_a_customer_meets_the_same_fate_in_every_book_and_a_higher_factor_only_loses_more(
    truth: pd.DataFrame, learned: Turnover
) -> None:
    assert np.array_equal(uniforms(1, 1, np.array([7, 9]), 5)[1], uniforms(1, 1, np.array([9]), 5)[0])
    drawn = uniforms(3, 2, np.arange(400), 500)
    assert 0 < drawn.min() < drawn.max() < 1
    assert drawn.mean() == pytest.approx(0.5, abs=0.005)
    assert abs(np.corrcoef(drawn[:, 0], drawn[:, 1])[0, 1]) < 0.2
    book = standing(as_known(truth, DAY), DAY, 6)
    left = leaving(book, learned)
    grid = [
        simulate(book, left, learned, draws=100, churn=factor, arrivals=False) for factor in (0.5, 1.0, 2.0)
    ]
    assert (grid[0].parts["alive"] >= grid[1].parts["alive"]).all()
    assert (grid[1].parts["alive"] >= grid[2].parts["alive"]).all()
    line = between(grid, Scenario(churn=1.5)).mrr.mean(axis=0)
    exact = compose(
        simulate(book, left, learned, draws=100, churn=1.5, arrivals=False), Scenario(churn=1.5)
    ).mrr
    assert line == pytest.approx(exact.mean(axis=0), rel=0.01)
    parts = [book.accounts % 2 == 0, book.accounts % 2 == 1]
    halves = [
        simulate(book.where(p), left.where(p), learned, draws=100, arrivals=False).parts["alive"]
        for p in parts
    ]
    assert halves[0] + halves[1] == pytest.approx(grid[1].parts["alive"], rel=1e-5)


def test_stated_probabilities_lead_where_they_are_known(truth: pd.DataFrame, learned: Turnover) -> None:
    rows = [row(n, n, START, None, 100) for n in (1, 2)]
    rows += [row(n, n, START, None, 100, renewal=number_of(date(2026, 9, 15))) for n in (3, 4, 6)]
    rows.append(row(5, 5, START, None, 100, notice=number_of(DAY)))
    book = standing(frame(rows), DAY, 6)
    said = pd.DataFrame(
        [
            (1, 30, 0.2),
            (1, 90, 0.5),
            (1, 180, 0.7),
            (3, 0, 0.6),
            (3, 90, 0.2),
            (6, 30, 0.1),
            (6, 90, 0.3),
            (6, 180, 0.5),
        ],
        columns=["account_id", "horizon", "probability"],
    )
    said = said.assign(low=said["probability"] - 0.1, high=said["probability"] + 0.1)
    left = leaving(book, learned, said)
    assert left.source.tolist() == [STATED, BASE, STATED, BASE, CERTAIN, STATED]
    assert left.renews[2] == pytest.approx(0.6)
    assert left.renews[5] == pytest.approx(0.3), (
        "of the renewal itself nothing is said: the span of days that reaches to it"
    )
    assert np.isnan(left.renews[0])
    assert 1 - left.survival[2][2] == pytest.approx(0.6, abs=0.02)
    assert left.survival[0][5] < 0.4 < 0.8 < left.survival[1][5]
    assert left.level > 0


def test_retention_of_the_customers_of_a_year_ago(learned: Turnover) -> None:
    rows = [row(n, n, START, None, 100) for n in range(1, 201)]
    book = standing(frame(rows), DAY, 2)
    opening = np.full((200, 2), 100)
    opening[150:] = 0
    paths = compose(
        simulate(
            book, leaving(book, learned), learned, Cohorts(opening, np.array([20_000, 20_000])), draws=200
        )
    )
    assert paths.grr.mean(axis=0)[0] == pytest.approx(0.75 * (1 - learned.rolling[0, 3:].mean()), rel=0.03)
    assert (paths.grr <= 1).all()
    assert (paths.nrr.mean(axis=0) >= paths.grr.mean(axis=0)).all()


def kept(truth: pd.DataFrame, day: date, model: str = "") -> tuple[Kept, Turnover]:
    found, book = learn(truth, day), standing(as_known(truth, day), day, 12)
    left = leaving(book, found)
    return Kept(day, book.grid.edges, book.accounts, book.now, book.path, np.cumsum(left.hazard, axis=1),
                net_growth(found)[size_of(book.now, found.cuts)], left.source, book.noticed.astype(np.int64), model,
                expected_arrivals(found, book)), found  # fmt: skip


def test_what_moved_adds_up_for_every_customer(truth: pd.DataFrame) -> None:
    earlier, rates = kept(truth, date(2026, 4, 30))
    later, _other = kept(truth, date(2026, 5, 31))
    end = date(2026, 10, 1)
    table = what_moved(earlier, later, end)
    assert (table["before"] + table[list(STEPS)].sum(axis=1) == table["after"]).all()
    book = standing(as_known(truth, date(2026, 4, 30)), date(2026, 4, 30), 12)
    sure = expected(book, leaving(book, rates), rates)[:, earlier.month_of(end)]
    assert table["before"].sum() == sure.sum()
    assert (table["left"] <= 0).all()
    assert table["came"].sum() > 0
    assert table["stayed"].sum() > 0
    with pytest.raises(ValueError, match="does not reach"):
        what_moved(earlier, later, date(2030, 1, 1))


def test_merged_customers_are_followed_into_their_survivor(truth: pd.DataFrame) -> None:
    earlier, _rates = kept(truth, date(2026, 5, 31))
    pair = earlier.accounts[:2].tolist()
    table = what_moved(earlier, earlier, date(2026, 8, 1), {pair[0]: pair[1]})
    assert pair[0] not in set(table["account_id"])
    assert (table["before"] == table["after"]).all()
