"""Months, quarters and years of the company's fiscal calendar, as half-open periods ``[start, end)``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, TypeAlias

from enishi.kit.text import Text

Every: TypeAlias = Literal["month", "quarter", "half", "year"]
MONTHS_IN: dict[str, int] = {"month": 1, "quarter": 3, "half": 6, "year": 12}


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """``[start, end)`` with its name in both languages."""

    start: date
    end: date
    title: Text

    @property
    def last(self) -> date:
        """The last day inside."""
        return self.end - timedelta(days=1)


def add_months(day: date, months: int) -> date:
    """The same day so many months on; the month's last day where there is none (31 January + 1 = 28 or 29)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (following - timedelta(days=1)).day))


def period_of(day: date, every: Every, fiscal_start: int = 4) -> Period:
    """The period a day falls in.

    Args:
        fiscal_start: first month of the fiscal year (1-12; April in most of Japan). A fiscal year is named
            after the calendar year in which it begins.
    """
    size = MONTHS_IN[every]
    into_year = (day.month - fiscal_start) % 12
    first = add_months(day.replace(day=1), -(into_year % size))
    return Period(first, add_months(first, size), _title(first, every, fiscal_start))


def periods_between(first: date, last: date, every: Every, fiscal_start: int = 4) -> list[Period]:
    """The periods from the one with ``first`` to the one with ``last``, ascending."""
    found = [period_of(first, every, fiscal_start)]
    while found[-1].end <= last:
        found.append(period_of(found[-1].end, every, fiscal_start))
    return found


def _title(first: date, every: Every, fiscal_start: int) -> Text:
    if every == "month":
        return Text(f"{first:%Y-%m}", f"{first.year}年{first.month}月")
    into_year = (first.month - fiscal_start) % 12
    year = first.year - (first.month < fiscal_start)
    if every == "year":
        return Text(f"FY{year}", f"{year}年度")
    if every == "quarter":
        number = into_year // 3 + 1
        return Text(f"FY{year} Q{number}", f"{year}年度第{number}四半期")
    half = into_year // 6
    return Text(f"FY{year} H{half + 1}", f"{year}年度{'下期' if half else '上期'}")
