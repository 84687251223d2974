"""Valuing by itself, each day after scoring, and a month of the past at a time."""

from __future__ import annotations

from datetime import date, datetime

from django_tasks import task

from enishi.accounts.company import company_day, get_company
from enishi.accounts.models import Company
from enishi.kit.clock import system_clock
from enishi.kit.home import Home
from enishi.metrics.periods import add_months
from enishi.risk.api import AccountRisk
from enishi.store.api import Published
from enishi.value.actions import value_accounts
from enishi.value.facts import NEAR
from enishi.value.models import ValueRun, ValueStatement
from enishi.value.reads import get_settings, last_run

PAST_MONTHS = 12


@task()
def run_valuation(number: int) -> None:
    """Value today at once, because somebody asked for it on the page; progress stands in the run asked for."""
    asked = ValueRun.objects.filter(pk=number, status="queued").first()
    if asked is None:
        return
    ValueRun.objects.filter(pk=number).update(status="running")

    def tell(done: float, total: float) -> None:
        ValueRun.objects.filter(pk=number).update(progress=min(99, round(100 * done / total)))

    try:
        value_accounts(now=system_clock(), asked_by=asked.asked_by, progress=tell)
    except Exception as error:
        ValueRun.objects.filter(pk=number).update(status="failed", error=f"{error}"[-2000:])
        raise
    ValueRun.objects.filter(pk=number).delete()


def renew(now: datetime) -> bool:
    """Value today where that was not done yet, or what is assumed has changed since; else one month's end of the last
    year of which nothing is kept. Returns whether anything was done."""
    today = company_day(now)
    if Published(Home.from_environment()).generation == 0:
        return False
    last = last_run()
    if last is None or last.day < today or _changed(last, get_company()):
        value_accounts(now=now)
        return True
    if (day := missing_month(today)) is None:
        return False
    value_accounts(day, now=now)
    return True


def _changed(last: ValueRun, company: Company) -> bool:
    settings = get_settings()
    if last.assumptions.get("margin") != float(company.gross_margin) or _speaks_now(last):
        return True
    return settings.changed_at is not None and settings.changed_at > last.started_at


def _speaks_now(last: ValueRun) -> bool:
    """Whether forecasts began to speak since a valuation that knew of none."""
    learned = last.fits.get("contractual") or {}
    if learned.get("near") or "alpha" not in learned:
        return False
    told = AccountRisk.objects.filter(horizon__in=NEAR, probability__isnull=False)
    return told.filter(computed_at__gt=last.started_at).exists()


def missing_month(today: date) -> date | None:
    """The newest month's end of the last year of which no statement is kept."""
    kept = {
        (on.year, on.month)
        for on in ValueStatement.objects.order_by().values_list("day", flat=True).distinct()
    }
    tried = {(on.year, on.month) for on in ValueRun.objects.values_list("day", flat=True)}
    for back in range(PAST_MONTHS):
        end = add_months(today.replace(day=1), -back)
        last = date.fromordinal(end.toordinal() - 1)
        if (last.year, last.month) not in kept | tried:
            return last
    return None
