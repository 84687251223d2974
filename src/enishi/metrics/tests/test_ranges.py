"""Numbers that cannot be, kept from before they were refused, are as unknown as if nobody had stated them."""

from datetime import timedelta

import pandas as pd
import pytest

from enishi.kit.home import Home
from enishi.metrics.api import duckdb_facts, panel
from enishi.metrics.tests.world import TODAY, ago, at
from enishi.store.testing import publish


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path / "home")
    publish(home, "record_account", [{"record_id": 1, "valid_on": ago(300), "since": ago(300)}])
    return home


def values(home, *metrics):
    with duckdb_facts(home) as facts:
        return panel(facts, [TODAY], list(metrics)).iloc[0]


def answer(number, measure, score, days):
    return {
        "record_id": number, "account_id": 1, "contact_id": 7, "measure": measure, "score": score,
        "answered_at": at(ago(days)), "valid_on": ago(days), "known_on": ago(days),
    }  # fmt: skip


def test_an_answer_off_its_scale_is_none_and_hides_no_earlier_one(home):
    told = [
        answer(1, "nps", 8.0, 9),
        answer(2, "nps", 47.0, 5),
        answer(3, "nps", -3.5, 2),
        answer(4, "csat", 47.0, 3),
    ]
    publish(home, "record_survey_answer", told)
    found = values(home, "nps_latest", "csat_latest")
    assert (found["nps_latest"], found["csat_latest"]) == (8, 47)


def test_tone_seats_and_minutes_that_cannot_be_are_unknown(home):
    def ticket(number, tone):
        return {"record_id": number, "account_id": 1, "opened_at": at(ago(5)), "valid_on": ago(5), "known_on": ago(5), "tone": tone}  # fmt: skip

    publish(home, "record_ticket", [ticket(1, 55.0), ticket(2, -0.5)])
    publish(home, "record_subscription", [
        {"record_id": 1, "account_id": 1, "valid_on": ago(90), "known_on": ago(90), "started_on": ago(90),
         "interval": "month", "amount": 1000, "seats": -4},
    ])  # fmt: skip
    found = values(home, "ticket_tone_90", "seats", "mrr")
    assert (found["ticket_tone_90"], found["mrr"]) == (-0.5, 1000)
    assert not found["seats"] < 0


@pytest.mark.parametrize("wrong", [0.0, -100.0])
def test_a_rate_of_nothing_or_less_is_passed_over(home, wrong):
    def rate(number, day, value):
        return {
            "record_id": number,
            "currency": "USD",
            "on": day,
            "rate": value,
            "valid_on": day,
            "known_on": day,
        }

    publish(home, "record_exchange_rate", [rate(1, ago(200), 150.0), rate(2, ago(150), wrong)])
    publish(home, "record_subscription", [
        {"record_id": 1, "account_id": 1, "valid_on": ago(90), "known_on": ago(90), "started_on": ago(90),
         "interval": "month", "amount": 10, "currency": "USD"},
    ])  # fmt: skip
    assert values(home, "mrr")["mrr"] == 1500


def test_an_answer_off_its_scale_does_not_change_the_past_either(home):
    publish(home, "record_survey_answer", [answer(1, "nps", 11.0, 40)])
    with duckdb_facts(home) as facts:
        found = panel(facts, [TODAY - timedelta(days=20)], ["nps_latest", "nps_trend"])
    assert pd.isna(found["nps_latest"]).all()
