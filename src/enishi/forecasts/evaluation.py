"""How well a score told who would leave: discrimination, calibration, lead time, all with intervals.

Rows of a back-test are snapshots of the same accounts again and again, so they are not independent. Every
interval here resamples *accounts*, never rows (cluster bootstrap: Field & Welsh 2007, J. R. Stat. Soc. B 69).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float64]

DRAWS = 1000
_CELLS = 4_000_000  # rows x draws worked on at once: bounds memory, not the result


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and its interval; ``value`` is None where the data cannot say."""

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    clusters: int = 0

    def as_dict(self) -> dict[str, Any]:
        return {
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "n": self.n,
            "clusters": self.clusters,
        }


NOTHING = Interval(None)


def auc(labels: ArrayLike, scores: ArrayLike) -> float | None:
    """Area under the ROC curve: the chance that a row that churned scored higher than one that did not.

    Args:
        labels: (n,) 0/1.
        scores: (n,) higher means more likely to churn; ties count half (Hanley & McNeil 1982).

    Returns:
        0..1, or None where only one of the classes is present.
    """
    y = np.asarray(labels, float)
    value = _aucs(y, np.asarray(scores, float), np.ones((1, y.size)))[0]
    return None if np.isnan(value) else float(value)


def auc_with_interval(
    labels: ArrayLike,
    scores: ArrayLike,
    groups: ArrayLike,
    n_boot: int = DRAWS,
    seed: int = 0,
    level: float = 0.95,
) -> Interval:
    """AUC with a percentile interval over accounts resampled with replacement.

    Args:
        labels, scores: (n,) as in :func:`auc`.
        groups: (n,) the account of each row.
        n_boot: draws; the interval's ends move by about 1/sqrt(n_boot) of its width.
        level: coverage of the interval.
    """
    y, s = np.asarray(labels, float), np.asarray(scores, float)
    value = auc(y, s)
    if value is None:
        return NOTHING
    draws = np.concatenate([_aucs(y, s, w) for w in _weights(groups, n_boot, seed)])
    return _interval(value, draws, y.size, groups, level)


def auc_difference(
    labels: ArrayLike,
    scores: ArrayLike,
    others: ArrayLike,
    groups: ArrayLike,
    n_boot: int = DRAWS,
    seed: int = 0,
    level: float = 0.95,
) -> Interval:
    """AUC of ``scores`` less AUC of ``others`` on the same rows, resampled together (paired)."""
    y, s, o = (np.asarray(x, float) for x in (labels, scores, others))
    first, second = auc(y, s), auc(y, o)
    if first is None or second is None:
        return NOTHING
    draws = np.concatenate([_aucs(y, s, w) - _aucs(y, o, w) for w in _weights(groups, n_boot, seed)])
    return _interval(first - second, draws, y.size, groups, level)


def _weights(groups: ArrayLike, n_boot: int, seed: int) -> list[Floats] | Any:
    """Chunks of (draws, n): how often each row's account was drawn."""
    codes, names = pd.factorize(np.asarray(groups))
    random = np.random.default_rng(seed)
    chunk = max(1, _CELLS // max(1, codes.size))
    for start in range(0, n_boot, chunk):
        size = min(chunk, n_boot - start)
        drawn = random.multinomial(len(names), np.full(len(names), 1 / len(names)), size=size)
        yield drawn[:, codes].astype(float)


def _aucs(labels: Floats, scores: Floats, weights: Floats) -> Floats:
    """Weighted AUC for each row of ``weights`` (draws, n); NaN where a class has no weight."""
    if labels.size == 0:
        return np.full(len(weights), np.nan)
    order = np.argsort(scores, kind="stable")
    ranked = scores[order]
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
    w, y = weights[:, order], labels[order]
    positive = np.add.reduceat(w * y, starts, axis=1)
    negative = np.add.reduceat(w * (1 - y), starts, axis=1)
    below = np.cumsum(negative, axis=1) - negative
    pairs = positive.sum(axis=1) * negative.sum(axis=1)
    wins = (positive * (below + negative / 2)).sum(axis=1)
    return np.divide(wins, pairs, out=np.full(len(w), np.nan), where=pairs > 0)


def _interval(value: float, draws: Floats, n: int, groups: ArrayLike, level: float) -> Interval:
    kept = draws[~np.isnan(draws)]
    clusters = int(pd.unique(np.asarray(groups)).size)
    if kept.size == 0:
        return Interval(float(value), n=n, clusters=clusters)
    low, high = np.quantile(kept, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(value), float(low), float(high), n, clusters)


def wilson(successes: float, n: int, level: float = 0.95) -> Interval:
    """A share with Wilson's score interval (Wilson 1927); for independent observations."""
    if n == 0:
        return NOTHING
    z = NormalDist().inv_cdf((1 + level) / 2)
    p = successes / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return Interval(p, max(0.0, float(middle - half)), min(1.0, float(middle + half)), n, n)


def clustered_rate(
    labels: ArrayLike, groups: ArrayLike, n_boot: int = DRAWS, seed: int = 0, level: float = 0.95
) -> Interval:
    """Share of churned rows, its interval over resampled accounts.

    Where no row or every row churned the bootstrap has no spread; Wilson's interval on the number of
    *accounts* stands in, so that "0 of 3" does not look certain.
    """
    y = np.asarray(labels, float)
    if y.size == 0:
        return NOTHING
    clusters = int(pd.unique(np.asarray(groups)).size)
    if y.min() == y.max():
        edge = wilson(clusters if y[0] else 0, clusters, level)
        return Interval(float(y[0]), edge.low, edge.high, y.size, clusters)
    draws = np.concatenate([(w * y).sum(axis=1) / w.sum(axis=1) for w in _weights(groups, n_boot, seed)])
    return _interval(float(y.mean()), draws, y.size, groups, level)


def observed_rate_by_band(
    labels: ArrayLike,
    bands: ArrayLike,
    groups: ArrayLike,
    order: Sequence[str],
    n_boot: int = DRAWS,
    seed: int = 0,
) -> dict[str, Interval]:
    """Observed churn of each band of ``order``; bands nobody was in are left with ``value`` None."""
    y, b, g = np.asarray(labels, float), np.asarray(bands, object), np.asarray(groups)
    return {band: clustered_rate(y[b == band], g[b == band], n_boot, seed) for band in order}


def brier(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Mean squared error of probabilities (Brier 1950); 0 is perfect."""
    return float(np.mean((np.asarray(probabilities, float) - np.asarray(labels, float)) ** 2))


def brier_skill(labels: ArrayLike, probabilities: ArrayLike) -> float | None:
    """1 - Brier / Brier of always saying the base rate; above 0 is better than knowing nothing."""
    y = np.asarray(labels, float)
    base = brier(y, np.full(y.size, y.mean()))
    return None if base == 0 else 1 - brier(y, probabilities) / base


def reliability(labels: ArrayLike, probabilities: ArrayLike, bins: int = 10) -> pd.DataFrame:
    """Said against observed, in bins of equal count.

    Returns:
        One row per bin: ``said`` (mean probability), ``observed`` (share churned), ``n``.
    """
    frame = pd.DataFrame({"p": np.asarray(probabilities, float), "y": np.asarray(labels, float)})
    frame["bin"] = pd.qcut(frame.p.rank(method="first"), min(bins, len(frame)), labels=False)
    return (
        frame.groupby("bin")
        .agg(said=("p", "mean"), observed=("y", "mean"), n=("y", "size"))
        .reset_index(drop=True)
    )


def calibration_error(labels: ArrayLike, probabilities: ArrayLike, bins: int = 10) -> float:
    """Expected calibration error: mean distance of said from observed, weighted by bin size."""
    table = reliability(labels, probabilities, bins)
    return float((np.abs(table.said - table.observed) * table.n).sum() / table.n.sum())


def lift_at(labels: ArrayLike, scores: ArrayLike, share: float = 0.1) -> float | None:
    """Churn among the ``share`` of rows scored most likely to churn, over churn among all."""
    y, s = np.asarray(labels, float), np.asarray(scores, float)
    if y.size == 0 or y.mean() == 0:
        return None
    top = np.argsort(-s, kind="stable")[: max(1, round(share * y.size))]
    return float(y[top].mean() / y.mean())


def lead_times(alarms: pd.DataFrame, churns: pd.DataFrame, within_days: int) -> pd.DataFrame:
    """How many days before each churn its alarm was raised.

    The alarm of a churn is the start of the unbroken run of alarmed snapshots that was still standing at the
    account's last snapshot before the churn. An alarm that had gone quiet again warned nobody.

    Args:
        alarms: ``as_of``, ``account_id``, ``alarmed`` (bool), any order.
        churns: ``account_id``, ``churned_on``.
        within_days: snapshots older than this before the churn are not looked at.

    Returns:
        One row per churn that had a snapshot: ``account_id``, ``churned_on``, ``lead_days`` (NaN: missed).
    """
    joined = churns.merge(alarms, on="account_id")
    days = (pd.to_datetime(joined.churned_on) - pd.to_datetime(joined.as_of)).dt.days
    joined = joined.assign(days=days)[(days > 0) & (days <= within_days)]
    joined = joined.sort_values(["account_id", "churned_on", "days"])
    quiet = ~joined.alarmed.astype(bool)
    standing = quiet.groupby([joined.account_id, joined.churned_on]).cumsum() == 0
    lead = joined.days.where(standing).groupby([joined.account_id, joined.churned_on]).max()
    return lead.rename("lead_days").reset_index()


def alarms_per_week(alarms: pd.DataFrame) -> float | None:
    """New alarms a week: snapshots at which an account is alarmed and was not at its snapshot before.

    Args:
        alarms: ``as_of``, ``account_id``, ``alarmed``.
    """
    if alarms.empty:
        return None
    frame = alarms.sort_values(["account_id", "as_of"])
    alarmed = frame.alarmed.astype(bool)
    before = alarmed.groupby(frame.account_id).shift(fill_value=False)
    days = pd.to_datetime(frame.as_of)
    span = (days.max() - days.min()).days / 7
    return None if span == 0 else float((alarmed & ~before).sum() / span)
