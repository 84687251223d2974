"""Asking for a fit, putting a version in use, going back to an earlier one. One verb, one audit line."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from enishi.accounts.audit import SYSTEM, write_audit
from enishi.accounts.company import company_day
from enishi.accounts.models import Member
from enishi.kit.errors import EnishiError
from enishi.kit.text import Text
from enishi.risk.fitting import named, put_in_use
from enishi.risk.models import HORIZONS, ForecastModel, ForecastRun

Status = ForecastModel.Status
BEHIND = -50
"""The priority of work that may take long and can wait."""
_OPEN = (ForecastRun.Status.QUEUED, ForecastRun.Status.RUNNING)


@transaction.atomic
def ask_fit(*, member: Member | None, now: datetime, day: date | None = None) -> ForecastRun:
    """Queue a fit of all horizons; its row shows progress. One that is waiting or running already is returned instead."""
    day = day or company_day(now)
    open_run = ForecastRun.objects.filter(kind=ForecastRun.Kind.FIT, status__in=_OPEN).first()
    if open_run is not None:
        return open_run
    run = ForecastRun.objects.create(kind=ForecastRun.Kind.FIT, day=day, asked_by=member, asked_at=now)
    write_audit(member or SYSTEM, "churn_fit_asked", run)
    transaction.on_commit(lambda: _enqueue(run.pk))
    return run


def _enqueue(number: int) -> None:
    from enishi.risk.jobs import fit_job

    fit_job.using(priority=BEHIND).enqueue(number)


@transaction.atomic
def roll_back(horizon: int, version: int, *, member: Member, now: datetime) -> ForecastModel:
    """Let a version of a horizon speak again; today's forecasts follow with the next scoring. An earlier one stays until a
    newer fit is better on what came since; with the newest, new fits take over again as they did.

    Raises:
        EnishiError: ``unknown_forecast``, or ``forecast_in_use`` where it speaks already.
    """
    if horizon not in HORIZONS:
        raise _unknown(horizon, version)
    model = ForecastModel.objects.select_for_update().filter(horizon=horizon, version=version).first()
    if model is None:
        raise _unknown(horizon, version)
    if model.status == Status.IN_USE:
        raise EnishiError(
            "forecast_in_use",
            Text(f"Version {version} is in use already.", f"第{version}版はすでに使用中です。"),
        )
    versions = ForecastModel.objects.filter(horizon=horizon)
    before = versions.select_for_update().filter(status=Status.IN_USE).first()
    newer = versions.filter(version__gt=version).exists()
    put_in_use(model, now, chosen_at=now if newer else None)
    detail = {"horizon": named(horizon), "number": version, "replaced": before.version if before else None}
    write_audit(member, "churn_forecast_rolled_back", model, detail=detail)
    transaction.on_commit(_rescore)
    return model


def _rescore() -> None:
    from enishi.risk.jobs import score_job

    score_job.enqueue()


def _unknown(horizon: int, version: int) -> EnishiError:
    return EnishiError(
        "unknown_forecast",
        Text(
            f"There is no version {version} of the forecast for {horizon} days.",
            f"{horizon}日後の予測に第{version}版はありません。",
        ),
    )
