"""When each customer may leave: cumulative hazards by month ahead, from stated probabilities or from base rates."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import pandas as pd

from enishi.forecasts.churn import LEVEL
from enishi.forecasts.standing import Floats, Ints, Standing
from enishi.forecasts.turnover import AHEAD, LEADS, Turnover, class_of
from enishi.metrics.revenue import number_of

MONTH = 365.25 / 12
HORIZONS = (30, 90, 180)  # days of stated probabilities, besides 0 for the next renewal
MOST = 0.995
REACH = NormalDist().inv_cdf(
    (1 + LEVEL) / 2
)  # of an interval of stated probabilities, in standard deviations
SHARED = 0.5  # share of the variance of stated probabilities that is taken for common to all customers

BASE, STATED, CERTAIN = 0, 1, 2  # where a customer's probability comes from


@dataclass(frozen=True, slots=True)
class Leaving:
    """Hazards of the customers of a book.

    Args:
        hazard: -log of the share that stays, of each month (N x M); none for whom all is announced.
        source: :data:`BASE` rates of the company, :data:`STATED` by a model, or :data:`CERTAIN` (N).
        renews: probability not to renew at the next renewal (N); NaN without a renewal date.
        level: uncertainty of the level of stated probabilities (standard deviation of the logarithm).
    """

    hazard: Floats
    source: Ints
    renews: Floats
    level: float

    @property
    def survival(self) -> Floats:
        """Probability to be there at the end of each month (N x M)."""
        return np.exp(-np.cumsum(self.hazard, axis=1))

    def where(self, chosen: npt.NDArray[np.bool_]) -> Leaving:
        return Leaving(self.hazard[chosen], self.source[chosen], self.renews[chosen], self.level)


def leaving(book: Standing, learned: Turnover, stated: pd.DataFrame | None = None) -> Leaving:
    """Hazards of every customer of a book.

    Args:
        stated: probabilities of a model: ``account_id``, ``horizon`` (days, 0 for the next renewal), ``probability``,
            ``low``, ``high`` (90 %); customers and horizons it does not name go by the base rates.
    """
    kind = class_of(book, learned.cuts)
    table, level = _stated(book, stated)
    hazard = np.zeros(book.path.shape)
    rolling = book.rolling
    hazard[rolling], from_model = _rolling(book, learned, kind, table, rolling)
    renewing, renews, by_renewal = _renewing(book, learned, kind, table)
    hazard[~rolling] = renewing[~rolling]
    hazard[book.noticed] = 0.0
    source = np.where(np.where(rolling, from_model, by_renewal), STATED, BASE)
    source = np.where(book.noticed, CERTAIN, source)
    return Leaving(hazard, source.astype(np.int64), np.where(book.noticed, 1.0, renews), level)


def _stated(book: Standing, stated: pd.DataFrame | None) -> tuple[dict[int, Floats], float]:
    """Probabilities by horizon, aligned to the book (NaN: not stated), and the uncertainty of their level."""
    nothing = np.full(len(book), np.nan)
    table = dict.fromkeys((0, *HORIZONS), nothing)
    if stated is None or stated.empty:
        return table, 0.0
    for horizon, rows in stated.groupby("horizon"):
        values = rows.drop_duplicates("account_id").set_index("account_id")["probability"]
        found = values.reindex(book.accounts).to_numpy(dtype=float)
        table[int(horizon)] = np.clip(found, 0.0, MOST)  # type: ignore[arg-type]
    span = stated[["low", "high"]].astype(float).clip(1e-4, 1 - 1e-4).dropna()
    if span.empty:
        return table, 0.0
    logit = np.log(span / (1 - span))
    spread = float(((logit["high"] - logit["low"]) / (2 * REACH)).median())
    return table, float(np.sqrt(SHARED) * min(1.0, spread))


def _steps(cumulative: Floats) -> Floats:
    """Cumulative hazards at each month's end to those of the months."""
    return np.diff(np.concatenate([np.zeros((len(cumulative), 1)), cumulative], axis=1), axis=1).clip(0.0)


def _rolling(
    book: Standing, learned: Turnover, kind: Ints, table: dict[int, Floats], mine: npt.NDArray[np.bool_]
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Hazards of those without a renewal date: base rates by months ahead, or the stated curve, later by the notice."""
    rates = -np.log1p(-learned.rolling)  # AHEAD x classes
    at = np.arange(AHEAD + 1, dtype=float)
    elapsed = book.grid.elapsed
    curves = []
    for which in range(rates.shape[1]):
        curve = np.concatenate([[0.0], np.cumsum(rates[:, which])])
        within = np.interp(elapsed, at, curve)
        curves.append(within + np.maximum(0.0, elapsed - AHEAD) * rates[-1, which])
    base = _steps(np.array(curves)[kind[mine]]) if mine.any() else np.zeros((0, book.grid.months))
    known = ~np.isnan(table[HORIZONS[0]]) | ~np.isnan(table[HORIZONS[1]]) | ~np.isnan(table[HORIZONS[2]])
    chosen = known[mine]
    if chosen.any():
        rows = np.flatnonzero(mine)[chosen]
        base[chosen] = _stated_curve(book, learned, table, rows, rates[-1][kind[rows]])
    return base, known


def _stated_curve(
    book: Standing, learned: Turnover, table: dict[int, Floats], rows: Ints, later: Floats
) -> Floats:
    """Months' hazards from stated probabilities to give notice; the money ends ``lag`` months after the notice. Past the
    last horizon each customer's own rate counts half, the base rate the other half."""
    cumulative = np.zeros((len(rows), 1))
    times = [0.0]
    for horizon in HORIZONS:
        own = -np.log1p(-table[horizon][rows])
        missing = np.isnan(own)
        own = np.where(missing, cumulative[:, -1] + later * (horizon / MONTH - times[-1]), own)
        cumulative = np.column_stack([cumulative, np.maximum(own, cumulative[:, -1])])
        times.append(horizon / MONTH)
    asked = np.maximum(0.0, book.grid.elapsed - learned.lag)
    place = np.clip(np.searchsorted(times, asked, side="left"), 1, len(HORIZONS))
    low, high = np.array(times)[place - 1], np.array(times)[place]
    share = np.minimum(1.0, (asked - low) / (high - low))
    found = cumulative[:, place - 1] + (cumulative[:, place] - cumulative[:, place - 1]) * share
    own = cumulative[:, -1] / times[-1]
    beyond = np.maximum(0.0, asked - times[-1])
    return _steps(found + np.outer((own + later) / 2, beyond))


def _renewing(
    book: Standing, learned: Turnover, kind: Ints, table: dict[int, Floats]
) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """Hazards of those with a renewal date: at each renewal, and a little between. Where nothing is said of the renewal
    itself, it goes by what is said of the days up to it."""
    months, n = book.grid.months, len(book)
    bucket = np.searchsorted(LEADS, book.renewal - number_of(book.grid.day), side="left")
    base = learned.renewing[np.clip(bucket, 0, len(LEADS)), kind]
    stated = np.where(np.isnan(table[0]), _by_days(book, table), table[0])
    known = ~np.isnan(stated)
    first = np.where(known, stated, base)
    between = -np.log1p(-learned.between)[kind]
    hazard = np.outer(between, book.grid.share)
    at, term = book.renewal_months(), book.term
    later = -np.log1p(-learned.renewing[-1, kind])
    rows = np.arange(n)
    due = at < months
    hazard[rows[due], at[due]] = -np.log1p(-np.minimum(first[due], MOST))
    following = at + term
    while (again := (following < months) & ~book.rolling).any():
        hazard[rows[again], following[again]] = later[again]
        following = following + term
    return hazard, np.where(book.rolling, np.nan, first), known


def _by_days(book: Standing, table: dict[int, Floats]) -> Floats:
    """What is said of the shortest span of days that reaches to the renewal; NaN where nothing is."""
    ahead, found = book.renewal - number_of(book.grid.day), np.full(len(book), np.nan)
    for horizon in HORIZONS:
        found = np.where(np.isnan(found) & (ahead <= horizon), table[horizon], found)
    return found
