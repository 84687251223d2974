"""Months, quarters and fiscal years of the company's calendar. A period is [start, end)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, slots=True)
class Period:
    """One period; ``running`` where it has not ended yet."""

    start: date
    end: date  # the first day after it
    kind: str
    running: bool = False

    @property
    def last(self) -> date:
        return self.end - timedelta(days=1)

    @property
    def key(self) -> str:
        return f"{self.start:%Y-%m}"


def add_months(day: date, months: int) -> date:
    """The first of the month ``months`` later than ``day``'s month."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def start_of(kind: str, day: date, fiscal_start: int) -> date:
    """The first day of the period that holds ``day``; quarters and years follow the fiscal calendar."""
    months = MONTHS[kind]
    behind = (day.month - fiscal_start) % 12 % months
    return add_months(date(day.year, day.month, 1), -behind)


def periods_before(kind: str, today: date, fiscal_start: int, n: int) -> list[Period]:
    """The last ``n`` periods up to and with the running one, oldest first."""
    current = start_of(kind, today, fiscal_start)
    starts = [add_months(current, MONTHS[kind] * -k) for k in range(n - 1, -1, -1)]
    ends = [add_months(start, MONTHS[kind]) for start in starts]
    return [Period(s, e, kind, running=e > today) for s, e in zip(starts, ends, strict=True)]


def fiscal_year(day: date, fiscal_start: int) -> int:
    """The calendar year in which the fiscal year of ``day`` begins (年度 in Japan)."""
    return day.year if day.month >= fiscal_start else day.year - 1


def title(period: Period, fiscal_start: int, japanese: bool) -> str:
    """``2026年11月``, ``2026年度 第3四半期``, ``2026年度``; ``Nov 2026``, ``Q3 FY2026``, ``FY2026``."""
    year = fiscal_year(period.start, fiscal_start)
    if period.kind == "month":
        return f"{period.start.year}年{period.start.month}月" if japanese else f"{period.start:%b %Y}"
    if period.kind == "quarter":
        number = (period.start.month - fiscal_start) % 12 // 3 + 1
        return f"{year}年度 第{number}四半期" if japanese else f"Q{number} FY{year}"
    return f"{year}年度" if japanese else f"FY{year}"
