"""Every shipped metric against numbers worked out by hand from tests/world.py."""

from math import isnan, log, nan

import pandas as pd
import pytest

from enishi.kit.home import Home
from enishi.metrics.api import REGISTRY, duckdb_facts, panel
from enishi.metrics.tests.world import ALPHA, BETA, GAMMA, TODAY, ago, link, use
from enishi.store.testing import publish

GOLDEN: dict[str, tuple[float, float]] = {
    "active_users_1": (1, 0), "active_users_7": (2, 2), "active_users_28": (2, 2), "active_days_28": (15, 1), "active_days_364": (37, 2),
    "events_28": (33, 4), "events_90": (58, 5), "events_ever": (59, 5), "logins_28": (1, 0),
    "days_since_last_seen": (0, 5), "days_since_first_use": (170, 40), "stickiness": (1, 1),
    "feature_breadth_28": (2, 1), "feature_breadth_90": (3, 1),
    "usage_trend_28": (log((33 + 5) / (20 + 5)), nan),
    "use_vs_own_past": (log((16 + 5) / (22 * 28 / 143 + 5)), nan), "power_users": (1, 0), "power_users_change": (0, 0),
    "licence_utilisation": (2 / 15, 1), "seats": (15, 2), "seats_change_90": (5, 0),
    "mrr": (150_000, 15_025), "mrr_change_90": (50_000, -5_000), "plan_changes_90": (1, 0),
    "days_to_renewal": (185, nan), "tenure_days": (181, 181), "time_to_first_value": (101, 141),
    "days_to_value_observed": (101, 141),
    "days_overdue": (0, 30), "amount_overdue": (0, 3500),
    "tickets_opened_28": (2, 0), "tickets_opened_90": (3, 0), "tickets_open": (1, 0), "tickets_severe_open": (1, 0),
    "tickets_reopened_90": (1, 0), "ticket_tone_90": (-0.125, nan), "tickets_read_90": (0, 0), "hours_to_resolve_90": ((24 + 962) / 2, nan),
    "outage_minutes_28": (60, 67), "outage_minutes_90": (60, 187),
    "nps_latest": (23 / 3, nan), "nps_trend": (nan, nan), "csat_latest": (4, nan),
    "record_kinds": (8, 5), "days_since_contact": (33, nan), "days_unanswered": (nan, nan), "contacts_known": (2, 1), "decision_makers": (1, 0), "champions": (1, 0),
    "champions_gone_90": (1, 0), "champions_lost": (0, 0), "bounced_contacts": (1, 0), "trainings_done": (1, 0),
    "people_in_touch_180": (nan, nan), "key_people_quiet": (nan, nan),
    "orders_90": (2, 0), "order_amount_90": (294, 0), "days_since_order": (5, nan),
}  # fmt: skip


@pytest.fixture(scope="module")
def today(world):
    with duckdb_facts(world) as facts:
        yield panel(facts, [TODAY]).set_index("account_id")


def test_merged_account_is_no_longer_a_row(today):
    assert list(today.index) == [ALPHA, BETA]


@pytest.mark.parametrize("metric", [m for m in REGISTRY if not m.startswith("usage_slope")])
def test_metric(today, metric):
    for account, expected in zip((ALPHA, BETA), GOLDEN[metric], strict=True):
        found = today.loc[account, metric]
        assert (isnan(found) and isnan(expected)) or found == pytest.approx(expected), account


def test_slope_of_a_rising_account_is_known_with_its_error(today):
    assert 0.1 < today.loc[ALPHA, "usage_slope_90"] < 0.25
    assert 0 < today.loc[ALPHA, "usage_slope_90_se"] < 0.2
    assert isnan(today.loc[BETA, "usage_slope_90"])


def test_before_its_merge_the_account_stood_alone(facts):
    found = panel(facts, [ago(16), ago(15)], ["mrr", "tenure_days"]).set_index(["as_of", "account_id"])
    assert (ago(16), GAMMA) in found.index
    assert (ago(15), GAMMA) not in found.index


def test_products_and_people_have_rows_of_their_own(facts):
    products = panel(facts, [TODAY], grain="product").set_index(["account_id", "product"])
    assert list(products.index) == [(ALPHA, "P"), (BETA, "Q"), (BETA, "R")]
    assert products.loc[(BETA, "R"), "mrr_change_90"] == -5_000
    assert products.loc[(BETA, "Q"), "outage_minutes_90"] == 120
    people = panel(facts, [TODAY], grain="user").set_index(["account_id", "user_no"])
    assert list(people.index) == [(ALPHA, 1), (ALPHA, 2), (ALPHA, 3), (BETA, 7), (BETA, 8), (BETA, 9)]
    assert people.loc[(ALPHA, 1), "active_days_28"] == 14
    assert people.loc[(ALPHA, 3), "days_since_last_seen"] == 80


def test_chosen_accounts_and_metrics_only(facts):
    found = panel(facts, [TODAY], ["licence_utilisation"], accounts=[BETA])
    assert list(found.columns) == ["as_of", "account_id", "licence_utilisation"]
    assert list(found["account_id"]) == [BETA]


def test_many_days_equal_each_day_alone(facts):
    days = [ago(0), ago(45), ago(90)]
    together = panel(facts, days)
    for day in days:
        alone = panel(facts, [day])
        rows = together[together["as_of"] == day].reset_index(drop=True)
        assert rows.equals(alone)


@pytest.mark.parametrize("grain", ["account", "product", "user"])
@pytest.mark.parametrize("account", [ALPHA, BETA, GAMMA])
def test_an_account_read_alone_is_as_among_all(facts, grain, account):
    days = [ago(0), ago(16), ago(70)]
    among = panel(facts, days, grain=grain)
    among = among[among["account_id"] == account].reset_index(drop=True)
    alone = panel(facts, days, grain=grain, accounts=[account])
    pd.testing.assert_frame_equal(alone, among)


def test_who_came_before_use_was_recorded_has_no_time_to_value(tmp_path):
    home, old, new = Home(tmp_path), ago(400), ago(20)
    publish(
        home,
        "record_account",
        [{"record_id": n, "valid_on": d, "since": d} for n, d in ((1, old), (2, new), (3, new))],
    )
    publish(home, "groups", [{"group_no": n, "group_id": str(n), "first_day": old} for n in (1, 2, 3)])
    publish(home, "link", [link(n, n, str(n), old) for n in (1, 2, 3)])
    publish(home, "usage", [use(1, 1, ago(100)), use(2, 2, ago(15))])
    with duckdb_facts(home) as facts:
        found = panel(facts, [TODAY], ["time_to_first_value", "days_to_value_observed"]).set_index(
            "account_id"
        )
    found = found.drop(columns="as_of")
    assert found.isna().loc[1].all()
    assert list(found.loc[2]) == [5, 5]
    assert isnan(found.loc[3, "time_to_first_value"])
    assert found.loc[3, "days_to_value_observed"] == 20
