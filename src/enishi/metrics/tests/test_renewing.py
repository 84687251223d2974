"""The next renewal, as it could be known on a day: a date told later says nothing of who stayed."""

import itertools
from datetime import date, timedelta

import pandas as pd
import pytest

from enishi.kit.home import Home
from enishi.metrics.api import duckdb_facts, panel
from enishi.metrics.cohorts import renewals_due
from enishi.metrics.renewing import next_renewals
from enishi.metrics.revenue import number_of
from enishi.metrics.subscriptions import subscription_periods
from enishi.store.testing import publish

D = date
START, TOLD = D(2023, 1, 15), D(2026, 11, 22)
CASES = {
    # a history told at once: the present date of who stayed, the end of who left
    "stayed": {"renewal_on": D(2027, 1, 15), "term_months": 12},
    "left at a renewal": {"renewal_on": D(2026, 1, 15), "ended_on": D(2026, 1, 15), "term_months": 12},
    "left between": {"renewal_on": D(2025, 9, 3), "ended_on": D(2025, 9, 3), "term_months": 12},
    "stayed, no term": {"renewal_on": D(2027, 1, 15)},
    "left between, no term": {"renewal_on": D(2025, 9, 3), "ended_on": D(2025, 9, 3)},
    "term alone": {"term_months": 12},
    "two years": {"renewal_on": D(2027, 1, 15), "term_months": 24},
    "by the month": {"term_months": 1},
    # told on its day, as a source does that delivers
    "stated then": {"renewal_on": D(2025, 9, 3), "term_months": 12, "recorded_on": START},
    "stated then, no term": {"renewal_on": D(2024, 9, 3), "recorded_on": START},
    "far ahead": {"renewal_on": D(2026, 1, 15), "recorded_on": START},
}  # fmt: skip


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path)
    publish(home, "record_account", [
        {"record_id": n, "valid_on": START, "name": name} for n, name in enumerate(CASES, 1)
    ])  # fmt: skip
    rows = [
        {
            "record_id": n, "account_id": n, "valid_on": START, "started_on": START, "amount": 1200, "currency": "JPY",
            "interval": "year", "recurring": True, "recorded_on": TOLD, **terms,
        }
        for n, terms in enumerate(CASES.values(), 1)
    ]  # fmt: skip
    publish(home, "record_subscription", rows)
    return home


def due(home, *days):
    """The next renewal by customer and day."""
    with duckdb_facts(home) as facts:
        found = panel(facts, days, ["days_to_renewal"])
    names = dict(enumerate(CASES, 1))
    return {
        (names[account], day.date() if hasattr(day, "date") else day):
        None if pd.isna(left) else pd.Timestamp(day).date() + timedelta(days=int(left))
        for day, account, left in found[["as_of", "account_id", "days_to_renewal"]].itertuples(index=False)
    }  # fmt: skip


def test_who_stays_is_not_told_apart_by_a_date_told_later(home):
    day = D(2025, 3, 1)
    found = due(home, day)
    alike = [
        "stayed",
        "left at a renewal",
        "left between",
        "stayed, no term",
        "left between, no term",
        "term alone",
    ]
    assert {found[name, day] for name in alike} == {D(2026, 1, 15)}
    assert found["two years", day] == D(2027, 1, 15)
    assert found["by the month", day] is None
    assert found["stated then", day] == D(2025, 9, 3)
    assert found["stated then, no term", day] == D(2025, 9, 3)  # passed: renewed for a year
    assert found["far ahead", day] == D(2026, 1, 15)


def test_both_ways_of_counting_agree_and_the_day_of_a_renewal_is_its_own(home):
    days = [D(2023, 1, 15), D(2024, 1, 14), D(2024, 2, 29), D(2025, 9, 2), D(2026, 11, 21), TOLD]
    found = due(home, *days)
    with duckdb_facts(home) as facts:
        for day in days:
            known = subscription_periods(facts, day)
            known = known[known["stop"] > number_of(day)]
            renewal, _term = next_renewals(known, number_of(day))
            for account, at in zip(known["account_id"], renewal, strict=True):
                assert number_of(found[list(CASES)[account - 1], day]) == at, (account, day)
    assert due(home, D(2025, 1, 15))["stayed", D(2025, 1, 15)] == D(2025, 1, 15)


def test_terms_gone_by_were_renewed(home):
    with duckdb_facts(home) as facts:
        found = renewals_due(subscription_periods(facts, TOLD), TOLD)
    days = {n: list(group["day"]) for n, group in found.groupby("record_id")}
    terms = [number_of(D(year, 1, 15)) for year in (2024, 2025, 2026)]
    assert days[1] == days[2] == days[6] == terms
    assert found[found["record_id"] == 2]["renewed"].tolist() == [True, True, False]
    assert found[found["record_id"] == 1]["renewed"].all()


def test_a_month_without_the_day_renews_on_its_last(tmp_path):
    home, start = Home(tmp_path), D(2024, 2, 29)
    publish(home, "record_account", [{"record_id": 1, "valid_on": start, "name": "A"}])
    publish(home, "record_subscription", [{
        "record_id": 1, "account_id": 1, "valid_on": start, "started_on": start, "amount": 1, "currency": "JPY",
        "interval": "month", "recurring": True, "term_months": 3,
    }])  # fmt: skip
    days = [D(2024, 3, 1), D(2024, 5, 29), D(2024, 5, 30), D(2024, 12, 1), D(2026, 12, 1)]
    with duckdb_facts(home) as facts:
        left = panel(facts, days, ["days_to_renewal"])["days_to_renewal"]
    found = [day + timedelta(days=int(n)) for day, n in zip(days, left, strict=True)]
    assert found == [D(2024, 5, 29), D(2024, 5, 29), D(2024, 8, 29), D(2025, 2, 28), D(2027, 2, 28)]
    assert all(a < b for a, b in itertools.pairwise([*dict.fromkeys(found)]))
