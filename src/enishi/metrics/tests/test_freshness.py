"""How old facts are, asked alone, after a panel, and of a few accounts."""

import pandas as pd
import pytest

from enishi.metrics.api import Facts, duckdb_facts, freshness, panel
from enishi.metrics.session import Session, session_of
from enishi.metrics.tests.world import ALPHA, BETA, TODAY, ago

DAYS = [TODAY, ago(16)]


@pytest.mark.parametrize("between", [[TODAY, ago(16)], [ago(16), TODAY, TODAY], [TODAY], [ago(40), ago(16)]])
def test_a_panel_before_changes_nothing(world, facts: Facts, between):
    with duckdb_facts(world) as alone:
        expected = freshness(alone, DAYS)
    panel(facts, DAYS)
    panel(facts, between, known="now")
    panel(facts, between)
    pd.testing.assert_frame_equal(freshness(facts, DAYS), expected)


def test_the_latest_session_is_taken_up_for_the_same_days_only(facts: Facts):
    first = session_of(facts, DAYS)
    assert session_of(facts, DAYS[::-1]) is first
    assert session_of(facts, DAYS, "now") is not first
    second = session_of(facts, DAYS)
    assert second is not first  # its tables have been bound to other days since
    Session(facts, [TODAY])
    assert session_of(facts, DAYS) is not second


def test_a_few_accounts_are_as_in_the_whole_book(facts: Facts):
    whole = freshness(facts, DAYS)
    few = freshness(facts, DAYS, [ALPHA, BETA])
    expected = whole[whole["account_id"].isin([ALPHA, BETA])].reset_index(drop=True)
    assert len(few) > 1
    pd.testing.assert_frame_equal(few, expected, check_dtype=False)
