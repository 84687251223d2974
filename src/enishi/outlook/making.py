"""Making a statement: learn, say who may leave, draw, keep. And trying the same on past quarters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from enishi.accounts.company import get_company
from enishi.forecasts.coverage import Trial, trial
from enishi.forecasts.leaving import STATED, leaving
from enishi.forecasts.simulation import (
    LEVELS,
    Draws,
    Paths,
    compose,
    expected,
    expected_arrivals,
    interval,
    simulate,
)
from enishi.forecasts.standing import standing
from enishi.forecasts.turnover import TooLittle, Turnover, contracts_lost, learn_turnover, notice_lag
from enishi.kit.text import Text
from enishi.metrics.periods import Period, add_months, period_of
from enishi.metrics.revenue import bridges, mrr_at, retention
from enishi.outlook.facts import Past, cohorts_of, lacking_rates
from enishi.outlook.keeping import Stated
from enishi.risk.api import HORIZONS, model_in_use, probabilities, statements_on

LEAST_MONTHS_AHEAD = 12
AT_ONCE = 3000  # customers who can be drawn while somebody waits
FACTORS = (0.5, 1.0, 2.0)
TRIED, TRIED_LARGE = 24, 8  # spans of three months
AHEAD_TRIED = (("mrr", 3), ("mrr_1", 1), ("mrr_2", 6), ("mrr_4", 12))  # measure: months ahead
TRIED_DRAWS = {False: 500, True: 200}  # by whether the book is large

Tell = Callable[[float], None]


def months_ahead(day: date, fiscal_start: int) -> int:
    """To the end of the quarter in which a year from now lies, and at least to the end of the running fiscal year."""
    far = period_of(add_months(day, LEAST_MONTHS_AHEAD), "quarter", fiscal_start).end
    first = (day + timedelta(days=1)).replace(day=1)
    return (far.year - first.year) * 12 + far.month - first.month


def stated_now() -> tuple[pd.DataFrame, str]:
    """What the churn forecasts in use say, and their names; empty where none may speak."""
    frames, names = [], []
    for horizon in HORIZONS:
        said = probabilities(horizon)
        said = said[said["known"].astype(bool)]
        model = model_in_use(horizon)
        if len(said) and model is not None:
            frames.append(said.assign(horizon=horizon))
            names.append(f"{horizon}:{model.version}")
    return (pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()), " ".join(names)


def stated_then(day: date) -> pd.DataFrame:
    """What was on record as said on a past day."""
    frames = [statements_on(horizon, day).assign(horizon=horizon) for horizon in HORIZONS]
    frames = [frame for frame in frames if len(frame)]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def make_statement(past: Past, *, of_today: bool = True) -> Stated | TooLittle:
    """The statement of a day, of a past one with what was on record as said then; or what of history there is too little of."""
    day = past.day
    moves = past.moves(day)
    learned = _learned(past, day)
    if isinstance(learned, TooLittle):
        return learned
    said, model = stated_now() if of_today else (stated_then(day), "")
    book = standing(past.known[day], day, months_ahead(day, get_company().fiscal_year_start))
    left = leaving(book, learned, said)
    cohorts = cohorts_of(book, moves)
    drawn: tuple[Draws, ...] = ()
    if len(book) > AT_ONCE:
        drawn = tuple(simulate(book, left, learned, cohorts, churn=factor) for factor in FACTORS)
    return Stated(book, left, learned, cohorts, model, drawn)


def _learned(past: Past, day: date) -> Turnover | TooLittle:
    """Rates as they could be learned at the end of a day."""
    known = past.known[day]
    return learn_turnover(
        past.books(day), past.moves(day), day, notice_lag(known), contracts_lost(known, day)
    )


def summary(stated: Stated, paths: Paths, past: Past) -> dict[str, Any]:
    """What a statement said of the whole company, month by month: kept for good."""
    book = stated.book
    sure = expected(book, stated.left, stated.learned).sum(axis=0)
    new = expected_arrivals(stated.learned, book)
    bands = [interval(paths.mrr, level) for level in LEVELS]
    months = [
        {
            "end": end.isoformat(),
            "expected": int(sure[month] + round(new[month])),
            "new": round(new[month]),
            "bands": [[int(low[month]), int(high[month])] for low, high in bands],
        }
        for month, end in enumerate(book.grid.ends)
    ]
    counts = np.bincount(stated.left.source, minlength=3).tolist()
    return {
        "opening": int(book.now.sum()), "customers": int((book.now > 0).sum()), "months": months,
        "sources": {"base": counts[0], "stated": counts[STATED], "certain": counts[2]},
        "lacking": lacking_rates(past.known[past.day]), "draws": len(paths.mrr),
    }  # fmt: skip


def drawn_paths(stated: Stated) -> Paths:
    """The plain draws of the whole company."""
    plain = next((one for one in stated.drawn if one.churn == 1.0), None)
    return compose(plain or simulate(stated.book, stated.left, stated.learned, stated.cohorts))


def try_past(past: Past, tell: Tell = lambda share: None) -> list[Trial]:
    """Forecast past spans of three months as of their first day, with what was known then, and compare with what came:
    one from each month's start, of a large book from each fiscal quarter's."""
    fiscal = get_company().fiscal_year_start
    starts = [
        end + timedelta(days=1)
        for end in past.month_ends
        if add_months(end + timedelta(days=1), 3) <= past.day
    ]
    large = past.known[past.day]["account_id"].nunique() > AT_ONCE
    if large:
        starts = [start for start in starts if period_of(start, "quarter", fiscal).start == start]
    starts = starts[-TRIED_LARGE:] if large else starts[-TRIED:]
    found: list[Trial] = []
    for place, start in enumerate(starts):
        found += _try_span(past, start, TRIED_DRAWS[large])
        tell((place + 1) / len(starts))
    return found


def _try_span(past: Past, start: date, draws: int) -> Iterator[Trial]:
    day = start - timedelta(days=1)
    known, moves = past.known[day], past.moves(day)
    learned = _learned(past, day)
    if isinstance(learned, TooLittle):
        return
    book = standing(known, day, LEAST_MONTHS_AHEAD)
    left = leaving(book, learned, stated_then(day))
    paths = compose(simulate(book, left, learned, cohorts_of(book, moves), draws=draws))
    by_model = float((left.source == STATED).mean()) if len(book) else 0.0
    final = past.moves(past.day)
    for name, months in AHEAD_TRIED:
        end = add_months(start, months)
        if end <= past.day:
            came = float(mrr_at(final, end - timedelta(days=1)).sum())
            yield trial(day, start, end, name, paths.mrr[:, months - 1], came, by_model)
    span = Period(start, add_months(start, 3), Text(f"{start:%Y-%m}", f"{start:%Y-%m}"))
    yield from _try_rates(day, span, paths, final, by_model)


def _try_rates(
    day: date, quarter: Period, paths: Paths, final: pd.DataFrame, by_model: float
) -> Iterator[Trial]:
    came = bridges(final, [quarter])[0]
    opening = max(1, paths.opening)
    for name, draws, actual in (
        ("churn", paths.churn[:, :3].sum(axis=1) / opening, came.churn / max(1, came.opening)),
        ("expansion", paths.expansion[:, :3].sum(axis=1) / opening, came.expansion / max(1, came.opening)),
    ):
        yield trial(day, quarter.start, quarter.end, name, draws, actual, by_model)
    year = retention(final, add_months(quarter.end, -12), quarter.end)
    if year.opening > 0 and not np.isnan(paths.nrr[:, 2]).any():
        yield trial(day, quarter.start, quarter.end, "nrr", paths.nrr[:, 2], year.nrr, by_model)
        yield trial(day, quarter.start, quarter.end, "grr", paths.grr[:, 2], year.grr, by_model)
