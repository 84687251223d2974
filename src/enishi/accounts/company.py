"""The company that runs this installation: its row, its calendar, its money."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from zoneinfo import ZoneInfo, available_timezones

from enishi.accounts.models import Company, Record
from enishi.kit.clock import day_of
from enishi.kit.errors import EnishiError
from enishi.kit.text import Text

# What money may be summed in.
CURRENCIES = ("JPY", "USD", "EUR", "GBP", "CNY", "KRW", "TWD", "HKD", "SGD", "THB", "VND", "IDR", "INR", "AUD", "CAD", "CHF")  # fmt: skip

# The company row already read while one request or job runs; None outside of them.
_remembered: ContextVar[dict[str, Company] | None] = ContextVar("company", default=None)


def time_zones() -> list[str]:
    """The zones a company may keep its time by: named by a place, and UTC."""
    places = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))
    return list(dict.fromkeys(("Asia/Tokyo", "UTC", *places)))


@contextmanager
def company_remembered() -> Iterator[None]:
    """Read the company row at most once inside this block (one request, one job)."""
    token = _remembered.set({})
    try:
        yield
    finally:
        _remembered.reset(token)


def get_company() -> Company:
    """The one company row, made with the defaults where there is none yet."""
    memory = _remembered.get()
    if memory is not None and "row" in memory:
        return memory["row"]
    company = Company.objects.filter(pk=1).first() or Company.objects.get_or_create(pk=1)[0]
    if memory is not None:
        memory["row"] = company
    return company


def company_zone() -> ZoneInfo:
    """The time zone in which days, months and deadlines are counted."""
    return ZoneInfo(get_company().time_zone)


def company_day(instant: datetime) -> date:
    """The company's calendar day of an instant."""
    return day_of(instant, company_zone())


def without_rate(money: Mapping[str, int]) -> dict[str, int]:
    """Of currencies with how often they stand, those from which no exchange rate leads to the company's."""
    rated = Record.objects.filter(kind="exchange_rate", deleted_at=None)
    known = {get_company().currency, "", *rated.values_list("data__currency", flat=True).distinct()}
    return {currency: money[currency] for currency in sorted(money.keys() - known)}


def refuse_future(day: date, now: datetime) -> None:
    """Raise ``future_day`` for a day the company has not come to: nothing can be known of it."""
    today = company_day(now)
    if day > today:
        raise EnishiError(
            "future_day",
            Text(f"{day} is still to come.", f"{day} はまだ来ていません。"),
            Text(f"Name a day up to {today}.", f"{today} までの日付を指定してください。"),
        )
