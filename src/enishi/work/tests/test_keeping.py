"""What is kept of a large book, and when it is read again."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from enishi.signals.models import ScoringRun
from enishi.work.keeping import GRACE, kept

pytestmark = pytest.mark.django_db
TODAY = date(2026, 4, 1)


class Reader:
    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> int:
        self.times += 1
        return self.times

    def ask(self, day: date = TODAY, *, large: bool = True, anew: bool = False) -> int:
        return kept("a", day, self, lambda _found: large, anew)


@pytest.fixture
def reader() -> Reader:
    cache.clear()
    return Reader()


def scored(finished: datetime) -> None:
    ScoringRun.objects.create(day=TODAY, status="done", started_at=finished, finished_at=finished)


def test_large_is_kept_for_the_day_and_small_never(reader: Reader) -> None:
    assert [reader.ask(large=False), reader.ask(large=False)] == [1, 2]
    assert [reader.ask(), reader.ask()] == [3, 3]
    assert reader.ask(TODAY + timedelta(days=1)) == 4


def test_after_a_scoring_the_worker_has_a_moment_to_renew_it(reader: Reader) -> None:
    reader.ask()
    scored(timezone.now())
    assert reader.ask() == 1
    assert reader.ask(anew=True) == 2
    assert reader.ask() == 2


def test_without_a_worker_the_first_to_ask_after_that_reads_it(reader: Reader) -> None:
    reader.ask()
    scored(timezone.now() - GRACE)
    assert [reader.ask(), reader.ask()] == [2, 2]
