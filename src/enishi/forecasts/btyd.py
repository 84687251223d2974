"""Customers without a contract, who buy until they are gone: how often (BG/NBD)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from enishi.forecasts.columns import check_frequency, check_length, column, plain, refuse
from enishi.forecasts.estimator import Estimator
from enishi.forecasts.fitting import Fit, Vector, bounds, climb, intervals, mean_over_beta, relative_error

if TYPE_CHECKING:
    import pandas as pd


class BetaGeometricNBD(Estimator):
    """How often a customer will buy, and whether there still is one (BG/NBD).

    While alive a customer buys at an own, constant rate (gamma with shape ``r`` and rate ``alpha`` over customers); after
    every purchase an own, constant chance decides whether it was the last (beta with ``a`` and ``b``).

    Source: Fader, Hardie & Lee (2005), "Counting your customers" the easy way, Marketing Science 24(2): likelihood
    equation 6, conditional expectation equation 10, here after Euler's transformation, whose terms neither overflow nor
    cancel for customers who buy often: with ``z = t / (alpha + T + t)`` the decay is ``(1 - z) ** (a - 1) 2F1(a + b - 1 -
    r, a - 1; a + b + x - 1; z)``.

    Args:
        level, seed: of intervals, and of the draws behind them.

    Attributes:
        r_, alpha_, a_, b_: the parameters; ``alpha_`` in the unit of time of the data.
        log_likelihood_: at these. n_: customers; repeaters_: of them with a repeat.
        confidence_interval_: frame with ``low`` and ``high`` by parameter (Laplace, on the log scale).
    """

    r_: float
    alpha_: float
    a_: float
    b_: float
    log_likelihood_: float
    n_: int
    repeaters_: int
    fit_: Fit

    def __init__(self, level: float = 0.95, seed: int = 0) -> None:
        self.level = level
        self.seed = seed

    def fit(self, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Self:
        """Fit.

        Args:
            frequency: (n,) repeat purchases: occasions after the first.
            recency: (n,) time from the first purchase to the last; 0 without a repeat.
            T: (n,) time from the first purchase to the end of the observation, in the same unit.

        Raises:
            ValueError: lengths differ, a value is missing or cannot be (the message names the row), or nobody bought
                again.
        """
        x, tx, end = _read_history(frequency, recency, T)
        if not (x > 0).any():
            raise ValueError(f"none of {len(x)} customers bought again: there is nothing to learn from")
        scale = float(end.max())
        counted = _counted(x, tx / scale, end / scale)
        starts = ((1.0, 0.5, 1.0, 2.0), (0.3, 0.1, 0.5, 1.5), (2.0, 1.0, 0.2, 2.0))
        fit = climb(_bgnbd_likelihood, counted, starts)
        # The scale of time moves alpha alone, and each purchase's density by its own unit.
        logs = fit.logs + np.array([0.0, np.log(scale), 0.0, 0.0])
        self.log_likelihood_ = fit.log_likelihood - float(x.sum()) * float(np.log(scale))
        self.fit_ = Fit(logs, fit.covariance, self.log_likelihood_)
        self.r_, self.alpha_, self.a_, self.b_ = (float(v) for v in np.exp(logs))
        self.n_, self.repeaters_ = len(x), int((x > 0).sum())
        return self

    def expected_purchases(
        self, t: ArrayLike, frequency: ArrayLike = 0, recency: ArrayLike = 0, T: ArrayLike = 0
    ) -> Any:
        """Purchases to expect in the next ``t`` units of time, given the past; without a past, of a new customer.

        Args:
            t, frequency, recency, T: numbers or arrays that broadcast.

        Raises:
            ValueError: a value is missing or cannot be (the message names the row).
        """
        return plain(_expected(*self._parameters, *_read_asked(t, frequency, recency, T)))

    def expected_purchases_interval(
        self,
        t: ArrayLike,
        frequency: ArrayLike = 0,
        recency: ArrayLike = 0,
        T: ArrayLike = 0,
        draws: int = 100,
    ) -> tuple[Any, Any]:
        """The interval of :meth:`expected_purchases`, of the uncertainty of the parameters."""
        asked = _read_asked(t, frequency, recency, T)
        drawn = np.array(
            [_expected(r, alpha, a, b, *asked) for r, alpha, a, b in self.fit_.draws(draws, self.seed)]
        )
        low, high = bounds(drawn, self.level)
        return plain(low), plain(high)

    def discounted_purchases(
        self,
        frequency: ArrayLike,
        recency: ArrayLike,
        T: ArrayLike,
        horizon: float,
        discount: float,
        steps: int = 10,
    ) -> tuple[Vector, Vector]:
        """Purchases to expect within a horizon, each divided by what waiting for it costs.

        Args:
            frequency, recency, T: (n,) as for :meth:`fit`.
            horizon: in the unit of time of the data. discount: per that unit, 0 or more.
            steps: equal parts of the horizon, whose purchases count in their middle.

        Returns:
            (n,) the sum, and its standard error relative to it, of the uncertainty of the parameters (delta method).
        """
        x, tx, end = _read_history(frequency, recency, T)
        edges = np.linspace(0, horizon, steps + 1)
        weight = (1 + discount) ** (-(edges[1:] + edges[:-1]) / 2)

        def total(logs: Vector) -> Vector:
            r, alpha, a, b = np.exp(logs)
            sums = [_expected(r, alpha, a, b, np.full(len(x), edge), x, tx, end) for edge in edges]
            return np.asarray(np.diff(np.array(sums), axis=0).T @ weight)

        found = total(self.fit_.logs)
        return found, relative_error(total, self.fit_, found)

    def p_alive(
        self, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike, without_repeat: float = np.nan
    ) -> Any:
        """Chance that a customer has not bought for the last time yet.

        By the model nobody leaves before a first repeat: the formula is 1 for every customer without one, however long
        silent. Ranked by it, the most forgotten come out as the safest. They get ``without_repeat`` instead; do not
        take this for a probability to churn over everyone.

        Args:
            without_repeat: for customers without a repeat; 1.0 gives the formula's value.
        """
        x, tx, end = _read_history(frequency, recency, T)
        alive = np.where(x > 0, _alive(*self._parameters, x, tx, end), without_repeat)
        shape = np.broadcast_shapes(np.shape(frequency), np.shape(recency), np.shape(T))
        return plain(alive.reshape(shape))

    @property
    def _parameters(self) -> tuple[float, float, float, float]:
        return self.r_, self.alpha_, self.a_, self.b_

    @property
    def confidence_interval_(self) -> pd.DataFrame:
        return intervals(self.fit_, ["r", "alpha", "a", "b"], self.level, self.seed)


def _read_history(frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> tuple[Vector, Vector, Vector]:
    x, tx, end = column("frequency", frequency), column("recency", recency), column("T", T)
    check_length({"frequency": x, "recency": tx, "T": end})
    _check_history(x, tx, end)
    return x, tx, end


def _check_history(x: Vector, tx: Vector, end: Vector) -> None:
    check_frequency(x)
    refuse(tx < 0, "recency", tx, "is below 0")
    refuse(
        end < tx, "T", end, "is less than recency: the last purchase lies after the end of the observation"
    )
    refuse((x == 0) & (tx > 0), "recency", tx, "is above 0 without a repeat purchase")
    refuse((x > 0) & (tx == 0), "recency", tx, "is 0 in spite of repeats: count purchases of one day as one")


def _read_asked(
    t: ArrayLike, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike
) -> tuple[Vector, Vector, Vector, Vector]:
    ahead, x, tx, end = (
        np.asarray(v, float)
        for v in np.broadcast_arrays(*(np.asarray(v, float) for v in (t, frequency, recency, T)))
    )
    refuse(~(ahead.ravel() >= 0), "t", ahead.ravel(), "is no time ahead")
    for name, values in (("frequency", x), ("recency", tx), ("T", end)):
        refuse(~np.isfinite(values.ravel()), name, values.ravel(), "is missing")
    _check_history(x.ravel(), tx.ravel(), end.ravel())
    return ahead, x, tx, end


def _counted(x: Vector, tx: Vector, end: Vector) -> tuple[Vector, Vector, Vector, Vector]:
    """Customers with the same history once, and how many they are."""
    rows, counts = np.unique(np.column_stack([x, tx, end]), axis=0, return_counts=True)
    return rows[:, 0], rows[:, 1], rows[:, 2], counts.astype(float)


def _bgnbd_likelihood(
    x: Vector, tx: Vector, end: Vector, n: Vector
) -> Callable[[Vector], tuple[float, Vector]]:
    """What depends on the number of purchases alone is told once per number: most customers share it with others."""
    from scipy.special import digamma, gammaln

    counts, of = np.unique(x, return_inverse=True)
    customers = np.bincount(of, n)
    again = x > 0
    never_end, never = end[~again], n[~again]
    x, tx, end, n, of = x[again], tx[again], end[again], n[again], of[again]

    def of_counts(r: float, alpha: float, a: float, b: float) -> tuple[float, list[float]]:
        """The part of likelihood and slopes that goes by the number of purchases."""
        value = gammaln(r + counts) - gammaln(r) + r * np.log(alpha)
        value += gammaln(a + b) + gammaln(b + counts) - gammaln(b) - gammaln(a + b + counts)
        both, after = digamma(a + b), digamma(a + b + counts)
        slopes = (
            r * (digamma(r + counts) - digamma(r) + np.log(alpha)), np.full(len(counts), r), a * (both - after),
            b * (both + digamma(b + counts) - digamma(b) - after),
        )  # fmt: skip
        return float(customers @ value), [float(customers @ slope) for slope in slopes]

    def at(logs: Vector) -> tuple[float, Vector]:
        r, alpha, a, b = np.exp(logs)
        value, slope = of_counts(r, alpha, a, b)
        alone = np.log(alpha + never_end)
        value -= r * float(never @ alone)
        slope[0] -= r * float(never @ alone)
        slope[1] -= r * alpha * float(never @ (1 / (alpha + never_end)))
        late, last = np.log(alpha + end), np.log(alpha + tx)
        risen = np.log(a) - np.log(b + counts[counts > 0] - 1)
        gone = risen[of - len(counts) + len(risen)] - (r + x) * last
        stay = -(r + x) * late
        either = np.logaddexp(stay, gone)
        there, left = np.exp(stay - either), np.exp(gone - either)  # their shares in the likelihood
        value += float(n @ either)
        weighed = n * left
        slope[0] -= r * float((n * there) @ late + weighed @ last)
        slope[1] -= alpha * float(((r + x) * n) @ (there / (alpha + end) + left / (alpha + tx)))
        slope[2] += float(weighed.sum())
        slope[3] -= b * float(weighed @ (1 / (b + x - 1)))
        return value, np.array(slope)

    return at


def _alive(r: float, alpha: float, a: float, b: float, x: Vector, tx: Vector, end: Vector) -> Vector:
    """P(alive | x, t_x, T): 1 without a repeat."""
    odds = np.log(a) - np.log(np.where(x > 0, b + x - 1, 1)) + (r + x) * np.log((alpha + end) / (alpha + tx))
    return np.where(x > 0, 1 / (1 + np.exp(np.minimum(odds, 700))), 1.0)


def _expected(
    r: float, alpha: float, a: float, b: float, t: Vector, x: Vector, tx: Vector, end: Vector
) -> Vector:
    from scipy.special import hyp2f1

    if abs(a - 1) < 1e-6:
        a = 1 + 1e-6  # the formula is 0 / 0 there, and smooth around it
    ahead = t / (alpha + end)
    z = t / (alpha + end + t)
    with np.errstate(all="ignore"):  # where churn hardly varies, a and b run off, and this is 0 x infinity
        decay = (1 - z) ** (a - 1) * hyp2f1(a + b - 1 - r, a - 1, a + b + x - 1, z)
        known = np.asarray((a + b + x - 1) / (a - 1) * (1 - decay))
    lacking = ~np.isfinite(known)
    if lacking.any():
        known = np.array(known)
        rows = np.flatnonzero(lacking)
        for part in np.array_split(rows, len(rows) // CHUNK + 1):
            known.flat[part] = _of_alive(r + x.flat[part], a, b + x.flat[part], ahead.flat[part])
    return np.asarray(known * _alive(r, alpha, a, b, x, tx, end))


CHUNK = 1000


def _of_alive(shape: Vector, a: float, b: Vector, ahead: Vector) -> Vector:
    """The same expectation of a customer known to be alive, as the integral it stands for: over the chance ``p`` that a
    purchase is the last, of ``(1 - (1 + p ahead) ** -shape) / p``."""
    return mean_over_beta(a, b, lambda p: -np.expm1(-shape[:, None] * np.log1p(p * ahead[:, None])) / p)
