"""After the worker made a book ready, its pages count nothing themselves."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from tests.world import NOW, TODAY, World, make_world, sign_in

from enishi.accounts.models import Member
from enishi.cli import ready
from enishi.cli.ready import make_ready
from enishi.kit import clock
from enishi.kit.home import Home
from enishi.outlook import facts, jobs, making
from enishi.outlook import reads as outlook
from enishi.outlook.tests.test_room import rows
from enishi.signals.models import ScoringRun
from enishi.store.testing import publish
from enishi.value.api import AccountValue, ValueRun
from enishi.web.pages.executive import views as executive
from enishi.web.pages.outlook import views as forecast_views
from enishi.web.pages.portfolio import ranks, reads
from enishi.web.pages.portfolio.query import Query
from enishi.web.pages.revenue import reads as contracts
from enishi.web.pages.revenue import voices
from enishi.web.pages.value import reads as values
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


@pytest.fixture
def stated(home: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Two forecasts, of which one may be compared with the other, and a valuation."""
    made, place = make_world(), Home.from_environment()
    place.prepare()
    publish(place, "record_subscription", rows(made))
    monkeypatch.setattr(making, "TRIED", 1)
    monkeypatch.setattr(facts, "PAST_MONTHS", 9)
    for pages in (executive, forecast_views):
        monkeypatch.setattr(pages, "company_day", lambda _now: TODAY)
        monkeypatch.setattr(pages, "system_clock", lambda: NOW)
    monkeypatch.setattr(clock, "system_clock", lambda: NOW)
    jobs.forecast_today(datetime(2026, 10, 5, 3, tzinfo=UTC))
    jobs.forecast_today(NOW)
    assumed = {"margin": 0.8, "discount": 0.1, "hour_cost": None, "ticket_cost": None}
    run = ValueRun.objects.create(day=TODAY, status="done", started_at=NOW, fits={}, assumptions=assumed)
    for account in made.accounts.values():
        AccountValue.objects.create(
            account=account, run=run, day=TODAY, simple=900_000, chosen=900_000, chosen_by="simple", margin=50_000,
            earned=700_000, months=14, since=date(2025, 9, 1), curve=[50_000] * 14, detail={"mrr": 70_000},
        )  # fmt: skip
    return made


MONEY = ("/executive/", "/revenue/forecast/", "/revenue/value/")


def _opened(member: Member, language: str) -> None:
    Member.objects.filter(pk=member.pk).update(language=language)
    for page in MONEY:
        assert sign_in(Member.objects.get(pk=member.pk)).get(page).status_code == 200


def test_money_of_a_large_book_is_there_in_both_languages_after_a_new_statement(
    stated: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def spied(module: Any, name: str) -> None:
        real = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *told, **named: read.append(name) or real(*told, **named))

    spied(outlook, "read_statement")
    spied(values, "read_values")
    few = make_ready(NOW)
    assert not read, "the pages of a small book are quick by themselves"
    monkeypatch.setattr(ready, "LARGE", 1)
    assert make_ready(NOW) > few
    assert set(read) == {"read_statement", "read_values"}
    read.clear()
    for language in ("ja", "en"):
        _opened(stated.suzuki, language)
    assert not read, "read in a person's request"
    make_ready(NOW)
    assert not read, "made ready, it is not worked out again"
    ValueRun.objects.create(day=TODAY, status="done", started_at=NOW + timedelta(hours=1))
    make_ready(NOW)
    assert set(read) == {"read_values"}


def test_what_is_made_ready_stays_as_long_as_it_is_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[str] = []
    real = cache.set
    monkeypatch.setattr(cache, "set", lambda key, *told: kept.append(key) or real(key, *told))
    for name, lasting in (("figures", True), ("topics", False)):
        outlook.keep(name, (1,), lambda: 5, lasting)
        assert len(kept) == 1
        assert outlook.keep(name, (1,), lambda: 6, lasting) == 5
        assert len(kept) == 1, "a reader does not lengthen its time"
        with outlook.holding():
            assert outlook.keep(name, (1,), lambda: 6, lasting) == 5
        assert len(kept) == 1 + lasting
        kept.clear()
