"""Tones read in texts, and corrected by people, count from their own day."""

import pandas as pd
import pytest

from enishi.metrics.api import KnownRecords, duckdb_facts, panel
from enishi.metrics.tests.test_as_of import T, home, value
from enishi.metrics.tests.world import ago, at
from enishi.store.testing import publish

__all__ = ["home"]


def ticket(number, day, **more):
    return {"record_id": number, "account_id": 1, "valid_on": day, "opened_at": at(day)} | more


def read_tone(number, tone, known_on, **more):
    return {"record_id": number, "account_id": 1, "valid_on": known_on, "tone": tone, "model": 1} | more


def test_a_tone_that_was_read_counts_from_its_day_and_gives_way_to_a_stated_one(home):
    publish(home, "record_ticket", [ticket(1, ago(30)), ticket(2, ago(30), tone=-0.2), ticket(3, ago(20))])
    publish(
        home, "reading", [read_tone(1, -0.7, ago(30)), read_tone(2, 0.7, ago(30)), read_tone(3, 0.7, ago(5))]
    )
    publish(home, "reading", [read_tone(1, 0.0, ago(3))])
    shown = [value(home, "ticket_tone_90", day) for day in (ago(30), ago(6), ago(5), ago(4), ago(3))]
    assert shown == pytest.approx([-0.45, -0.45, -0.2 / 3, -0.2 / 3, 0.5 / 3]), "yesterday's stays as it was"
    assert [value(home, "tickets_read_90", day) for day in (ago(6), ago(5))] == [1, 2]
    with duckdb_facts(home) as facts:
        assert panel(facts, [T], ["ticket_tone_90"], accounts=[2])["ticket_tone_90"].isna().all()
    with KnownRecords(home) as records:
        told = records.query("select tone from reading where record_id = 1", ago(4))["tone"].tolist()
    assert told == [-0.7]
    assert value(home, "ticket_tone_90", ago(30), known="now") == pytest.approx((0.0 - 0.2) / 2)


def test_a_persons_word_beats_the_source_from_its_day_on_and_no_earlier(home):
    """Ticket 1 is corrected and the correction withdrawn; 2 corrected to "cannot be told"."""
    publish(home, "record_ticket", [ticket(1, ago(30), tone=-0.2), ticket(2, ago(30), tone=0.4)])
    days = [ago(30), ago(11), ago(10), ago(6), ago(5), ago(4)]
    before = [value(home, "ticket_tone_90", day) for day in days]
    assert before == pytest.approx([0.1] * 6)
    publish(home, "reading", [read_tone(1, 0.7, ago(10), model=0), read_tone(2, None, ago(6), model=0)])
    publish(home, "reading", [read_tone(1, None, ago(4))])
    shown = [value(home, "ticket_tone_90", day) for day in days]
    assert shown == pytest.approx([0.1, 0.1, 0.55, 0.7, 0.7, -0.2])
    assert value(home, "tickets_read_90", ago(5)) == 0, "no tone of these was read by Enishi"
    with KnownRecords(home) as records:
        by_person = records.query("select by_person from reading order by record_id", ago(5))["by_person"]
        assert by_person.tolist() == [True, True]
        assert not records.query("select by_person from reading where record_id = 1", ago(4))[
            "by_person"
        ].any()


def test_a_reading_taken_back_leaves_the_tone_unknown(home):
    publish(home, "record_ticket", [ticket(1, ago(30))])
    publish(home, "reading", [read_tone(1, -0.7, ago(30)), read_tone(1, None, ago(10))])
    assert value(home, "ticket_tone_90", ago(11)) == -0.7
    assert pd.isna(value(home, "ticket_tone_90", ago(10)))
