import doctest
from datetime import date, timedelta
from itertools import pairwise
from math import isnan

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enishi.kit.home import Home
from enishi.metrics import revenue, surveys
from enishi.metrics.api import duckdb_facts
from enishi.metrics.cohorts import acquisition, cohort_triangle, renewals, renewals_due
from enishi.metrics.periods import add_months, period_of, periods_between
from enishi.metrics.revenue import (
    Bridge,
    bridge,
    bridges,
    bridges_by,
    movements,
    mrr_at,
    number_of,
    rates,
    retention,
    retentions,
)
from enishi.metrics.subscriptions import acquisition_costs, subscription_periods
from enishi.store.testing import publish

D = date
YEAR_END = D(2024, 12, 31)
JAN, FEB, MAR, APR = (D(2024, m, 1) for m in (1, 2, 3, 4))


def stretch(account, start, stop, mrr, product="P"):
    return {"account_id": account, "start": start, "stop": stop, "mrr": mrr, "product": product}


def moves(*rows, level="account"):
    return movements(pd.DataFrame(rows), level)


def test_the_worked_example():
    r = rates(Bridge(opening=100_000, new=20_000, expansion=15_000, contraction=5_000, churn=8_000))
    assert (round(r.nrr, 4), round(r.grr, 4), round(r.quick_ratio, 2)) == (1.02, 0.87, 2.69)
    assert Bridge(100_000, 20_000, 15_000, 5_000, 8_000).closing == 122_000


def test_docstrings_tell_the_truth():
    for module in (revenue, surveys):
        assert doctest.testmod(module).failed == 0


def test_each_change_is_one_movement():
    found = moves(
        stretch(1, JAN, FEB, 100), stretch(1, FEB, MAR, 150), stretch(1, MAR, APR, 120), stretch(1, D(2024, 5, 1), None, 80),
    )  # fmt: skip
    assert list(found["kind"]) == ["new", "expansion", "contraction", "churn", "reactivation"]
    assert list(found["amount"]) == [100, 50, -30, -120, 80]


def test_a_subscription_replaced_on_the_same_day_is_no_churn():
    found = moves(stretch(1, JAN, FEB, 100, "old"), stretch(1, FEB, None, 130, "new"))
    assert list(found["kind"]) == ["new", "expansion"]
    assert list(found["cross"]) == [0, 30]


def test_second_product_is_cross_sell_for_the_account_and_new_for_the_product():
    rows = [stretch(1, JAN, None, 100, "A"), stretch(1, FEB, None, 40, "B"), stretch(1, MAR, None, 10, "A")]
    b = bridge(moves(*rows), FEB, APR)
    assert (b.expansion, b.upsold, b.cross_sold) == (50, 1, 1)
    by_product = moves(*rows, level="product")
    assert list(by_product["kind"]) == ["new", "new", "expansion"]


def test_bridge_and_rates_of_a_month():
    found = moves(
        stretch(1, JAN, None, 60), stretch(2, JAN, FEB, 30), stretch(2, FEB, None, 25), stretch(3, JAN, D(2024, 2, 9), 10),
        stretch(4, FEB, None, 20), stretch(1, D(2024, 2, 20), None, 15),
    )  # fmt: skip
    b = bridge(found, FEB, MAR)
    assert b == Bridge(100, 20, 15, 5, 10, 0, customers=3, won=1, lost=1, back=0, upsold=1, cross_sold=0)
    assert b.closing == int(mrr_at(found, D(2024, 2, 29)).sum()) == 120
    assert rates(b).logo_churn == pytest.approx(1 / 3)
    kept = retention(found, FEB, MAR)
    assert (kept.grr, kept.nrr, kept.logo_churn) == pytest.approx((0.85, 1.0, 1 / 3))
    assert retention(found, FEB, MAR, accounts=[1]).nrr == pytest.approx(75 / 60)


def test_who_left_and_came_back_is_lost_to_the_cohort():
    found = moves(stretch(1, JAN, FEB, 100), stretch(1, MAR, None, 100))
    kept = retention(found, D(2024, 1, 15), APR)
    assert (kept.grr, kept.nrr, kept.stayed) == (0, 0, 0)
    assert bridge(found, D(2024, 1, 15), APR).reactivation == 100


def test_nothing_to_divide_by_gives_no_rate():
    assert isnan(rates(Bridge()).nrr)
    assert isnan(retention(moves(stretch(1, FEB, None, 5)), JAN, FEB).grr)


stretches_of_money = st.lists(
    st.builds(
        stretch,
        st.integers(1, 4),
        st.integers(0, 400),
        st.one_of(st.none(), st.integers(0, 500)),
        st.one_of(st.integers(0, 10**13), st.integers(-300, 300), st.integers(-(10**13), 0)),
        st.sampled_from("PQ"),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=30, deadline=None)
@given(
    stretches_of_money,
    st.lists(st.integers(-5, 600), min_size=2, max_size=4),
    st.sampled_from(["account", "product"]),
)
def test_opening_and_movements_make_closing(rows, cuts, level):
    frame = pd.DataFrame(rows)
    frame["stop"] = [revenue.FOREVER if pd.isna(stop) else int(stop) for stop in frame["stop"]]
    found = movements(frame, level)
    edges = [D(1970, 1, 1) + timedelta(days=c) for c in sorted(set(cuts))]
    for start, end in pairwise(edges):
        b = bridge(found, start, end)
        truth = in_force(frame, number_of(end) - 1)
        assert b.opening == in_force(frame, number_of(start) - 1).sum()
        assert b.closing == truth.sum()
        assert min(b.expansion, b.contraction) >= 0
        if (frame["mrr"] >= 0).all():
            assert min(b.new, b.churn, b.reactivation) >= 0
        if level == "account":
            assert b.customers_closing == (truth != 0).sum()
            assert pd.DataFrame.equals(mrr_at(found, end - timedelta(days=1)).sort_index().to_frame("m"),
                                       truth[truth != 0].sort_index().to_frame("m"))  # fmt: skip
        kept = retention(found, start, end)
        assert 0 <= kept.kept <= kept.opening
        assert kept.opening == held_above_zero(frame, number_of(start) - 1, level)
        listed = found[(found["day"] >= number_of(start)) & (found["day"] < number_of(end))]
        if level == "account":
            gone = set(listed.loc[listed["kind"] == "churn", "account_id"])
            began = in_force(frame, number_of(start) - 1)
            left = (max(int(truth.get(a, 0)), 0) for a in began[began > 0].index if a not in gone)
            assert kept.closing == sum(left)
        for kind, sign in (("new", 1), ("churn", -1), ("contraction", -1), ("reactivation", 1)):
            assert getattr(b, kind) == sign * listed.loc[listed["kind"] == kind, "amount"].sum()
        by = bridges_by(found, [period_of(start, "year")], {1: "a", 2: "b"}, other="none")
        whole = bridges(found, [period_of(start, "year")])[0]
        for field in ("opening", "new", "churn", "expansion", "contraction", "reactivation"):
            assert sum(getattr(part[0], field) for part in by.values()) == getattr(whole, field)
    spans = list(pairwise(edges))
    assert retentions(found, spans) == [retention(found, *span) for span in spans]


def held_above_zero(frame, day, level):
    on = (frame["start"] <= day) & (day < frame["stop"])
    held = frame[on].groupby(["account_id"] if level == "account" else ["account_id", "product"])["mrr"].sum()
    return held[held > 0].sum()


def test_a_discount_on_a_line_of_its_own_lowers_and_its_end_raises():
    rows = [
        stretch(1, JAN, None, 100, "main"),
        stretch(1, FEB, MAR, -30, "discount"),
        stretch(2, FEB, MAR, -5),
    ]
    by_product = moves(*rows, level="product")
    february, march = bridge(by_product, FEB, MAR), bridge(by_product, MAR, APR)
    assert (february.opening, february.new, february.closing) == (100, -35, 65)
    assert (march.opening, march.churn, march.closing) == (65, -35, 100)
    whole = moves(*rows)
    assert list(whole["kind"]) == ["new", "contraction", "new", "expansion", "churn"]
    assert bridge(whole, FEB, MAR).closing == bridge(whole, MAR, APR).opening == 65
    assert list(whole["cross"]) == [0, 0, 0, 0, 0]


def in_force(frame, day):
    on = (frame["start"] <= day) & (day < frame["stop"])
    return frame[on].groupby("account_id")["mrr"].sum()


def test_cohorts_by_quarter():
    found = moves(
        stretch(1, JAN, None, 100), stretch(2, FEB, D(2024, 5, 5), 50), stretch(3, D(2024, 4, 2), None, 10),
        stretch(1, D(2024, 8, 1), None, 20), stretch(4, JAN, FEB, 7),
    )  # fmt: skip
    t = cohort_triangle(found, D(2024, 9, 30), "quarter")
    assert [p.title.ja for p in t.cohorts] == ["2023年度第4四半期", "2024年度第1四半期", "2024年度第2四半期"]
    assert list(t.customers) == [3, 1, 0]
    assert list(t.logos[0]) == [2, 1, 1]
    assert list(t.money[0]) == [150, 100, 120]
    assert np.isnan(t.logos[2, 1])
    assert t.revenue_retention()[0, 2] == pytest.approx(120 / 157)


def test_fiscal_calendar_of_april():
    year = period_of(D(2024, 3, 31), "year", 4)
    assert (year.start, year.end, year.title.ja) == (D(2023, 4, 1), D(2024, 4, 1), "2023年度")
    assert period_of(D(2024, 4, 1), "quarter", 4).title.en == "FY2024 Q1"
    assert period_of(D(2024, 12, 31), "half", 4).title.ja == "2024年度下期"
    assert len(periods_between(D(2024, 1, 5), D(2024, 12, 1), "month")) == 12
    assert add_months(D(2024, 1, 31), 1) == D(2024, 2, 29)
    assert add_months(D(2024, 1, 15), -13) == D(2022, 12, 15)


def test_cac_by_channel():
    found = moves(stretch(1, JAN, None, 100), stretch(2, D(2024, 1, 9), None, 50), stretch(3, FEB, None, 1))
    costs = pd.DataFrame({"channel": ["web", "fair"], "month": [number_of(JAN)] * 2, "minor": [300, 100]})
    by = acquisition(found, costs, JAN, FEB, {1: "web", 2: "web"})
    assert (by[""].cac, by["web"].won, by["web"].cac) == (200, 2, 150)
    assert by["web"].payback_months(0.5) == pytest.approx(300 / 75)
    assert isnan(by["fair"].cac)


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path)
    publish(home, "record_account", [{"record_id": n, "valid_on": JAN} for n in (1, 2)])
    return home


def subscription(record=1, account=1, **more):
    head = {"record_id": record, "account_id": account, "valid_on": JAN, "started_on": JAN, "amount": 1200}
    return {**head, "interval": "year", "product": "P", **more}


def periods(home, day=YEAR_END):
    with duckdb_facts(home) as facts:
        return subscription_periods(facts, day)


def kinds(home, day=YEAR_END):
    found = movements(periods(home, day))
    return list(zip(found["kind"], found["amount"], found["day"].map(revenue.day_of_number), strict=True))


def test_intervals_are_brought_to_a_month_half_to_even(home):
    rows = [
        ("month", 7, 7),
        ("quarter", 10, 3),
        ("half", 15, 2),
        ("year", 30, 2),
        ("year", 42, 4),
        ("year", 1000, 83),
    ]
    publish(
        home,
        "record_subscription",
        [subscription(n, amount=a, interval=i) for n, (i, a, _) in enumerate(rows)],
    )
    found = periods(home).sort_values("record_id")["mrr"]
    assert list(found) == [mrr for _, _, mrr in rows]


def test_a_change_in_mid_month_moves_on_its_day(home):
    publish(home, "record_subscription", [subscription(), subscription(valid_on=D(2024, 2, 14), amount=2400)])
    assert kinds(home) == [("new", 100, JAN), ("expansion", 100, D(2024, 2, 14))]


def test_what_was_known_then_and_what_is_known_now(home):
    late = subscription(valid_on=D(2024, 2, 14), amount=2400, known_on=D(2024, 6, 1))
    publish(home, "record_subscription", [subscription(), late])
    assert kinds(home, D(2024, 5, 31)) == [("new", 100, JAN)]
    assert kinds(home)[1:] == [("expansion", 100, D(2024, 2, 14))]


def test_an_end_stated_late_ends_it_then(home):
    gone = subscription(valid_on=D(2024, 6, 20), ended_on=D(2024, 5, 1), known_on=D(2024, 6, 20))
    publish(home, "record_subscription", [subscription(), gone])
    assert kinds(home)[1:] == [("churn", -100, D(2024, 5, 1))]


def test_an_end_before_an_announced_rise_is_a_churn_for_good(home):
    rise, gone = {"valid_on": APR, "amount": 2400}, {"ended_on": D(2024, 3, 10), "known_on": D(2024, 3, 5)}
    publish(home, "record_subscription", [
        subscription(), subscription(**rise, known_on=FEB), subscription(**gone, valid_on=FEB),
        subscription(**rise, **gone),
    ])  # fmt: skip
    assert kinds(home) == [("new", 100, JAN), ("churn", -100, D(2024, 3, 10))]


def test_an_end_announced_is_known_from_the_notice(home):
    row = subscription(notice_on=D(2024, 3, 1), ended_on=D(2024, 9, 1), end_reason="price")
    publish(home, "record_subscription", [row])
    assert kinds(home, D(2024, 2, 28)) == [("new", 100, JAN)]
    assert kinds(home, D(2024, 3, 1))[1:] == [("churn", -100, D(2024, 9, 1))]


def test_an_exchange_rate_never_moves_revenue(home):
    rate = {"record_id": 1, "currency": "USD", "on": JAN, "rate": 150.0, "valid_on": JAN}
    publish(
        home,
        "record_exchange_rate",
        [rate, {**rate, "record_id": 2, "on": MAR, "rate": 200.0, "valid_on": MAR}],
    )
    usd = {"currency": "USD", "interval": "month"}
    publish(home, "record_subscription", [
        subscription(amount=10, **usd), subscription(valid_on=APR, amount=10, seats=9, **usd),
        subscription(2, 2, amount=10, valid_on=APR, started_on=APR, **usd),
    ])  # fmt: skip
    assert kinds(home) == [("new", 1500, JAN), ("new", 2000, APR)]


def test_a_contract_without_a_rate_is_left_out_whole_and_named(home):
    publish(home, "record_subscription", [
        subscription(), subscription(2, 2), subscription(2, 2, valid_on=MAR, currency="CHF", renewal_on=APR),
    ])  # fmt: skip
    found = periods(home)
    known, lacking = revenue.without_rate(found)
    assert (set(known["record_id"]), list(lacking["currency"])) == ({1}, ["CHF"])
    assert kinds(home) == [("new", 100, JAN)]
    assert renewals_due(found, YEAR_END).empty
    publish(
        home,
        "record_exchange_rate",
        [{"record_id": 1, "currency": "CHF", "on": JAN, "rate": 2.0, "valid_on": JAN}],
    )
    assert kinds(home) == [("new", 100, JAN), ("new", 100, JAN), ("expansion", 100, MAR)]


def test_one_off_fees_are_no_mrr(home):
    publish(home, "record_subscription", [subscription(recurring=False)])
    assert kinds(home) == []


def test_renewals_by_count_and_by_money(home):
    publish(home, "record_subscription", [
        subscription(1, renewal_on=APR, ended_on=APR, notice_on=FEB),
        subscription(2, renewal_on=APR), subscription(2, valid_on=APR, amount=2400, renewal_on=D(2025, 4, 1)),
        subscription(3, term_months=3), subscription(3, valid_on=APR, amount=600, term_months=3),
    ])  # fmt: skip
    due = renewals_due(periods(home), D(2024, 12, 31))
    q2 = renewals(due, APR, D(2024, 7, 1))
    assert (q2.due, q2.renewed, q2.money_due, q2.money_renewed) == (3, 2, 300, 150)
    assert (q2.rate, q2.money_rate) == pytest.approx((2 / 3, 0.5))
    assert renewals(due, D(2024, 7, 1), D(2024, 8, 1)).due == 1


def test_a_hundred_thousand_accounts_add_up():
    n = 100_000
    rng = np.random.default_rng(1)
    start = rng.integers(18_000, 20_000, n)
    first = pd.DataFrame(
        {"account_id": np.arange(n), "start": start, "stop": start + 200, "mrr": 1000, "product": "P"}
    )
    later = first.assign(start=first["stop"], stop=first["stop"] + rng.integers(1, 900, n), mrr=1500)
    found = movements(pd.concat([first, later], ignore_index=True))
    months = bridges(found, periods_between(D(2020, 1, 1), D(2024, 12, 31), "month"))
    assert all(before.closing == after.opening for before, after in pairwise(months))
    in_force = pd.concat([first, later])
    last = (D(2025, 1, 1) - D(1970, 1, 1)).days - 1
    standing = in_force[(in_force["start"] <= last) & (in_force["stop"] > last)]["mrr"].sum()
    assert months[-1].closing == standing


def test_acquisition_costs_are_read_as_known_then(home):
    cost = {"record_id": 1, "channel": "web", "month": JAN, "amount": 500, "valid_on": JAN}
    publish(home, "record_acquisition_cost", [cost, {**cost, "amount": 700, "known_on": MAR}])
    with duckdb_facts(home) as facts:
        assert list(acquisition_costs(facts, FEB)["minor"]) == [500]
        assert list(acquisition_costs(facts, MAR)["minor"]) == [700]
