"""Whether a forecast deserves trust: everything the page says of it, with intervals over accounts, as JSON.

Rows are snapshots of the same accounts again and again; every interval resamples accounts (see :mod:`evaluation`). What
is compared is compared on the same rows: days since last seen, the scorecard, and always saying the base rate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from enishi.forecasts.evaluation import (
    NOTHING,
    Interval,
    _interval,
    _weights,
    auc_difference,
    auc_with_interval,
    calibration_error,
    clustered_rate,
    lead_times,
    lift_at,
)

Floats = NDArray[np.float64]

DRAWS = 400
BINS = 10
CAPACITY = 20
SIMULATED = 200
LEAD_WITHIN_DAYS = 365


def evaluate(
    rows: pd.DataFrame,
    *,
    others: Mapping[str, str] | None = None,
    horizon_days: int = 90,
    capacity: int = CAPACITY,
    threshold: float | None = None,
    seed: int = 0,
    draws: int = DRAWS,
) -> dict[str, Any]:
    """Judge said probabilities by what came.

    Args:
        rows: ``as_of, account_id, label`` (0/1), ``probability``; optionally ``lost_on`` and the columns of ``others``.
        others: what is shown beside, as name -> column of ``rows`` (higher: more at risk).
        capacity: accounts the team can call per snapshot.
        threshold: probability from which an account counts as alarmed (lead time).

    Returns:
        ``n, accounts, left`` and, where both outcomes are there, ``auc, average_precision, brier, skill, ece, lift,
        precision, reliability, periods, others, base, lead_time``; None where there is nothing to judge.
    """
    y, p = rows["label"].to_numpy(float), rows["probability"].to_numpy(float)
    groups = rows["account_id"].to_numpy()
    told: dict[str, Any] = {
        "n": len(rows),
        "accounts": int(pd.unique(groups).size),
        "left": int(pd.unique(groups[y == 1]).size),
        "snapshots": int(rows["as_of"].nunique()) if len(rows) else 0,
        "capacity": capacity,
    }
    if not len(rows) or y.min() == y.max():
        return told | {"auc": None}
    days = rows["as_of"].to_numpy()
    told |= {
        "from": pd.Timestamp(days.min()).date().isoformat(),
        "to": pd.Timestamp(days.max()).date().isoformat(),
        "observed": clustered_rate(y, groups, draws, seed).as_dict(),
        "said": float(p.mean()),
        "brier": mean_with_interval((p - y) ** 2, groups, draws, seed).as_dict(),
        "skill": skill_with_interval(y, p, groups, draws, seed).as_dict(),
        "ece": expected_calibration_error(y, p, groups, _windows(rows, horizon_days), seed),
        "reliability": reliability_with_intervals(y, p, groups, seed=seed),
        "periods": _periods(rows),
        "base": {"brier": float(np.mean((y - y.mean()) ** 2)), "auc": 0.5, "precision": float(y.mean())},
        **_ranked(y, p, groups, days, capacity, seed, draws),
        "others": {},
    }
    for name, column in (others or {}).items():
        told["others"][name] = _beside(rows, column, capacity, seed, draws)
    if threshold is not None and "lost_on" in rows:
        told["lead_time"] = lead_time(rows, threshold)
    return told


def _ranked(
    y: Floats, score: Floats, groups: NDArray[Any], days: NDArray[Any], capacity: int, seed: int, draws: int
) -> dict[str, Any]:
    """What the order alone is worth."""
    return {
        "auc": auc_with_interval(y, score, groups, draws, seed).as_dict(),
        "average_precision": average_precision(y, score, groups, draws, seed).as_dict(),
        "lift": lift_at(y, score),
        "precision": precision_at(y, score, groups, days, capacity, draws, seed).as_dict(),
    }


def _beside(rows: pd.DataFrame, column: str, capacity: int, seed: int, draws: int) -> dict[str, Any]:
    """Another order on the rows where it says anything, and how far the forecast is ahead of it there."""
    known = rows[rows[column].notna()]
    y, groups = known["label"].to_numpy(float), known["account_id"].to_numpy()
    if not len(known) or y.min() == y.max():
        return {"n": len(known), "auc": None}
    score, days = known[column].to_numpy(float), known["as_of"].to_numpy()
    ahead = auc_difference(y, known["probability"].to_numpy(float), score, groups, draws, seed)
    return {
        "n": len(known),
        **_ranked(y, score, groups, days, capacity, seed, draws),
        "ahead": ahead.as_dict(),
    }


def _bootstrap(
    statistic: Callable[[Floats], Floats],
    size: int,
    groups: ArrayLike,
    draws: int,
    seed: int,
    level: float = 0.95,
) -> Interval:
    """A statistic of row weights (draws, n) with its interval over resampled accounts."""
    value = float(statistic(np.ones((1, size)))[0])
    if np.isnan(value):
        return NOTHING
    drawn = np.concatenate([statistic(w) for w in _weights(groups, draws, seed)])
    return _interval(value, drawn, size, groups, level)


def mean_with_interval(values: Floats, groups: ArrayLike, draws: int = DRAWS, seed: int = 0) -> Interval:
    """Mean of row values, its interval over resampled accounts."""
    return _bootstrap(lambda w: (w * values).sum(axis=1) / w.sum(axis=1), values.size, groups, draws, seed)


def loss_difference(
    new: Floats, old: Floats, groups: ArrayLike, draws: int = DRAWS, seed: int = 0
) -> Interval:
    """Mean of ``new`` less mean of ``old`` losses of the same rows, resampled together: below 0, the new is better."""
    return mean_with_interval(new - old, groups, draws, seed)


def skill_with_interval(
    y: Floats, p: Floats, groups: ArrayLike, draws: int = DRAWS, seed: int = 0
) -> Interval:
    """Brier skill against the base rate of the same rows, drawn anew with them."""

    def skill(w: Floats) -> Floats:
        total = w.sum(axis=1)
        rate = (w * y).sum(axis=1) / total
        base = rate * (1 - rate)
        said = (w * (p - y) ** 2).sum(axis=1) / total
        return 1 - np.divide(said, base, out=np.full(len(w), np.nan), where=base > 0)

    return _bootstrap(skill, y.size, groups, draws, seed)


def average_precision(
    y: Floats, score: Floats, groups: ArrayLike, draws: int = DRAWS, seed: int = 0
) -> Interval:
    """Area under the precision-recall curve, as the mean precision at each row that left."""
    order = np.argsort(-score, kind="stable")
    left = y[order]

    def area(w: Floats) -> Floats:
        w = w[:, order]
        hits = w * left
        seen = np.cumsum(w, axis=1)
        precision = np.divide(np.cumsum(hits, axis=1), seen, out=np.zeros_like(seen), where=seen > 0)
        total = hits.sum(axis=1)
        return np.divide((hits * precision).sum(axis=1), total, out=np.full(len(w), np.nan), where=total > 0)

    return _bootstrap(area, y.size, groups, draws, seed)


def precision_at(
    y: Floats,
    score: Floats,
    groups: NDArray[Any],
    days: NDArray[Any],
    capacity: int,
    draws: int = DRAWS,
    seed: int = 0,
) -> Interval:
    """Of the ``capacity`` accounts a team can call on each snapshot day, the share that left. Where a day has fewer, all
    of them are called."""
    frame = pd.DataFrame({"day": days, "score": score, "y": y, "group": groups})
    called = frame.sort_values("score", ascending=False, kind="stable").groupby("day").head(capacity)
    return mean_with_interval(called["y"].to_numpy(), called["group"].to_numpy(), draws, seed)


def reliability_with_intervals(
    y: Floats, p: Floats, groups: NDArray[Any], bins: int = BINS, seed: int = 0
) -> list[dict[str, Any]]:
    """Said against observed in bins of about equal count, observed with its interval over accounts."""
    frame = pd.DataFrame({"p": p, "y": y, "group": groups})
    frame["bin"] = pd.qcut(frame["p"].rank(method="first"), min(bins, len(frame)), labels=False)
    told = []
    for _, part in frame.groupby("bin"):
        rate = clustered_rate(part["y"].to_numpy(), part["group"].to_numpy(), DRAWS, seed)
        told.append(
            {
                "said": float(part["p"].mean()), "observed": rate.value, "low": rate.low, "high": rate.high,
                "n": len(part), "accounts": rate.clusters, "left": int(part["y"].sum()),
            }
        )  # fmt: skip
    return told


def _windows(rows: pd.DataFrame, horizon_days: int) -> NDArray[Any]:
    """Which rows of an account tell of the same outcome: those within one horizon; of a renewal, those up to it."""
    days = rows["as_of"].to_numpy().astype("datetime64[D]")
    if not horizon_days:
        ends = rows["ends_on"] if "ends_on" in rows else rows["as_of"]
        return ends.to_numpy().astype("datetime64[D]")
    return np.asarray((days - days.min()) // np.timedelta64(horizon_days, "D"))


def expected_calibration_error(
    y: Floats, p: Floats, groups: NDArray[Any], windows: NDArray[Any], seed: int = 0
) -> dict[str, Any]:
    """The calibration error beside what a perfectly calibrated forecast would show on as many rows.

    Labels are drawn from the said probabilities. Snapshots of an account that tell of the same outcome (``windows``) share
    one draw: ``expected`` is the mean error of such worlds, ``high`` what 95 % of them stay below.
    """
    error = calibration_error(y, p)
    codes = pd.factorize(pd.MultiIndex.from_arrays([groups, windows]))[0]
    random = np.random.default_rng(seed)
    ranks = pd.Series(p).rank(method="first")
    bins = pd.qcut(ranks, min(BINS, len(p)), labels=False).to_numpy()
    sizes = np.bincount(bins)
    said = np.bincount(bins, p)
    errors = []
    for _ in range(SIMULATED):
        drawn = random.random(codes.max() + 1)[codes] < p
        errors.append(np.abs(said - np.bincount(bins, drawn)).sum() / sizes.sum())
    return {
        "value": error,
        "expected": float(np.mean(errors)),
        "high": float(np.quantile(errors, 0.95)),
        "bins": len(sizes),
    }


def _periods(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """What was forecast and what came, by snapshot day."""
    by_day = rows.groupby("as_of").agg(
        n=("label", "size"), said=("probability", "sum"), left=("label", "sum")
    )
    return [
        {"day": pd.Timestamp(day).date().isoformat(), "n": int(n), "said": float(said), "left": int(left)}
        for day, n, said, left in by_day.itertuples()
    ]


def lead_time(rows: pd.DataFrame, threshold: float) -> dict[str, Any]:
    """How many days before the loss the alarm stood, over losses that had a snapshot before them."""
    alarms = rows[["as_of", "account_id"]].assign(alarmed=rows["probability"] >= threshold)
    lost = rows.loc[
        (rows["label"] == 1) & rows["lost_on"].notna(), ["account_id", "lost_on"]
    ].drop_duplicates()
    told: dict[str, Any] = {
        "threshold": threshold,
        "churns": 0,
        "alarmed": 0,
        "median": None,
        "low": None,
        "high": None,
    }
    if lost.empty:
        return told
    leads = lead_times(alarms, lost.rename(columns={"lost_on": "churned_on"}), LEAD_WITHIN_DAYS)["lead_days"]
    known = leads.dropna()
    told |= {"churns": len(leads), "alarmed": len(known)}
    if len(known) >= 4:
        told["low"], told["median"], told["high"] = (float(x) for x in known.quantile([0.25, 0.5, 0.75]))
    return told


__all__ = [
    "average_precision", "evaluate", "expected_calibration_error", "lead_time", "loss_difference",
    "mean_with_interval", "precision_at", "reliability_with_intervals", "skill_with_interval",
]  # fmt: skip
