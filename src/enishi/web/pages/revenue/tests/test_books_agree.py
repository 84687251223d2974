"""Customers of a past day, and Revenue of the same day: the same customers with the same money, to the yen."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest
from django.http import QueryDict
from tests.world import TODAY, World

from enishi.accounts.models import Member
from enishi.metrics.revenue import mrr_at, number_of
from enishi.signals.api import book_as_of
from enishi.web.pages.portfolio import past_rows
from enishi.web.pages.portfolio.columns import known_keys
from enishi.web.pages.portfolio.query import read_query
from enishi.web.pages.revenue import reads
from enishi.web.pages.revenue.tests.test_revenue import ask, mrr_on, publish_departures, publish_late
from enishi.web.pages.revenue.tests.test_revenue import world as world

pytestmark = pytest.mark.django_db

# After a contraction learned late, a merge, a deletion.
DAYS = [TODAY - timedelta(days=ago) for ago in (39, 14, 8)]


def listed(book: pd.DataFrame, member: Member, day: date) -> dict[int, int]:
    """Customer -> MRR, as Customers lists them."""
    found = past_rows.select(book, member, read_query(QueryDict(""), known_keys()), day=day, unit=1)
    held = zip(found["account_id"], found["mrr"].fillna(0), strict=True)
    return {int(account): int(mrr) for account, mrr in held if mrr > 0}


def earned(member: Member, day: date) -> dict[int, int]:
    """Customer -> MRR, as Revenue adds them up."""
    moves = reads.read_book(member, ask(f"as_of={day}"), day, TODAY).moves
    held = mrr_at(moves[moves["day"] <= number_of(day)], day)
    return {int(account): int(mrr) for account, mrr in held.items() if mrr > 0}


@pytest.mark.slow
def test_the_lists_of_a_past_day_agree_whatever_was_learned_merged_or_deleted_since(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    publish_late(world, monkeypatch, tmp_path / "late")
    publish_departures(world)
    for day in DAYS:
        book = book_as_of(day)
        for member in (world.suzuki, world.tanaka, world.smith):
            theirs = listed(book, member, day)
            assert theirs == earned(member, day), (day, member)
            assert sum(theirs.values()) == mrr_on(member, day)
        assert listed(book, world.suzuki, day)
