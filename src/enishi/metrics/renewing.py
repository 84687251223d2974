"""When a contract renews next, as that could be known on a day.

A date stated by the day itself is believed; once it has passed, the contract was renewed by its term. A date that was
only told later is the present one (or, of a contract that is over, its end), and tells of an earlier day no more than the
rhythm: the terms are counted back from it. An end that lies on no term's end cannot have been the renewal date, so
the terms count from the start there, as they do where no date is stated. Believed from the first day, such dates would
let every forecast see who stayed: theirs alone lie in the future.

A contract by the month without a date may be left at any time: it has no renewal.
"""

from __future__ import annotations

from typing import Any

import ibis
import numpy as np
import numpy.typing as npt
import pandas as pd

from enishi.metrics.spans import FOREVER

Ints = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]

USUAL_TERM = 12  # months, where a contract states a renewal date and no term
LONGEST_TERM = 600
_ANY = -(1 << 20)  # terms before or after the date one counts from


def next_renewal(t: Any) -> Any:
    """The first renewal on or after ``as_of``; null where there is none.

    Args:
        t: rows with ``as_of, started_on, valid_on, recorded_on, renewal_on, term_months`` and ``told_end``: the end of the
            contract as anybody ever told it.
    """
    stated, months = t.renewal_on.notnull(), t.term_months.coalesce(0)
    term = (months >= 1).ifelse(ibis.least(months, LONGEST_TERM), USUAL_TERM).cast("int64")
    later = (t.recorded_on > t.as_of).coalesce(False)
    odd = later & (t.renewal_on == t.told_end).coalesce(False)
    odd &= ~(_on_grid(t.renewal_on, t.started_on, term) | _on_grid(t.renewal_on, t.valid_on, term))
    by_term = (~stated & (months > 1)) | (stated & odd.coalesce(False))
    t = t.mutate(
        renewing_term=term,
        renewing_base=by_term.ifelse(t.started_on, t.renewal_on),
        renewing_least=by_term.ifelse(1, later.ifelse(_ANY, 0)).cast("int64"),
    )
    base, term = t.renewing_base, t.renewing_term
    apart = _month(t.as_of) - _month(base)
    begins = (t.as_of == t.started_on) | (
        t.as_of == t.valid_on
    )  # a term that begins today is not renewed today
    still = (apart % term == 0) & (base.day() >= t.as_of.day() + begins.ifelse(1, 0))
    times = ((apart + term * -_ANY) // term) + _ANY + still.ifelse(0, 1)
    t = t.mutate(renewing_month=_month(base) + ibis.greatest(times, t.renewing_least) * term)
    found = _date_in(t.renewing_month, t.renewing_base.day())
    return t.mutate(renewal_on=found).drop(
        "renewing_term", "renewing_base", "renewing_least", "renewing_month"
    )


def _on_grid(day: Any, start: Any, term: Any) -> Any:
    apart = _month(day) - _month(start)
    return (apart % term == 0) & (day == _date_in(_month(day), start.day()))


def _month(day: Any) -> Any:
    return day.year().cast("int64") * 12 + day.month().cast("int64") - 1


def _date_in(month: Any, into: Any) -> Any:
    """The day ``into`` a month (counted from year 0); its last day where it is shorter."""
    year, which = month // 12, month % 12 + 1
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    days = (which == 2).ifelse(leap.ifelse(29, 28), which.isin([4, 6, 9, 11]).ifelse(30, 31))
    return ibis.date(year, which, ibis.least(into.cast("int64"), days.cast("int64")))


def next_renewals(stretches: pd.DataFrame, today: int) -> tuple[Ints, Ints]:
    """The same of stretches of unchanged terms, the first renewal *after* a day.

    Args:
        stretches: :func:`enishi.metrics.subscriptions.subscription_periods` as known at the end of the day. Without
            ``recorded`` every date counts as told by then.

    Returns:
        Day numbers (``FOREVER`` for none) and the months of a term.
    """
    stated = stretches["renewal"].to_numpy(dtype=np.int64)
    start = stretches["started_on"].to_numpy(dtype=np.int64)
    months = np.nan_to_num(stretches["term_months"].astype(float).to_numpy(dtype=float))
    term = np.where(months < 1, USUAL_TERM, np.minimum(months, LONGEST_TERM)).astype(np.int64)
    dated, later = stated < FOREVER, np.zeros(len(stretches), dtype=bool)
    odd = later
    if "recorded" in stretches:
        later = stretches["recorded"].to_numpy(dtype=np.int64) > today
        odd = later & dated & (stated == stretches["told_end"].to_numpy(dtype=np.int64))
        odd &= ~(on_grid(stated, start, term) | on_grid(stated, stretches["start"].to_numpy(np.int64), term))
    by_term = (~dated & (months > 1)) | odd
    base = np.where(by_term, start, stated)
    least = np.where(by_term, 1, np.where(later, _ANY, 0))
    due = np.full(len(stretches), FOREVER, dtype=np.int64)
    told = (dated | by_term) & (base < FOREVER)
    due[told] = _rolled(base[told], term[told], today, least[told])
    return due, term


def _rolled(base: Ints, term: Ints, today: int, least: Ints) -> Ints:
    """The first of ``base + k * term`` after a day, ``k`` at least so much."""
    months, into = _split(base)
    now = _split(np.array([today], dtype=np.int64))[0][0]
    times = np.maximum(least, (now - months) // term)
    found = _on(months + times * term, into)
    again = found <= today
    return np.where(again, _on(months + (times + 1) * term, into), found)


def on_grid(day: Ints, start: Ints, term: Ints) -> Marks:
    """Whether a day is a whole number of terms from a start."""
    (month, _), (first, into) = _split(day), _split(start)
    whole: Marks = ((month - first) % term == 0) & (_on(month, into) == day)
    return whole


def ends_between(base: Ints, term: Ints, low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """Every ``base + k * term`` after ``low`` and up to ``high``: the row it is of, and the day number."""
    months, into = _split(base)
    first, last = ((_split(edge)[0] - months) // term for edge in (low, high))
    count = np.maximum(0, last - first + 1)
    row = np.repeat(np.arange(len(base)), count)
    times = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count) + first[row]
    day = _on(months[row] + times * term[row], into[row])
    inside = (day > low[row]) & (day <= high[row])
    return row[inside], day[inside]


def _split(day: Ints) -> tuple[Ints, Ints]:
    """The month of a day, and how far into it the day lies."""
    months = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return months, day - months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def _on(months: Ints, into: Ints) -> Ints:
    """The day so far into a month; its last day where there is none."""
    first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    following = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return np.minimum(first + into, following - 1)
