"""Which days people work: weekends, national holidays, the long breaks of August and the New Year."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import holidays
import numpy as np
import numpy.typing as npt


@cache
def work_factors(start: date, days: int, country: str) -> npt.NDArray[np.float64]:
    """How much of normal activity each day sees, from ``start`` on."""
    calendar = holidays.country_holidays(country, years=range(start.year, start.year + days // 365 + 2))
    return np.array([_factor(start + timedelta(days=n), calendar, country) for n in range(days)])


def _factor(day: date, calendar: holidays.HolidayBase, country: str) -> float:
    if day in calendar:
        return 0.04
    if day.weekday() >= 5:
        return 0.07 if day.weekday() == 5 else 0.04
    if (day.month, day.day) >= (12, 29) or (day.month, day.day) <= (1, 3):
        return 0.05
    if country == "JP" and day.month == 8 and 12 <= day.day <= 16:
        return 0.35
    return (1.05, 1.05, 1.0, 1.0, 0.9)[day.weekday()]


@cache
def is_working(day: date) -> bool:
    """Whether the vendor's own people work that day."""
    return float(work_factors(day, 1, "JP")[0]) > 0.5
