"""Statements made by the worker: on demand, each day, and one each month that stays."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django_tasks import task

from enishi.accounts.company import company_day
from enishi.forecasts.turnover import TooLittle
from enishi.kit.clock import system_clock
from enishi.outlook.facts import Past, read_past, stamp
from enishi.outlook.keeping import rates_to_json, to_bytes
from enishi.outlook.making import drawn_paths, make_statement, summary, try_past
from enishi.outlook.models import BackTest, Forecast, ForecastBook
from enishi.outlook.reads import is_behind
from enishi.risk.api import last_scored

Status = Forecast.Status
DAILY_DAYS = 8  # how long a daily statement is kept
BOOKS = 26  # statements of which customers are kept; of older ones the sums alone
LONGEST = timedelta(hours=3)  # after which a statement that is still being made has been given up
RETRY_DAYS = 7  # a back-test is repeated after so many


@task()
def make_forecast_job(number: int) -> None:
    """Make a statement somebody asked for. May be repeated."""
    make_forecast(number, system_clock())


def make_forecast(number: int, now: datetime) -> None:
    """Make a statement that waits, or that a worker was making when it was stopped; one that is over is left alone."""
    open_ = (Status.QUEUED, Status.RUNNING)
    mine = Forecast.objects.filter(pk=number, status__in=open_).update(status=Status.RUNNING)
    if not mine:
        return
    forecast = Forecast.objects.get(pk=number)
    try:
        _make(forecast, now)
    except Exception as error:
        Forecast.objects.filter(pk=number).update(
            status=Status.FAILED, error=f"{error}"[-2000:], finished_at=timezone.now()
        )
        raise


def _make(forecast: Forecast, now: datetime) -> None:
    def tell(share: float) -> None:
        Forecast.objects.filter(pk=forecast.pk).update(progress=round(100 * share))

    scored = last_scored()
    past = read_past(forecast.day, lambda share: tell(0.6 * share))
    of_today = forecast.day >= company_day(now)
    if forecast.kind == Forecast.Kind.ASKED or (of_today and _test_is_old(forecast.day)):
        try_past_quarters(past)
    tell(0.8)
    stated = make_statement(past, of_today=of_today)
    if isinstance(stated, TooLittle):
        forecast.result = {"missing": asdict(stated), "stamp": stamp(forecast.day)}
    else:
        forecast.result = summary(stated, drawn_paths(stated), past)
        forecast.rates, forecast.model = rates_to_json(stated.learned), stated.model
    forecast.result["scored"] = scored
    with transaction.atomic():
        if not isinstance(stated, TooLittle):
            ForecastBook.objects.update_or_create(forecast=forecast, defaults={"body": to_bytes(stated)})
        forecast.status, forecast.progress, forecast.finished_at = Status.DONE, 100, now
        forecast.save()
    tidy(forecast.day)


def _test_is_old(day: date) -> bool:
    latest = BackTest.objects.first()
    return latest is None or latest.day <= day - timedelta(days=RETRY_DAYS)


def try_past_quarters(past: Past) -> BackTest:
    """Test the forecast on past quarters and keep what came of it."""
    trials = [
        asdict(one) | {name: getattr(one, name).isoformat() for name in ("made_on", "start", "end")}
        for one in try_past(past)
    ]
    BackTest.objects.filter(day=past.day).delete()
    return BackTest.objects.create(day=past.day, trials=trials)


def tidy(day: date) -> None:
    """Drop daily statements past their time, and what older statements said of single customers."""
    old = Forecast.objects.filter(kind=Forecast.Kind.DAILY, day__lt=day - timedelta(days=DAILY_DAYS))
    old.delete()
    kept = (
        Forecast.objects.exclude(kind=Forecast.Kind.DAILY).filter(status=Status.DONE).order_by("-day", "-pk")
    )
    recent = list(kept.values_list("pk", flat=True)[:BOOKS])
    ForecastBook.objects.filter(forecast__in=kept).exclude(forecast__in=recent).delete()
    BackTest.objects.filter(day__lt=day - timedelta(days=400)).delete()


def _make_up_last_month(day: date, now: datetime) -> None:
    """Where there is no statement from before this month, one as of its eve, made with what was known then: so that the
    first statement has something to be compared with."""
    eve = day.replace(day=1) - timedelta(days=1)
    if Forecast.objects.filter(day__lt=day.replace(day=1)).exists():
        return
    forecast = Forecast.objects.create(day=eve, kind=Forecast.Kind.MONTHLY)
    make_forecast(forecast.pk, now)


def _is_good(forecast: Forecast) -> bool:
    """Whether nothing has come since a statement of today that would change it for more than the day's news."""
    if "missing" in forecast.result:
        return bool(forecast.result.get("stamp") == stamp(forecast.day))
    return not is_behind(forecast)


def forecast_today(now: datetime) -> Forecast:
    """The statement of today: the month's first stays, the others are replaced within days. Made once a day, and again
    where the churn forecasts have spoken anew since."""
    day = company_day(now)
    left = Forecast.objects.filter(status__in=(Status.QUEUED, Status.RUNNING), asked_at__lt=now - LONGEST)
    left.update(status=Status.FAILED, error="stopped", finished_at=now)
    done = Forecast.objects.filter(status=Status.DONE)
    today = done.filter(day=day).exclude(kind=Forecast.Kind.ASKED).first()
    if today is not None and _is_good(today):
        return today
    done.filter(book=None, result__has_key="missing").delete()
    _make_up_last_month(day, now)
    monthly = done.filter(kind=Forecast.Kind.MONTHLY, day__gte=day.replace(day=1)).exists()
    kind = Forecast.Kind.DAILY if monthly else Forecast.Kind.MONTHLY
    forecast = Forecast.objects.create(day=day, kind=kind)
    make_forecast(forecast.pk, now)
    forecast.refresh_from_db()
    return forecast
