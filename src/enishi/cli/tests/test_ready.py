"""After the worker made a book ready, its pages count nothing themselves."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.cache import cache
from tests.world import NOW, TODAY, make_world

from enishi.cli.ready import make_ready
from enishi.signals.models import ScoringRun
from enishi.web.pages.portfolio import ranks, reads
from enishi.web.pages.portfolio.query import Query
from enishi.web.pages.revenue import reads as contracts
from enishi.web.pages.revenue import voices
from enishi.work import api as work
from enishi.work import book
from enishi.work.api import View

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    cache.clear()
    ranks.forget_ranks()
    return tmp_path


def test_the_whole_book_is_there_before_anyone_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "LARGE", 1)
    chief = make_world().suzuki
    ScoringRun.objects.create(day=TODAY, status="done", started_at=NOW, finished_at=NOW)
    assert make_ready(NOW) > 0

    def refuse(*_given: object) -> None:
        raise AssertionError("read in a person's request")

    monkeypatch.setattr(book, "_read", refuse)
    monkeypatch.setattr(reads, "_whole_book", refuse)
    monkeypatch.setattr(ranks, "_read", refuse)
    monkeypatch.setattr(contracts, "subscription_periods", refuse)
    monkeypatch.setattr(voices, "_time_to_value", refuse)
    ranks.forget_ranks()
    assert View.ALL in work.views_of(chief)
    assert work.book_of(chief, View.ALL, TODAY).total
    assert reads.distribution(chief, Query(), today=TODAY, unit=1)
    assert len(ranks.read_ranks().ids)
    contracts.read_moves("account", TODAY)
    voices.read_time_to_value(chief)


def test_only_the_ranks_of_the_latest_scoring_stay(home: Path) -> None:
    make_world()
    ScoringRun.objects.create(day=TODAY, status="done", started_at=NOW, finished_at=NOW)
    ranks.write_ranks()
    first = set((home / "cache" / "ranks").iterdir())
    ScoringRun.objects.create(day=TODAY, status="done", started_at=NOW, finished_at=NOW)
    ranks.write_ranks()
    second = set((home / "cache" / "ranks").iterdir())
    assert len(second) == 1
    assert second != first
