"""Notices are read anew in a small book, and kept for minutes in a large one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from tests.world import TODAY, make_world

from enishi.work import notices
from enishi.work.tests.test_queue import give_notice

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("few", "seen"), [(2_000, 2), (0, 1)])
def test_a_notice_is_seen_at_once_in_a_small_book_only(
    monkeypatch: pytest.MonkeyPatch, few: int, seen: int
) -> None:
    cache.clear()
    world = make_world()
    monkeypatch.setattr(notices, "FEW", few)
    give_notice(world.sakura, TODAY - timedelta(days=3))
    assert list(notices.leaving_now(TODAY)) == [world.sakura.pk]
    give_notice(world.fuji, TODAY - timedelta(days=3))
    assert len(notices.leaving_now(TODAY)) == seen
    assert world.fuji.pk in notices.leaving_now(TODAY + timedelta(days=1)), "another day is read anew"
