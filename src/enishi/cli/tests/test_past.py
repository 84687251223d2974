"""The past is scored behind everything else, in blocks, and goes on where it was cut off."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.test import Client
from django_tasks_db.models import DBTaskResult

from enishi.accounts.company import company_day
from enishi.accounts.models import Member, Role, Scope
from enishi.cli import chores, past, schedule
from enishi.cli.demo import score_sample
from enishi.cli.sample import Wanted, bring_sample
from enishi.kit.clock import system_clock
from enishi.kit.home import Home
from enishi.signals.models import HealthScore, ScoringRun
from enishi.signals.tests.test_filling import history_arrives
from enishi.web.models import BackgroundJob

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def now() -> datetime:
    return system_clock()


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, now: datetime) -> Home:
    """A small sample company, scored for today alone, as at a first start."""
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    home = Home(tmp_path)
    home.prepare()
    bring_sample(home, Wanted(accounts=6, months=3), now)
    score_sample(now)
    return home


@pytest.fixture
def admin() -> Member:
    return Member.objects.create_user(
        "admin@example.com", "x", role=Role.ADMIN, scope=Scope.ALL, language="en"
    )


def scored_days() -> dict[date, datetime]:
    """Day -> when its scores were computed."""
    return dict(HealthScore.objects.order_by("day").values_list("day", "computed_at"))


@pytest.mark.both
def test_the_past_gives_way_goes_on_and_is_never_scored_twice(
    sample: Home, now: datetime, monkeypatch: pytest.MonkeyPatch, admin: Member
) -> None:
    monkeypatch.setattr("enishi.signals.filling.BLOCK_DAYS", 30)
    today = company_day(now)
    assert list(scored_days()) == [today], "people can sign in and see today before the past is scored"
    schedule.run_job.enqueue("outbox", "waits")
    assert chores.past(now) is False
    half = scored_days()
    job = BackgroundJob.objects.get(kind=BackgroundJob.PAST)
    assert 0 < job.steps_done < job.steps
    reader = Client()
    reader.force_login(admin)
    page = reader.get("/setup/").content.decode()
    assert f"{job.steps_done} of {job.steps} days" in page
    assert 'id="past-scores"' in reader.get("/past-scores/").content.decode()

    DBTaskResult.objects.all().delete()
    assert chores.past(now + timedelta(minutes=1)) is True
    job.refresh_from_db()
    assert (job.status, job.steps_done) == ("done", job.steps)
    whole = scored_days()
    assert len(whole) > len(half) > 2
    assert {day: at for day, at in whole.items() if day in half and day != today} == {
        day: at for day, at in half.items() if day != today
    }
    assert reader.get("/past-scores/").content.strip() == b""
    assert chores.past(now + timedelta(minutes=2)), "nothing more to do"
    assert scored_days() == whole

    taken = today - timedelta(days=20)
    HealthScore.objects.filter(day=taken).delete()
    later = now + timedelta(hours=1)
    assert not past.is_due(sample, later)
    import_module("enishi.signals.migrations.0012_fill_gaps").ask_for_a_filling(apps, None)
    assert past.is_due(sample, later)
    assert chores.past(later), "an update that takes scores away has them made again"
    assert set(scored_days()) >= set(whole)  # more, where it is tomorrow an hour later
    assert not past.is_due(sample, later + timedelta(hours=1))

    assert reader.get("/past-scores/").content.strip() == b""
    history_arrives(sample, today - timedelta(days=30))
    assert "History arrived" in reader.get("/setup/").content.decode(), "said until it is judged again"
    job = BackgroundJob.objects.filter(kind=BackgroundJob.PAST).latest("id")
    job.started_at = job.finished_at = later
    job.save()
    assert not past.is_due(sample, later + timedelta(minutes=1)), "more files may follow"
    assert past.is_due(sample, later + timedelta(minutes=3))


def test_the_first_night_leaves_yesterday_to_the_past(sample: Home, now: datetime) -> None:
    runs = ScoringRun.objects.count()
    chores.score(now)
    assert ScoringRun.objects.count() == runs, "today has these facts' scores already"


def test_unfinished_work_is_queued_again_behind_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    job = schedule.Job("slow", schedule.BY_NAME["past"].title, lambda now: False, every=60)
    monkeypatch.setitem(schedule.BY_NAME, "slow", job)
    schedule.run_job.func("slow", "slot")
    (queued,) = DBTaskResult.objects.all()
    assert queued.priority == schedule.BEHIND


def test_nothing_is_due_where_nobody_was_scored(tmp_path: Path, now: datetime) -> None:
    assert not past.is_due(Home(tmp_path), now)
