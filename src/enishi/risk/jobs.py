"""The room's long work: weekly fits, the daily forecast, what came of earlier ones."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django_tasks import task

from enishi.accounts.company import company_day
from enishi.kit.clock import system_clock
from enishi.kit.home import Home
from enishi.risk.actions import ask_fit
from enishi.risk.fitting import fit_forecasts
from enishi.risk.models import ForecastModel, ForecastRun
from enishi.risk.reads import last_run
from enishi.risk.rows import Progress
from enishi.risk.scoring import clear_departed, score_risks
from enishi.risk.settling import settle_statements, thin_statements
from enishi.signals.models import ScoringRun
from enishi.signals.panel import living_accounts
from enishi.store.api import Published

FIT_EVERY = timedelta(days=7)
RETRY_AFTER = timedelta(days=1)


def keep_forecasts(now: datetime) -> None:
    """What is due: outcomes of earlier statements, today's forecast, a fit where the last was a week ago.

    Made to be called often. Waits for the day's scores: forecasts start from them.
    """
    today = company_day(now)
    if not ScoringRun.objects.filter(day=today, status="done").exists():
        return
    clear_departed(living_accounts())
    if fit_is_due(now):
        ask_fit(member=None, now=now)
    elif ForecastModel.objects.filter(status="in_use").exists() and not (
        is_scored(today) or has_failed_lately(today, now)
    ):
        settle_statements(today, now=now)
        thin_statements(today)
        score_risks(today, now=now)


def is_scored(day: date) -> bool:
    return ForecastRun.objects.filter(kind=ForecastRun.Kind.SCORE, status="done", day=day).exists()


def fit_is_due(now: datetime) -> bool:
    """Whether no fit was asked for lately; without new facts there is nothing new to learn. While too little is known for
    any probability, and after a failure, it is tried again the next day."""
    last, generation = last_run(ForecastRun.Kind.FIT), Published(Home.from_environment()).generation
    if last is None:
        return generation > 0
    failed = last.status == ForecastRun.Status.FAILED
    speaks = ForecastModel.objects.filter(status=ForecastModel.Status.IN_USE, speaks=True).exists()
    rested = last.asked_at <= now - (FIT_EVERY if speaks and not failed else RETRY_AFTER)
    return rested and (failed or last.facts_generation < generation)


def has_failed_lately(day: date, now: datetime) -> bool:
    """Whether the day's forecast failed within the last hour: it is not tried again and again."""
    last = last_run(ForecastRun.Kind.SCORE)
    failed = last is not None and last.day == day and last.status == ForecastRun.Status.FAILED
    return failed and last is not None and last.asked_at > now - timedelta(hours=1)


@task()
def fit_job(number: int) -> None:
    """Learn all horizons, publish what is no worse, look again at what came of all that was said, and forecast today.
    May be repeated."""
    run, home = ForecastRun.objects.get(pk=number), Home.from_environment()
    generation = Published(home).generation
    ForecastRun.objects.filter(pk=number).update(
        status="running", progress=0, error="", facts_generation=generation
    )
    try:
        fit_forecasts(run.day, now=system_clock(), home=home, member=run.asked_by, progress=_keeper(number))
        settle_statements(company_day(system_clock()), now=system_clock(), home=home, whole=True)
        score_risks(company_day(system_clock()), now=system_clock(), home=home)
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
        ForecastRun.objects.filter(pk=number).update(
            status="failed", error=message, finished_at=system_clock()
        )
        raise
    ForecastRun.objects.filter(pk=number).update(status="done", progress=100, finished_at=system_clock())


@task()
def score_job() -> None:
    """Forecast today again, by the versions in use now."""
    now = system_clock()
    score_risks(company_day(now), now=now)


def _keeper(number: int) -> Progress:
    def keep(done: float, total: float) -> None:
        ForecastRun.objects.filter(pk=number).update(progress=int(95 * done / max(total, 1)))

    return keep
