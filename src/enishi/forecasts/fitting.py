"""Greatest likelihood of a few positive parameters, and how well they are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    import pandas as pd

Vector: TypeAlias = NDArray[np.float64]
# Logarithms of the parameters in; log-likelihood and its slope by them out.
Likelihood: TypeAlias = Callable[[Vector], tuple[float, Vector]]

FLOOR, CEILING = -9.0, 9.0  # logarithms: .0001 to 8,100; beyond, data say nothing
WIDEST = 2.0  # standard error of a logarithm at most: a direction of which data say nothing is not told as infinite
STEP = (
    1e-2  # of a logarithm, for curvature: less, and along a ridge it is the rounding of millions of purchases
)
ALIKE = 1e-8  # log-likelihoods that differ less are equal: which is greater, the processor decides


@dataclass(frozen=True, slots=True)
class Fit:
    """Where the likelihood is greatest.

    Attributes:
        logs: (k,) logarithms of the parameters.
        covariance: (k, k) of the logarithms: the inverse of the observed information (Laplace).
        log_likelihood: there.
    """

    logs: Vector
    covariance: NDArray[np.float64]
    log_likelihood: float

    @property
    def parameters(self) -> Vector:
        return np.exp(self.logs)

    def draws(self, n: int = 200, seed: int = 0) -> NDArray[np.float64]:
        """(n, k) parameters as far as the data leave them open; the same seed gives the same."""
        values, vectors = np.linalg.eigh(self.covariance)
        # The symmetric root: which way eigenvectors point, and which are taken where values are equal, is the library's.
        root = vectors * np.sqrt(np.clip(values, 0, WIDEST**2)) @ vectors.T
        noise = np.random.default_rng(seed).standard_normal((n, len(self.logs)))
        return np.exp(self.logs + noise @ root)  # never clipped: along a ridge only the ratio is known


def fit_positive(likelihood: Likelihood, starts: Sequence[Sequence[float]]) -> Fit:
    """The best of several climbs; of equal ones the first.

    Args:
        likelihood: of the logarithms of the parameters, with its slope.
        starts: parameters to start from.
    """
    from scipy.optimize import minimize  # half a second to import: not in every process

    def down(logs: Vector) -> tuple[float, Vector]:
        value, slope = likelihood(logs)
        return -value, -slope

    found = [
        minimize(
            down,
            np.log(np.asarray(start, float)),
            jac=True,
            method="L-BFGS-B",
            bounds=[(FLOOR, CEILING)] * len(start),
            options={"ftol": 1e-14, "gtol": 1e-8, "maxiter": 1000},
        )
        for start in starts
    ]
    told = [one for one in found if np.isfinite(one.fun)]
    if not told:
        raise ValueError("no parameters fit these data: the likelihood is nowhere finite")
    least = min(one.fun for one in told)
    best = next(one for one in told if one.fun <= least + ALIKE)
    logs = np.asarray(best.x, float)
    return Fit(logs, _covariance(likelihood, logs), -float(best.fun))


def _covariance(likelihood: Likelihood, logs: Vector) -> NDArray[np.float64]:
    """Inverse of the curvature by central differences of the slope; flat directions are cut at ``WIDEST``."""
    k = len(logs)
    curvature = np.empty((k, k))
    for i in range(k):
        step = np.zeros(k)
        step[i] = STEP
        curvature[i] = (likelihood(logs - step)[1] - likelihood(logs + step)[1]) / (2 * STEP)
    values, vectors = np.linalg.eigh((curvature + curvature.T) / 2)
    return np.asarray(vectors @ np.diag(1 / np.maximum(values, 1 / WIDEST**2)) @ vectors.T)


def bounds(values: ArrayLike, level: float) -> tuple[Vector, Vector]:
    """The middle ``level`` of draws (rows), column by column."""
    tail = (1 - level) / 2
    low, high = np.quantile(np.asarray(values, float), [tail, 1 - tail], axis=0)
    return low, high


def relative_error(of: Callable[[Vector], Vector], fit: Fit, found: Vector) -> Vector:
    """Standard error of a positive figure relative to it: its slope by the parameters, laid on their covariance."""
    step = 1e-4
    slopes = []
    for i in range(len(fit.logs)):
        moved = fit.logs.copy()
        moved[i] += step
        with np.errstate(divide="ignore", invalid="ignore"):
            slopes.append((of(moved) - found) / step / found)
    slope = np.nan_to_num(np.array(slopes))
    return np.asarray(np.sqrt(np.einsum("in,ij,jn->n", slope, fit.covariance, slope)))


MANY = 6000  # rows beyond which the best start is found on every k-th of them


def climb(
    likelihood: Callable[..., Likelihood], columns: tuple[Vector, ...], starts: Sequence[Sequence[float]]
) -> Fit:
    """The greatest likelihood; of many customers one climb is enough, from where a part of them leads."""
    step = len(columns[0]) // MANY + 1
    if step > 1:
        order = np.random.default_rng(0).permutation(len(columns[0]))[::step]
        part = fit_positive(likelihood(*(column[order] for column in columns)), starts)
        starts = [part.parameters.tolist()]
    return fit_positive(likelihood(*columns), starts)


def intervals(fit: Fit, names: list[str], level: float, seed: int) -> pd.DataFrame:
    import pandas as pd

    low, high = bounds(fit.draws(2000, seed), level)
    return pd.DataFrame({"low": low, "high": high}, index=names)


NODES = np.linspace(-60.0, 30.0, 601)  # of the logit of a chance; the trapezium rule is all but exact here


def mean_over_beta(a: ArrayLike, b: ArrayLike, of: Callable[[Vector], Vector]) -> Vector:
    """The mean of a figure over customers whose chances are spread as beta(a, b), by the trapezium rule over the logit.

    Args:
        a, b: above 0, numbers or (n,).
        of: the figure at chances (n, nodes); it comes to rest towards a chance of 0 and of 1.

    Returns:
        (n,)
    """
    from scipy.special import betaln, digamma, expit, log_expit, polygamma

    low, high = (np.asarray(one, float)[:, None] for one in np.broadcast_arrays(np.atleast_1d(a), b))
    centre, spread = digamma(low) - digamma(high), np.sqrt(polygamma(1, low) + polygamma(1, high))
    narrow = np.minimum(1, 3 * spread)  # nodes lie as close as a narrow peak asks for, around it
    nodes = narrow * NODES + (1 - narrow) * centre
    share = np.exp(low * log_expit(nodes) + high * log_expit(-nodes) - betaln(low, high))
    each = of(expit(nodes))
    inside = np.trapezoid(share * each, nodes, axis=1)
    # Where nearly all chances are all but 0, or 1, many lie beyond the last node.
    return np.asarray(inside + (share * each)[:, 0] / low[:, 0] + (share * each)[:, -1] / high[:, 0])
