"""Logistic regression whose coefficients have prior means: from what experts hold to what the data say.

The posterior mode of ``y ~ Bernoulli(1 / (1 + exp(-(b0 + X b))))`` with independent normal priors
``b_j ~ N(m_j, 1 / precision_j)`` (Gelman, Jakulin, Pittau & Su 2008, Ann. Appl. Stat. 2; there with Cauchy priors).
With few outcomes ``b`` stays at ``m``, with many it is what the data say, and between there is no step.
scikit-learn's LogisticRegression shrinks to zero only, therefore this.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from enishi.forecasts.rows import each_on_a_core

Floats = NDArray[np.float64]

INTERCEPT_SD = 2.5
_STEPS = 60
_ENOUGH = 1e-9
_AT_ONCE = 2048  # rows whose weighed copy fits into the processor's cache
_SHARE = (
    16 * _AT_ONCE
)  # rows of one turn of a core: fixed, so that sums do not depend on how many cores there are
_LARGEST = 35.0  # beyond it a probability is 0 or 1 in double precision


@dataclass(frozen=True, slots=True)
class Fit:
    """A mode: ``coefficients`` (p + 1,), the intercept first, and the ``precision`` of the prior they were held by."""

    coefficients: Floats
    means: Floats
    precision: Floats
    weight: float = 1.0  # of each row, see :func:`design_effect`

    def logit(self, design: Floats) -> Floats:
        """(n,) log-odds of the rows of ``design`` (n, p); rows that are the same have the same to the last digit."""
        return np.asarray(self.coefficients[0] + added(design, self.coefficients[1:]))


def expit(logit: ArrayLike) -> Floats:
    """Probability of a log-odds; saturates without warnings."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(np.asarray(logit, float), -_LARGEST, _LARGEST))))


def log_odds(probability: float) -> float:
    """Log-odds of a probability strictly between 0 and 1."""
    return float(np.log(probability) - np.log1p(-probability))


def added(rows: Floats, weights: Floats) -> Floats:
    """(n,) ``rows @ weights``, added up alike wherever a row stands: a product of matrices ends its rows in blocks as wide
    as the processor's, so that customers who are alike would be ranked by their place in the table."""
    return np.asarray((rows * weights).sum(axis=1))


def log_loss(labels: Floats, logit: Floats) -> Floats:
    """(n,) minus the log-likelihood of each row."""
    return np.asarray(np.logaddexp(0.0, logit) - labels * logit)


def repeats(labels: ArrayLike, groups: ArrayLike) -> float:
    """Accounts that left over rows that left: how much a row counts if all rows of a loss say the same."""
    left = np.asarray(labels, float) == 1
    return len(np.unique(np.asarray(groups)[left])) / int(left.sum()) if left.any() else 1.0


def fit_logistic(
    design: Floats,
    labels: Floats,
    *,
    weights: Floats | None = None,
    means: Floats,
    precision: Floats,
    usual: float,
    start: Floats | None = None,
) -> Fit:
    """The posterior mode, by Newton's method with halved steps (the objective is strictly concave).

    Args:
        design: (n, p), columns of ordinary size; ``n`` may be 0: the fit is the prior then.
        labels: (n,) 0/1.
        weights: (n,) how many rows each stands for.
        means, precision: (p,) prior means and 1 / prior variance of the coefficients; precision > 0.
        usual: prior mean of the intercept, as log-odds; its sd is :data:`INTERCEPT_SD`.
        start: (p + 1,) where to begin, the intercept first.
    """
    return fit_rows(
        with_ones(design), labels, weights=weights, means=means, precision=precision, usual=usual, start=start
    )


def fit_rows(
    rows: Floats,
    labels: Floats,
    *,
    weights: Floats | None = None,
    means: Floats,
    precision: Floats,
    usual: float,
    start: Floats | None = None,
) -> Fit:
    """:func:`fit_logistic` of ``rows`` (n, p + 1) made by :func:`with_ones`: once for many fits of the same rows."""
    w = np.ones(len(labels)) if weights is None else weights
    middle = np.r_[usual, means]
    hold = np.r_[INTERCEPT_SD**-2, precision]
    found = middle.copy() if start is None else start.copy()
    value = _objective(rows, labels, w, found, middle, hold)
    for _ in range(_STEPS):
        p = expit(rows @ found)
        slope = rows.T @ (w * (labels - p)) - hold * (found - middle)
        curve = weighed_products(rows, w * p * (1 - p))
        curve[np.diag_indices_from(curve)] += hold
        step = np.linalg.solve(curve, slope)
        found, value, moved = _climb(rows, labels, w, found, middle, hold, step, value)
        if moved < _ENOUGH * (1 + abs(value)):
            break
    return Fit(found, means, precision, float(w.mean()) if len(w) else 1.0)


def with_ones(design: Floats) -> Floats:
    """(n, p + 1): the design after a column of ones, for the intercept."""
    return np.column_stack([np.ones(len(design)), design])


def weighed_products(rows: Floats, weights: Floats) -> Floats:
    """(p, p) ``X'WX`` for weights of at least 0, a part that fits the cache at a time; of its two equal halves one is
    worked out."""
    roots = np.sqrt(weights)

    def turn(start: int) -> Floats:
        found = np.zeros((rows.shape[1], rows.shape[1]))
        for low in range(start, min(start + _SHARE, len(rows)), _AT_ONCE):
            part = rows[low : low + _AT_ONCE] * roots[low : low + _AT_ONCE, None]
            found += part.T @ part
        return found

    return np.asarray(np.sum(each_on_a_core(turn, range(0, max(len(rows), 1), _SHARE)), axis=0))


def _objective(rows: Floats, y: Floats, w: Floats, b: Floats, middle: Floats, hold: Floats) -> float:
    return float(-(w * log_loss(y, rows @ b)).sum() - 0.5 * (hold * (b - middle) ** 2).sum())


def _climb(
    rows: Floats, y: Floats, w: Floats, b: Floats, middle: Floats, hold: Floats, step: Floats, value: float
) -> tuple[Floats, float, float]:
    for halving in range(30):
        tried = b + step / 2**halving
        reached = _objective(rows, y, w, tried, middle, hold)
        if reached >= value:
            return tried, reached, reached - value
    return b, value, 0.0


def design_effect(fit: Fit, rows: Floats, labels: Floats, groups: ArrayLike) -> float:
    """How many rows of one account are worth one row of another; at least 1.

    With snapshots every month a loss stands in one row within 30 days and in six within 180. Told six times it is more
    than one outcome where the features have moved meanwhile, but not six. The ratio of the coefficients' variance with
    scores summed by account to that with rows taken as independent (Rao & Scott 1992, Biometrics 48; Kish 1965), at a
    fit: weights of its inverse give rows the say against the prior that as many independent ones would have.

    Args:
        rows: (n, p + 1) of :func:`with_ones`.
    """
    p = expit(rows @ fit.coefficients)
    own = rows * (labels - p)[:, None]
    codes, names = _codes(groups)
    by_account = np.zeros((len(names), rows.shape[1]))
    np.add.at(by_account, codes, own)
    curve = weighed_products(rows, fit.weight * p * (1 - p))
    curve += np.diag(np.r_[INTERCEPT_SD**-2, fit.precision])
    inverse = np.linalg.inv(curve)
    clustered, alone = np.sum(inverse * (by_account.T @ by_account)), np.sum(inverse * (own.T @ own))
    return max(1.0, float(clustered / alone)) if alone > 0 else 1.0


def covariance(
    fit: Fit, design: Floats, labels: Floats, groups: ArrayLike, weights: Floats | None = None
) -> Floats:
    """(p + 1, p + 1) covariance of the coefficients where rows of one account say the same thing again.

    ``H^-1 (M + P) H^-1`` with the curvature ``H = X'WX + P``, the prior's precision ``P`` and ``M`` the sum over
    accounts of the outer products of their scores (Liang & Zeger 1986, Biometrika 73), times ``G / (G - d)`` for the
    ``d`` coefficients the data decide. With independent rows ``M`` is about ``X'WX`` and this is the Laplace
    approximation ``H^-1`` of the posterior, whose intervals also cover in repeated samples (Nychka 1988).
    """
    rows = with_ones(design)
    w = np.ones(len(labels)) if weights is None else weights
    hold = np.r_[INTERCEPT_SD**-2, fit.precision]
    p = expit(rows @ fit.coefficients)
    told = weighed_products(rows, w * p * (1 - p))
    inverse = np.linalg.inv(told + np.diag(hold))
    codes, names = _codes(groups)
    scores = np.zeros((len(names), rows.shape[1]))
    np.add.at(scores, codes, rows * (w * (labels - p))[:, None])
    decided = float(np.trace(told @ inverse))
    factor = len(names) / max(len(names) - decided, 0.25 * len(names), 1.0)
    meat = factor * scores.T @ scores
    return np.asarray(inverse @ (meat + np.diag(hold)) @ inverse)


def _codes(groups: ArrayLike) -> tuple[NDArray[np.intp], NDArray[np.object_]]:
    names, codes = np.unique(np.asarray(groups), return_inverse=True)
    return codes, names
