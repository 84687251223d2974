"""The company that runs this installation: its row, its calendar, its money."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from enishi.accounts.models import Company
from enishi.kit.clock import day_of


def get_company() -> Company:
    """The one company row, made with the defaults where there is none yet."""
    company, _made = Company.objects.get_or_create(pk=1)
    return company


def company_zone() -> ZoneInfo:
    """The time zone in which days, months and deadlines are counted."""
    return ZoneInfo(get_company().time_zone)


def company_day(instant: datetime) -> date:
    """The company's calendar day of an instant."""
    return day_of(instant, company_zone())
