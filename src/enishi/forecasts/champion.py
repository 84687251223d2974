"""The standing champion: regularised logistic regression with splines, its prior strength chosen on later periods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from enishi.forecasts.features import CURVE, PRIOR, Design, learn_design
from enishi.forecasts.logistic import (
    Fit,
    covariance,
    design_effect,
    fit_rows,
    log_loss,
    log_odds,
    repeats,
    with_ones,
)
from enishi.metrics.contracts import Metric

Floats = NDArray[np.float64]

SPREADS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
"""Prior standard deviations tried, of the log-odds between customers from all features together."""
BENDS = (0.2, 1.0)
"""How much of that a curve's bent columns are allowed."""
USUAL_SPREAD = 0.5
USUAL_BEND = 0.2
LOOSE = 0.5  # sd of an expert's weight, as a share of the weight
USUAL_RATE = 0.05  # how many leave, before anything was seen; held loosely


@dataclass(frozen=True, slots=True)
class Strength:
    """How far the data may lead away from the prior."""

    spread: float = USUAL_SPREAD
    bend: float = USUAL_BEND

    @property
    def surprise(self) -> float:
        """Minus its log-prior: without outcomes the usual strength stands, and each has to be earned."""
        return (np.log(self.spread / USUAL_SPREAD) / 1.2) ** 2 / 2 + (
            np.log(self.bend / USUAL_BEND) / 1.2
        ) ** 2 / 2


STRENGTHS = tuple(Strength(*pair) for pair in product(SPREADS, BENDS))


@dataclass(frozen=True, slots=True)
class Champion:
    """A fitted logistic regression over a design."""

    design: Design
    fit: Fit
    strength: Strength
    covariance: Floats | None = None

    def logit(self, panel: pd.DataFrame) -> Floats:
        self.design.warn_of_lacking(panel)
        return self.fit.logit(self.design.matrix(panel))

    def parts(self, panel: pd.DataFrame) -> Floats:
        """(n, features): what each feature adds to the log-odds of the average customer."""
        weighted = self.design.matrix(panel) * self.fit.coefficients[1:]
        found = np.zeros((len(panel), len(self.design.features)))
        for column, owner in enumerate(self.design.owners):
            found[:, owner] += weighted[:, column]
        return found

    def as_dict(self) -> dict[str, Any]:
        spread = (
            None
            if self.covariance is None
            else self.covariance[np.tril_indices(len(self.covariance))].tolist()
        )
        return {
            "coefficients": self.fit.coefficients.tolist(),
            "means": self.fit.means.tolist(),
            "spread": self.strength.spread,
            "bend": self.strength.bend,
            "covariance": spread,
        }

    @classmethod
    def from_dict(cls, design: Design, state: Mapping[str, Any]) -> Champion:
        strength = Strength(state["spread"], state["bend"])
        means = np.asarray(state["means"], float)
        fit = Fit(np.asarray(state["coefficients"], float), means, np.full(len(means), np.nan))
        return cls(design, fit, strength, _square(state["covariance"], len(means) + 1))

    @property
    def reference(self) -> float:
        """Log-odds of the average customer."""
        return float(self.fit.coefficients[0])

    def variance(self, panel: pd.DataFrame) -> Floats:
        """(n,) variance of the log-odds from the uncertainty of the fit."""
        if self.covariance is None:
            return np.full(len(panel), np.nan)
        rows = np.column_stack([np.ones(len(panel)), self.design.matrix(panel)])
        return np.maximum(np.einsum("ij,ij->i", rows @ self.covariance, rows), 0.0)


def prepare(
    panel: pd.DataFrame,
    labels: Floats,
    groups: NDArray[Any],
    prior: Mapping[str, float],
    known: Mapping[str, Metric],
    without: Sequence[str],
) -> tuple[Design, dict[str, str]]:
    """The design for training rows, with as many knots as the outcomes can carry."""
    return learn_design(
        panel, priors=tuple(prior), knots=_knots(labels, groups), known=known, without=without
    )


def _knots(labels: Floats, groups: NDArray[Any]) -> int:
    left = pd.unique(groups[labels == 1]).size
    return 0 if left < 30 else 3 if left < 120 else 4 if left < 500 else 5


def prior_of(design: Design, prior: Mapping[str, float], strength: Strength) -> tuple[Floats, Floats]:
    """Prior means and precisions of a design's columns."""
    owners, sorts = design.owners, design.sorts
    means = np.zeros(len(sorts))
    spread = (
        2 * strength.spread / np.sqrt(max(len(design.features), 1))
    )  # columns have half a standard deviation
    deviations = np.full(len(sorts), spread)
    for column, (owner, sort) in enumerate(zip(owners, sorts, strict=True)):
        if sort == PRIOR:
            feature = design.features[owner]
            means[column] = prior[feature.name] * feature.size
            deviations[column] = max(LOOSE * abs(means[column]), 1e-6)
        elif sort == CURVE:
            deviations[column] = spread * strength.bend
    return means, deviations**-2


def fit_all(
    design: Design,
    matrix: Floats,
    labels: Floats,
    groups: NDArray[Any],
    prior: Mapping[str, float],
    strengths: Sequence[Strength] = STRENGTHS,
) -> list[Fit]:
    """One fit per strength, each begun where the one before ended. Rows of one account count as much as they are worth
    together (:func:`design_effect`), so that the prior means the same whatever the horizon and the rhythm of snapshots.
    """
    usual, start = log_odds(USUAL_RATE), None
    rows = with_ones(matrix)
    weights = np.full(len(labels), _worth(design, rows, labels, groups, prior))
    fits = []
    for strength in strengths:
        means, precision = prior_of(design, prior, strength)
        found = fit_rows(
            rows, labels, weights=weights, means=means, precision=precision, usual=usual, start=start
        )
        start = found.coefficients
        fits.append(found)
    return fits


def _worth(
    design: Design, rows: Floats, labels: Floats, groups: NDArray[Any], prior: Mapping[str, float]
) -> float:
    """What a row counts: measured where each loss counts once."""
    once = repeats(labels, groups)
    if once == 1.0:
        return 1.0
    means, precision = prior_of(design, prior, Strength())
    weights = np.full(len(labels), once)
    first = fit_rows(
        rows, labels, weights=weights, means=means, precision=precision, usual=log_odds(USUAL_RATE)
    )
    return 1 / design_effect(first, rows, labels, groups)


def choose(
    labels: Floats, logits: Floats, groups: NDArray[Any], strengths: Sequence[Strength] = STRENGTHS
) -> int:
    """Number of the strength that told rows it had not learned from best; the usual one where there are none.

    Args:
        logits: (strengths, n) what each had said of the rows.
    """
    surprise = np.array([strength.surprise for strength in strengths])
    left = labels == 1
    if not left.any():
        return int(np.argmin(surprise))
    once = repeats(labels, groups)
    loss = np.array([once * log_loss(labels, logit).sum() for logit in logits])
    return int(np.argmin(loss + surprise))


def with_covariance(champion: Champion, matrix: Floats, labels: Floats, groups: NDArray[Any]) -> Champion:
    """The champion with the uncertainty of its coefficients, to six digits (as it is kept)."""
    weights = np.full(len(labels), champion.fit.weight)
    found = rounded(covariance(champion.fit, matrix, labels, groups, weights))
    kept = _square(found[np.tril_indices(len(found))].tolist(), len(found))
    return Champion(champion.design, champion.fit, champion.strength, kept)


def rounded(values: Floats) -> Floats:
    """To six significant digits: what is written as JSON comes back the same."""
    return np.array([float(f"{x:.6g}") for x in np.ravel(values)]).reshape(values.shape)


def _square(lower: Sequence[float] | None, size: int) -> Floats | None:
    """A symmetric matrix from its lower half."""
    if lower is None:
        return None
    found = np.zeros((size, size))
    found[np.tril_indices(size)] = lower
    return found + np.tril(found, -1).T
