"""Was this the right customer? A score on declared axes, and whether it told who stayed and grew.

The score is a weighted mean of points 0-100; what is unknown is left out and said (coverage), never put in the middle. The
test asks of customers sold at least a year ago whether the fit *as known on the day of the sale* ranks who was still there
a year later and who had grown. A sale whose year is not over is censored: it is neither kept nor lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from enishi.forecasts.evaluation import Interval, auc, auc_difference, auc_with_interval, wilson
from enishi.forecasts.logistic import added, covariance, fit_logistic, log_odds

Floats = NDArray[np.float64]

YEAR = 365
LEAST_OUTCOMES = 20  # lost and kept, each, before the fit's ranking is told
LEAST_IN_BAND = 10  # customers of a band before its rate is told
LEAST_TO_LEARN = 40  # lost before weights are learned
MANY = 5_000  # customers; beyond, fewer draws give the same interval
LEAST_LATER = 10  # lost and kept, each, of the later sales weights are tried on
PRIOR_SD = 0.35  # of a learned weight around the declared one, in units of the whole score's slope
BANDS = ("good", "fair", "poor")


@dataclass(frozen=True, slots=True)
class Part:
    """An input of an axis: its ``weight`` counts among the axis's inputs, ``axis_weight`` among the axes."""

    id: str
    axis: str
    weight: float
    axis_weight: float


@dataclass(frozen=True, slots=True)
class Fitness:
    """Scores of n customers.

    Args:
        tenths: (n,) the score in tenths, NaN where too little is known.
        coverage: (n,) share of the weight that is known, 0..1.
        lines: (n, parts) tenths each input brought; a row's known lines sum exactly to its ``tenths``.
        shares: (n, parts) the weight each input had, summing to 1 over what is known.
        axes: (n, axes) points 0-100 of each axis, NaN where nothing of it is known; columns in order of appearance.
    """

    tenths: pd.Series[Any]
    coverage: pd.Series[Any]
    lines: pd.DataFrame
    shares: pd.DataFrame
    axes: pd.DataFrame


def score_fit(
    points: pd.DataFrame, parts: Sequence[Part], minimum_coverage: float = 0.0, optional: Sequence[str] = ()
) -> Fitness:
    """Score customers on the axes: inputs to axes, axes to the score, by weights over what is known.

    Args:
        points: index customer, a column per part id, 0-100 or NaN for unknown.
        minimum_coverage: share of the weight that must be known.
        optional: parts that count when they are known and are not missed when they are not (stated by hand).
    """
    ids = [part.id for part in parts]
    table = points.reindex(columns=ids).to_numpy(float)
    known = np.isfinite(table)
    shares, coverage = _shares(known, parts, set(optional))
    exact = np.where(known, shares * np.nan_to_num(table), 0.0) * 10
    told = (coverage >= minimum_coverage - 1e-9) & known.any(axis=1) & (shares.sum(axis=1) > 0)
    totals = np.floor(exact.sum(axis=1) + 0.5 + 1e-9)  # a half is a half in whatever order it is added up
    lines = add_up(exact, totals.astype(np.int64))
    index = points.index
    return Fitness(
        tenths=pd.Series(np.where(told, totals, np.nan), index=index),
        coverage=pd.Series(coverage, index=index),
        lines=pd.DataFrame(lines, index=index, columns=ids),
        shares=pd.DataFrame(shares, index=index, columns=ids),
        axes=_axis_points(table, known, parts, index),
    )


def _shares(known: NDArray[np.bool_], parts: Sequence[Part], optional: set[str]) -> tuple[Floats, Floats]:
    """(n, parts) share of each known input in the score, and (n,) how much of the declared weight is known."""
    shares = np.zeros(known.shape)
    axis_weight: Floats = np.zeros(len(known))
    coverage: Floats = np.zeros(len(known))
    wanted = 0.0
    for columns, weight in _by_axis(parts):
        inner = np.array([parts[i].weight for i in columns], float)
        needed = np.array([parts[i].weight * (parts[i].id not in optional) for i in columns], float)
        have = known[:, columns] * inner
        total = have.sum(axis=1, keepdims=True)
        shares[:, columns] = weight * np.divide(have, total, out=np.zeros_like(have), where=total > 0)
        axis_weight += weight * (total[:, 0] > 0)
        if needed.sum() > 0:
            wanted += weight
            coverage += weight * np.maximum(
                (known[:, columns] * needed).sum(axis=1) / needed.sum(), _only_stated(have, needed)
            )
    whole = axis_weight[:, None]
    shares = np.divide(shares, whole, out=np.zeros_like(shares), where=whole > 0)
    return shares, coverage / wanted if wanted else (axis_weight > 0).astype(float)


def _only_stated(have: Floats, needed: Floats) -> Floats:
    """1 where a person has stated the axis: then nothing of it is missing."""
    return np.asarray(((have > 0) & (needed == 0)).any(axis=1), float)


def _by_axis(parts: Sequence[Part]) -> list[tuple[list[int], float]]:
    axes = dict.fromkeys(part.axis for part in parts)
    return [
        (
            [i for i, part in enumerate(parts) if part.axis == axis],
            next(p.axis_weight for p in parts if p.axis == axis),
        )
        for axis in axes
    ]


def _axis_points(
    table: Floats, known: NDArray[np.bool_], parts: Sequence[Part], index: pd.Index[Any]
) -> pd.DataFrame:
    found: dict[str, Floats] = {}
    for columns, _weight in _by_axis(parts):
        inner = known[:, columns] * np.array([parts[i].weight for i in columns], float)
        total = inner.sum(axis=1)
        sums = (inner * np.nan_to_num(table[:, columns])).sum(axis=1)
        found[parts[columns[0]].axis] = np.divide(
            sums, total, out=np.full(len(table), np.nan), where=total > 0
        )
    return pd.DataFrame(found, index=index)


def add_up(exact: Floats, totals: NDArray[np.int64]) -> NDArray[np.int64]:
    """Whole numbers that sum to the row's total, by largest remainders; ties go to the earlier part."""
    snapped = np.round(exact, 9)
    floors = np.floor(snapped).astype(np.int64)
    missing = totals - floors.sum(axis=1)
    order = np.argsort(floors - snapped, axis=1, kind="stable")
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.broadcast_to(np.arange(exact.shape[1]), order.shape), axis=1)
    return np.asarray(floors + (place < missing[:, None]), np.int64)


def band_of(tenths: pd.Series[Any], good: float, poor: float) -> pd.Series[Any]:
    """``good`` from ``good`` points on, ``poor`` below ``poor``, ``fair`` between, "" where unknown."""
    values = tenths.to_numpy(float)
    bands = np.select(
        [np.isnan(values), values >= 10 * good, values < 10 * poor], ["", "good", "poor"], "fair"
    )
    return pd.Series(bands, index=tenths.index)


# ------------------------------------------------------------------------------------------ what came of it


def after_a_year(
    moves: pd.DataFrame, notices: pd.Series[Any], sold: pd.Series[Any], first_loss: int | None, until: int
) -> pd.DataFrame:
    """What had become of each sale a year later.

    A sale is *observed* where its whole year lies in the record: not before the first loss on record (of the customers of
    earlier days only those are known who stayed), and over by ``until``. Others are censored.

    Args:
        moves: of recurring revenue (:func:`enishi.metrics.revenue.movements`): account_id, day, kind, amount, after.
        notices: account -> first day of a notice to leave that led to the end; missing or NaN: none.
        sold: account -> day number of the sale.
        first_loss: day number of the earliest loss on record; None where none was.
        until: last day observed.

    Returns:
        Index account: ``observed``, ``opening`` (money a month on the day of the sale), ``closing`` (a year later, 0 if
        lost), ``left`` (1 lost within the year, by the earlier of notice and end; 0 kept; NaN censored), ``left_on``
        (day number, NaN: not within the record).
    """
    mine = moves[moves["account_id"].isin(sold.index)]
    begin = sold.reindex(mine["account_id"]).to_numpy(float)
    day = mine["day"].to_numpy(float)
    opening = _last_after(mine[day <= begin], sold.index)
    closing = _last_after(mine[day <= begin + YEAR], sold.index)
    churned = mine[(mine["kind"] == "churn").to_numpy() & (day > begin) & (day <= until)]
    ends = churned.groupby("account_id")["day"].min().reindex(sold.index).astype(float)
    told = notices.reindex(sold.index).astype(float)
    told = told.where((told >= sold) & (told <= until))
    left_on = pd.concat([ends, told], axis=1).min(axis=1)
    observed = (sold + YEAR <= until) & (opening > 0)
    observed &= (sold >= first_loss) if first_loss is not None else False
    gone = (left_on <= sold + YEAR).astype(float)
    return pd.DataFrame(
        {
            "observed": observed,
            "opening": opening,
            "closing": closing.where(gone == 0, 0.0),
            "left": gone.where(observed),
            "left_on": left_on,
        }
    )


def _last_after(moves: pd.DataFrame, index: pd.Index[Any]) -> pd.Series[Any]:
    """Money in force after the last of these movements, 0 without any."""
    return moves.groupby("account_id")["after"].last().reindex(index).fillna(0).astype(float)


# ------------------------------------------------------------------------------------------ does the fit tell?


def check_against_history(rows: pd.DataFrame) -> dict[str, Any]:
    """Whether the fit at the sale told who stayed and who grew, beside size alone and the base rate.

    Args:
        rows: one row per customer sold (index): ``tenths``, ``band``, ``size`` (any measure of size at the sale; NaN
            unknown), ``observed``, ``left``, ``opening``, ``closing``.

    Returns:
        Plain JSON: ``sold``, ``observed``, ``known`` (observed with a fit), ``lost``, ``base`` (share kept, with interval),
        ``nrr``; ``stayed`` and ``grew``: AUC of the fit, of size alone, their difference (95 %, customers resampled), or
        None with ``have`` and ``need``; ``bands``; ``verdict``: early | tells | beats_size | unclear | misleads.
    """
    seen = rows[rows["observed"].astype(bool)]
    known = seen[seen["tenths"].notna()]
    left = known["left"].to_numpy(float)
    found: dict[str, Any] = {
        "sold": len(rows),
        "observed": len(seen),
        "known": len(known),
        "lost": int(left.sum()),
        "base": wilson(len(known) - int(left.sum()), len(known)).as_dict(),
        "nrr": _nrr(known).as_dict(),
        "bands": [_band(band, known[known["band"] == band]) for band in BANDS],
    }
    grown = np.asarray(known["closing"] > known["opening"], dtype=np.float64)
    found["stayed"] = _ranking(1.0 - left, known)
    found["grew"] = _ranking(grown, known)
    found["verdict"] = _verdict(found["stayed"])
    return found


def _ranking(labels: Floats, rows: pd.DataFrame) -> dict[str, Any]:
    """How well the fit and size alone rank an outcome, or how much is missing to say so."""
    have = int(min(labels.sum(), (1 - labels).sum())) if len(labels) else 0
    if have < LEAST_OUTCOMES:
        return {"fit": None, "have": have, "need": LEAST_OUTCOMES, "n": len(labels)}
    fit = rows["tenths"].to_numpy(float)
    size = rows["size"].to_numpy(float)
    groups = rows.index.to_numpy()
    both = np.isfinite(size)
    draws = 1000 if len(rows) <= MANY else 200
    found: dict[str, Any] = {
        "fit": auc_with_interval(labels, fit, groups, draws).as_dict(),
        "have": have,
        "need": LEAST_OUTCOMES,
        "n": len(labels),
    }
    if both.sum() >= 2 * LEAST_OUTCOMES and auc(labels[both], size[both]) is not None:
        found["size"] = auc_with_interval(labels[both], size[both], groups[both], draws).as_dict()
        found["gain"] = auc_difference(labels[both], fit[both], size[both], groups[both], draws).as_dict()
    return found


def _verdict(stayed: dict[str, Any]) -> str:
    told = stayed["fit"]
    if told is None:
        return "early"
    if told["low"] is not None and told["low"] > 0.5:
        gain = stayed.get("gain")
        return "beats_size" if gain and gain["low"] is not None and gain["low"] > 0 else "tells"
    return "misleads" if told["high"] is not None and told["high"] < 0.5 else "unclear"


def _band(band: str, rows: pd.DataFrame) -> dict[str, Any]:
    """Retention and NRR after a year of a band, or how many customers are missing to tell them."""
    n, lost = len(rows), int(rows["left"].sum())
    told = n >= LEAST_IN_BAND
    return {
        "band": band,
        "n": n,
        "need": LEAST_IN_BAND,
        "kept": wilson(n - lost, n).as_dict() if told else None,
        "nrr": _nrr(rows).as_dict() if told else None,
    }


def _nrr(rows: pd.DataFrame, draws: int = 1000, seed: int = 0, level: float = 0.95) -> Interval:
    """Closing over opening money, the interval over customers drawn with replacement."""
    opening, closing = rows["opening"].to_numpy(float), rows["closing"].to_numpy(float)
    if not len(rows) or opening.sum() <= 0:
        return Interval(None)
    random = np.random.default_rng(seed)
    n = len(rows)
    ratios = []
    for begin in range(0, draws, 100):
        weights = random.multinomial(n, np.full(n, 1 / n), size=min(100, draws - begin)).astype(float)
        ratios.append((weights @ closing) / np.maximum(weights @ opening, 1e-12))
    low, high = np.quantile(np.concatenate(ratios), [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(closing.sum() / opening.sum()), float(low), float(high), n, n)


# --------------------------------------------------------------------------------- weights that fit the past


def suggest_weights(axes: pd.DataFrame, rows: pd.DataFrame, declared: Sequence[float]) -> dict[str, Any]:
    """Weights of the axes by which the past is told best, held to the declared ones where the past says little.

    A logistic regression of "stayed a year" on the axes' points; prior means are the declared weights times the slope of
    the declared score itself, so that without evidence the suggestion is what is declared. Tried on later sales: learned
    only from those whose year was over before the first of them (no look-ahead).

    Args:
        axes: (n, k) points 0-100 of each axis, NaN unknown (left at the mean of those known).
        rows: same index: ``sold`` (day number), ``observed``, ``left``.
        declared: k weights.

    Returns:
        Plain JSON: ``have``/``need`` where too few were lost; else ``weights`` (sum 100), ``low``, ``high`` (95 %),
        ``test``: ``n``, ``lost``, AUC of declared and suggested on the later sales and their difference, or None with
        what is missing; ``better`` whether the difference is more than chance.
    """
    mine = rows[rows["observed"].astype(bool) & axes.notna().any(axis=1)]
    left = mine["left"].to_numpy(float)
    have = int(min(left.sum(), (1 - left).sum())) if len(left) else 0
    if have < LEAST_TO_LEARN or axes.shape[1] < 2 or sum(declared) <= 0:
        return {"have": have, "need": LEAST_TO_LEARN}
    table = axes.loc[mine.index]
    shares = np.asarray(declared, float) / sum(declared)
    weights, low, high = _learned(table, 1 - left, shares)
    return {
        "have": have, "need": LEAST_TO_LEARN, "n": len(mine), "names": list(axes.columns),
        "declared": _hundred(shares), "weights": _hundred(weights), "low": _hundred(low), "high": _hundred(high),
        **_tried(table, mine, shares),
    }  # fmt: skip


def _hundred(shares: Floats) -> list[float]:
    return [round(100 * float(share), 1) for share in shares]


def _design(axes: pd.DataFrame, means: pd.Series[Any]) -> Floats:
    return np.asarray((axes.fillna(means.fillna(50.0)) - means.fillna(50.0)).to_numpy(float) / 100)


def _learned(axes: pd.DataFrame, stayed: Floats, shares: Floats) -> tuple[Floats, Floats, Floats]:
    """Weights (summing to 1) with their intervals; what speaks against staying has none."""
    means = axes.mean()
    x = _design(axes, means)
    usual = log_odds(float(np.clip(stayed.mean(), 0.02, 0.98)))
    whole = fit_logistic(
        (x @ shares)[:, None], stayed, means=np.ones(1), precision=np.full(1, 0.25), usual=usual
    )
    slope = max(float(whole.coefficients[1]), 1.0)
    precision = np.full(len(shares), (PRIOR_SD * slope) ** -2)
    fit = fit_logistic(x, stayed, means=slope * shares, precision=precision, usual=usual)
    spread = 1.96 * np.sqrt(np.diag(covariance(fit, x, stayed, np.arange(len(x))))[1:])
    raw = fit.coefficients[1:]
    total = float(np.maximum(raw, 0).sum()) or 1.0
    return tuple(np.clip(np.maximum(one, 0) / total, 0, 1) for one in (raw, raw - spread, raw + spread))  # type: ignore[return-value]


def _tried(axes: pd.DataFrame, rows: pd.DataFrame, shares: Floats) -> dict[str, Any]:
    """The suggestion learned on earlier sales, tried on later ones, beside the declared weights."""
    sold, left = rows["sold"].to_numpy(float), rows["left"].to_numpy(float)
    cut = _cut(sold, left)
    if cut is None:
        return {"test": None, "better": False}
    early, later = sold + YEAR < cut, sold >= cut
    means = axes[early].mean()
    weights, _low, _high = _learned(axes[early], 1 - left[early], shares)
    x, labels, groups = _design(axes[later], means), 1 - left[later], rows.index[later].to_numpy()
    suggested, stated = added(x, weights), added(x, shares)
    gain = auc_difference(labels, suggested, stated, groups)
    return {
        "test": {
            "n": int(later.sum()), "lost": int(left[later].sum()), "learned_from": int(early.sum()),
            "declared": auc(labels, stated), "suggested": auc(labels, suggested), "gain": gain.as_dict(),
        },
        "better": gain.low is not None and gain.low > 0,
    }  # fmt: skip


def _cut(sold: Floats, left: Floats) -> float | None:
    """The latest first day of later sales with enough outcomes on both sides; None where there is none."""
    for share in (0.7, 0.6, 0.5, 0.4):
        cut = float(np.quantile(sold, share))
        sides = (left[sold + YEAR < cut], left[sold >= cut])
        if all(min(side.sum(), (1 - side).sum()) >= LEAST_LATER for side in sides):
            return cut
    return None
