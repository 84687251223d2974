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
        hazard: -log of the share that stays, of each month (N x M); none for whom all is announced. Of customers who decide on
            several contracts the share of their money.
        source: :data:`BASE` rates of the company, :data:`STATED` by a model, or :data:`CERTAIN` (N).
        renews: probability not to renew at the next renewal (N); NaN without a renewal date.
        level: uncertainty of the level of stated probabilities (standard deviation of the logarithm).
        parts: the same of :attr:`enishi.forecasts.standing.Standing.parts`.
    """

    hazard: Floats
    source: Ints
    renews: Floats
    level: float
    parts: Leaving | None = None

    @property
    def survival(self) -> Floats:
        """Probability to be there at the end of each month (N x M)."""
        return np.exp(-np.cumsum(self.hazard, axis=1))

    def where(
        self, chosen: npt.NDArray[np.bool_] | Ints, parts: npt.NDArray[np.bool_] | None = None
    ) -> Leaving:
        """These rows, and these of the parts."""
        kept = None if self.parts is None or parts is None or not parts.any() else self.parts.where(parts)
        return Leaving(self.hazard[chosen], self.source[chosen], self.renews[chosen], self.level, kept)


def leaving(book: Standing, learned: Turnover, stated: pd.DataFrame | None = None) -> Leaving:
    """Hazards of every customer of a book.

    Args:
        stated: probabilities of a model: ``account_id``, ``horizon`` (days, 0 for the next renewal), ``probability``,
            ``low``, ``high`` (90 %); customers and horizons it does not name go by the base rates. What is said of the next
            renewal is of the contract due first, and what is said of days is of leaving with all contracts.
    """
    kind = class_of(book, learned.cuts)
    table, level = _stated(book, stated)
    found = _leaving(book, learned, kind, table, level)
    if book.parts is None:
        return found
    place = np.searchsorted(book.accounts, book.parts.accounts)
    told = {horizon: values[place] for horizon, values in table.items()}
    told[0] = np.where(_due_first(book.parts), told[0], np.nan)
    parts = _leaving(book.parts, learned, kind[place], told, level, alone=False)
    return _with_parts(book, book.parts, found, parts, place)


def _leaving(
    book: Standing, learned: Turnover, kind: Ints, table: dict[int, Floats], level: float, alone: bool = True
) -> Leaving:
    """Hazards of rows that are decided each on its own."""
    hazard = np.zeros(book.path.shape)
    rolling = book.rolling
    hazard[rolling], from_model = _rolling(book, learned, kind, table, rolling)
    renewing, renews, by_renewal = _renewing(book, learned, kind, table, alone)
    hazard[~rolling] = renewing[~rolling]
    hazard[book.noticed] = 0.0
    source = np.where(np.where(rolling, from_model, by_renewal), STATED, BASE)
    source = np.where(book.noticed, CERTAIN, source)
    return Leaving(hazard, source.astype(np.int64), np.where(book.noticed, 1.0, renews), level)


def _due_first(parts: Standing) -> npt.NDArray[np.bool_]:
    """Of each customer what is due first, of what is in force and not given notice."""
    open_ = (parts.now > 0) & ~parts.noticed & ~parts.rolling
    order = np.lexsort((parts.renewal, ~open_, parts.accounts))
    first = np.zeros(len(parts), dtype=bool)
    first[order[np.append(True, parts.accounts[order][1:] != parts.accounts[order][:-1])]] = True
    return first & open_


def _with_parts(book: Standing, held: Standing, found: Leaving, parts: Leaving, place: Ints) -> Leaving:
    """The customers of parts by what is said of these: their money stays as the money of their parts does."""
    path, survival = held.path.astype(float), parts.survival

    def summed(values: Floats) -> Floats:
        total = np.zeros(book.path.shape)
        np.add.at(total, place, values)
        return total

    weight = np.where(summed(path)[place] > 0, path, 1.0)
    rows = np.unique(place)
    cumulative = -np.log(summed(weight * survival)[rows] / summed(weight)[rows])
    hazard, source, renews = found.hazard.copy(), found.source.copy(), found.renews.copy()
    hazard[rows] = np.diff(cumulative, axis=1, prepend=0.0)
    said = np.zeros(len(book), dtype=bool)
    np.logical_or.at(said, place, parts.source == STATED)
    source[rows] = np.where(book.noticed, CERTAIN, np.where(said, STATED, BASE))[rows]
    renews[rows] = np.nan
    return Leaving(hazard, source, renews, found.level, parts)


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
    book: Standing, learned: Turnover, kind: Ints, table: dict[int, Floats], alone: bool
) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """Hazards of those with a renewal date: at each renewal, and a little between. Where nothing is said of the renewal
    itself, it goes by what is said of the days up to it; that is the least where a customer holds other contracts too
    (not ``alone``), as who leaves with all of them does not renew this one."""
    months, n = book.grid.months, len(book)
    bucket = np.searchsorted(LEADS, book.renewal - number_of(book.grid.day), side="left")
    base = learned.renewing[np.clip(bucket, 0, len(LEADS)), kind]
    days = _by_days(book, table)
    stated = np.where(np.isnan(table[0]), days if alone else np.maximum(days, base), table[0])
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
