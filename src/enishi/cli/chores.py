"""The jobs of the schedule. Each may be repeated, and takes the present instant."""

from __future__ import annotations

from datetime import datetime, timedelta

from enishi.kit.home import Home


def sample(now: datetime) -> None:
    """Carry the sample company on to today, where there is one."""
    from enishi.cli.sample import Wanted, bring_sample, has_sample

    home = Home.from_environment()
    if has_sample(home):
        bring_sample(home, Wanted(), now)


def score(now: datetime) -> None:
    """The day that has ended, now complete, and the one that begins; notes what left and entered bands.

    A day that has these facts' scores already is left alone, and an installation of today has no yesterday yet:
    its past is scored by :func:`past`.
    """
    from enishi.accounts.company import company_day
    from enishi.signals.api import score_day
    from enishi.signals.models import ScoringRun
    from enishi.signals.panel import day_end

    today = company_day(now)
    done, ended = ScoringRun.objects.filter(status="done"), day_end(today - timedelta(days=1))
    if (
        done.filter(day__lt=today).exists()
        and not done.filter(day=today - timedelta(days=1), started_at__gte=ended).exists()
    ):
        score_day(today - timedelta(days=1), now=now)
    refresh(now)


def past(now: datetime) -> bool:
    """Score the days before today that lack scores; False where other jobs were let go first."""
    from enishi.cli.past import fill_past, is_due

    home = Home.from_environment()
    return not is_due(home, now) or fill_past(home, now)


def refresh(now: datetime) -> None:
    """Score today again if facts arrived since it was last scored; see the rests a large book takes between."""
    from enishi.cli.ready import OF_LATE, make_ready
    from enishi.signals.api import refresh_scores

    if refresh_scores(now=now):
        make_ready(now, OF_LATE)


def ready(now: datetime) -> None:
    """Renew what the pages of a large book keep for minutes, before a person would have to wait for it."""
    from enishi.cli.ready import make_ready

    make_ready(now)


def alerts(now: datetime) -> None:
    """Judge at once the accounts whose new records matter to an alert; scores follow with ``refresh``."""
    from enishi.signals.api import check_new_records

    check_new_records(now=now)


def tiers(now: datetime) -> None:
    from enishi.segments.api import assign_tiers

    assign_tiers(now=now)


def value(now: datetime) -> bool:
    """Value customers as of today; then, a month at a time, as of the last year. False while months are missing."""
    from enishi.value.api import renew

    return not renew(now)


def fit(now: datetime) -> None:
    """Judge once a day, and where axes or stated values changed, whether each customer is the right one."""
    from enishi.fit.api import renew

    renew(now)


def relations(now: datetime) -> None:
    """Whom we know at the customers: judged again where facts arrived; a large book rests between."""
    from enishi.stakeholders.api import refresh_relationships

    refresh_relationships(now)


def outlook(now: datetime) -> None:
    """The revenue forecast of today, once the night's scores are there; tried again as contracts arrive where there was too
    little history. The month's first one stays, to be compared with later ones."""
    from enishi.accounts.company import company_zone
    from enishi.outlook.api import forecast_today

    if f"{now.astimezone(company_zone()):%H:%M}" >= "01:30":
        forecast_today(now)


def forecasts(now: datetime) -> None:
    """Forecast who leaves once the day is scored, learn anew each week, and note what came of earlier forecasts."""
    from enishi.risk.jobs import keep_forecasts

    keep_forecasts(now)


def growth(now: datetime) -> None:
    """Who is ready for which offer, where scores or the catalogue have changed; once a week what makes customers grow."""
    from enishi.growth.api import renew

    renew(now)


def records(now: datetime) -> None:
    """Try the scorecards in force on the past again, where that was not done for a week."""
    from enishi.signals.api import renew_records

    renew_records(now)


def texts(now: datetime) -> bool:
    """Read the tone and topic of what people wrote since; False where there is more than fits into one go."""
    from enishi.texts.api import judge_new_texts

    return judge_new_texts(now)


def learning(now: datetime) -> None:
    """Let the reading of texts learn from the corrections, where there are enough new ones."""
    from enishi.texts.api import learn_if_due

    learn_if_due(now)


def outbox(now: datetime) -> None:
    """Mail that is waiting, or that failed and is due again."""
    from enishi.kit.clock import system_clock
    from enishi.outreach.api import send_due

    send_due(system_clock)


def cleaning(now: datetime) -> None:
    """Uploaded and exported files past their time, ended sessions, finished jobs of more than two weeks ago; references that lead
    somewhere by now, terms that came into force, and scores of days still to come."""
    from django.contrib.sessions.models import Session
    from django_tasks_db.models import DBTaskResult

    from enishi.accounts.settling import roll_terms, settle_references
    from enishi.ingest.files.jobs import clean_up
    from enishi.signals.api import drop_future_scores
    from enishi.web.pages.portfolio.exports import delete_old_exports

    clean_up(Home.from_environment(), now)
    delete_old_exports(now)
    refresh_statistics()
    settle_references(now)
    roll_terms(now)
    drop_future_scores(now)
    Session.objects.filter(expire_date__lt=now).delete()
    DBTaskResult.objects.finished().filter(finished_at__lt=now - timedelta(days=14)).delete()


def refresh_statistics() -> None:
    """Tell the embedded database how its rows are spread: without it, it picks indexes by guess, and a sorted
    list of 100,000 accounts costs twenty times as much. PostgreSQL does this by itself."""
    from django.db import connection

    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA analysis_limit = 0")  # a sample misjudges indexes that are mostly empty
            cursor.execute("ANALYZE")


def mend_jobs(worker_id: str) -> int:
    """Put back what this worker was doing when it was killed; every job may be repeated. Returns how many."""
    from django.db import connection
    from django_tasks_db.models import DBTaskResult

    stale = [
        result.pk
        for result in DBTaskResult.objects.running()
        # With the embedded database there is one worker: whatever runs, ran when it died.
        if connection.vendor == "sqlite" or worker_id in result.worker_ids[-1:]
    ]
    return DBTaskResult.objects.filter(pk__in=stale).update(status="READY", started_at=None)
