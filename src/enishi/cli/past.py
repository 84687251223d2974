"""Scoring the past in the worker, a block of days at a time: today's scores come first, and other jobs go before.

What is kept stays when the worker is killed; the next call goes on with the days that are missing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from enishi.accounts.company import company_day
from enishi.kit.home import Home
from enishi.signals.api import backfill_scores, is_behind, score_day
from enishi.signals.models import AccountState, HealthScore
from enishi.signals.outdated import close_gaps
from enishi.store.api import Published
from enishi.web.models import BackgroundJob

Status = BackgroundJob.Status
HISTORY = timedelta(days=730)
AGAIN_AFTER = timedelta(hours=6)
QUIET = timedelta(minutes=2)  # after a filling, until history that arrived meanwhile begins another
REST_PER_SECOND = 5


class GiveWay(Exception):
    """Leaves the filling between two blocks; what they wrote is kept."""


def is_due(home: Home, now: datetime) -> bool:
    """Whether days before today may lack scores, or have some that lack facts: never looked, facts are older than the
    oldest score, scores were taken away, or history arrived since the past was judged."""
    if not AccountState.objects.exists():
        return False
    jobs = BackgroundJob.objects.filter(kind=BackgroundJob.PAST)
    if jobs.filter(status__in=[Status.QUEUED, Status.RUNNING]).exists():
        return True
    last = jobs.first()
    if last is None:
        return True
    if is_behind(home):
        took = (last.finished_at or now) - (last.started_at or last.asked_at)
        return now >= (last.finished_at or now) + max(QUIET, REST_PER_SECOND * took)
    return last.asked_at < now - AGAIN_AFTER and _reaches_further_back(home, now)


def _reaches_further_back(home: Home, now: datetime) -> bool:
    """Whether usage was imported that happened before the oldest score (older than the history is never scored)."""
    days = [file.first for file in Published(home).entries("usage") if file.first]
    oldest = HealthScore.objects.order_by("day").values_list("day", flat=True).first()
    if not days or oldest is None:
        return False
    return max(min(days), (company_day(now) - HISTORY).isoformat()) < (oldest - timedelta(days=7)).isoformat()


def fill_past(home: Home, now: datetime) -> bool:
    """Score days that lack scores until all have them (True) or another job waits (False)."""
    today = company_day(now)
    job = _job(now)
    try:
        written = backfill_scores(
            today - timedelta(days=1),
            now=now,
            home=home,
            progress=lambda done, total: _tell(job, done, total),
        )
    except GiveWay:
        return False
    except Exception as error:
        _end(job, Status.FAILED, f"{type(error).__name__}: {error}"[-2000:])
        raise
    if written or job.steps:
        score_day(today, now=now, home=home)  # its trends and bands lean on the days before
    close_gaps()
    _end(job, Status.DONE)
    return True


def _job(now: datetime) -> BackgroundJob:
    jobs = BackgroundJob.objects.filter(kind=BackgroundJob.PAST, status__in=[Status.QUEUED, Status.RUNNING])
    found = jobs.first()
    return found or BackgroundJob.objects.create(
        kind=BackgroundJob.PAST, status=Status.RUNNING, asked_at=now, started_at=now
    )


def _tell(job: BackgroundJob, done: float, total: float) -> None:
    """Keep how far it is. ``total`` counts what this call found missing; the job remembers what the first one did."""
    job.steps = max(job.steps, int(total))
    job.steps_done = job.steps - int(total - done)
    job.progress = round(100 * job.steps_done / job.steps) if job.steps else None
    job.save(update_fields=["steps", "steps_done", "progress"])
    if 0 < done < total and DBTaskResult.objects.ready().exists():
        raise GiveWay


def _end(job: BackgroundJob, status: str, error: str = "") -> None:
    job.status, job.error, job.finished_at = status, error, timezone.now()
    job.save(update_fields=["status", "error", "finished_at"])
