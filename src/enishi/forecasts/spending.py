"""Customers without a contract, who buy until they are gone: how much each time (Gamma-Gamma)."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from enishi.forecasts.columns import check_frequency, check_length, column, plain, refuse
from enishi.forecasts.estimator import Estimator
from enishi.forecasts.fitting import Fit, Vector, bounds, climb, intervals, relative_error

if TYPE_CHECKING:
    import pandas as pd


class GammaGamma(Estimator):
    """What a customer spends on an occasion, told from few occasions (Gamma-Gamma).

    The amounts of one customer scatter around an own mean (gamma with shape ``p``), and means differ (their rate is gamma
    with ``q`` and ``v``). It assumes that how much has nothing to do with how often: see ``correlation_``.

    Source: Fader, Hardie & Lee (2005), RFM and CLV: using iso-value curves for customer base analysis, Journal of
    Marketing Research 42(4); Fader & Hardie (2013), The Gamma-Gamma model of monetary value, equations 1a and 5.

    Args:
        level, seed: of intervals, and of the draws behind them.

    Attributes:
        p_, q_, v_: the parameters; ``v_`` in the unit of money of the data.
        log_likelihood_: at these. n_: customers with a repeat.
        correlation_: of frequency and mean amount; near 0 where the assumption holds.
        confidence_interval_: frame with ``low`` and ``high`` by parameter (Laplace, on the log scale).
    """

    p_: float
    q_: float
    v_: float
    log_likelihood_: float
    n_: int
    correlation_: float
    fit_: Fit

    def __init__(self, level: float = 0.95, seed: int = 0) -> None:
        self.level = level
        self.seed = seed

    def fit(self, frequency: ArrayLike, monetary_value: ArrayLike) -> Self:
        """Fit.

        Args:
            frequency: (n,) occasions the mean is of: the repeat purchases. Rows with 0 say nothing and are left out.
            monetary_value: (n,) mean amount of these occasions.

        Raises:
            ValueError: lengths differ, an amount of a customer with a repeat is missing or not above 0, or a frequency
                is no whole number (the message names the row), or fewer than two customers bought again.
        """
        x, z = _read_spend(frequency, monetary_value)
        bought = x > 0
        if bought.sum() < 2:
            raise ValueError(f"{int(bought.sum())} customers bought again; two are the least to compare")
        x, z = x[bought], z[bought]
        scale = float(np.median(z))
        starts = ((2.0, 3.0, 1.0), (6.0, 4.0, 0.5), (1.0, 10.0, 8.0))
        fit = climb(_spend_likelihood, (x, z / scale), starts)
        logs = fit.logs + np.array([0.0, 0.0, np.log(scale)])
        self.log_likelihood_ = fit.log_likelihood - len(z) * float(np.log(scale))
        self.fit_ = Fit(logs, fit.covariance, self.log_likelihood_)
        self.p_, self.q_, self.v_ = (float(v) for v in np.exp(logs))
        self.n_ = len(z)
        varied = np.std(x) > 0 and np.std(z) > 1e-12 * scale  # less is rounding
        self.correlation_ = float(np.corrcoef(x, z)[0, 1]) if varied else 0.0
        if self.q_ <= 1:
            warnings.warn(
                f"q is {self.q_:.2f}: a few customers spend without bound, and the mean over new customers is not "
                "defined; expected_spend gives NaN for customers without a repeat",
                stacklevel=2,
            )
        return self

    def expected_spend(self, frequency: ArrayLike = 0, monetary_value: ArrayLike = 0) -> Any:
        """Mean amount to expect on an occasion: between the customer's own mean and that of all, the nearer to the own
        the more occasions were seen.

        Args:
            frequency, monetary_value: numbers or arrays that broadcast; 0 and anything for a customer without a repeat.

        Raises:
            ValueError: as for :meth:`fit`.
        """
        shape = np.broadcast_shapes(np.shape(frequency), np.shape(monetary_value))
        x, z = _read_spend(
            np.broadcast_to(frequency, shape).ravel(), np.broadcast_to(monetary_value, shape).ravel()
        )
        return plain(_spend(self.p_, self.q_, self.v_, x, z).reshape(shape))

    def expected_spend_interval(
        self, frequency: ArrayLike = 0, monetary_value: ArrayLike = 0, draws: int = 100
    ) -> tuple[Any, Any]:
        """The interval of :meth:`expected_spend`, of the uncertainty of the parameters."""
        shape = np.broadcast_shapes(np.shape(frequency), np.shape(monetary_value))
        x, z = _read_spend(
            np.broadcast_to(frequency, shape).ravel(), np.broadcast_to(monetary_value, shape).ravel()
        )
        drawn = np.array([_spend(p, q, v, x, z) for p, q, v in self.fit_.draws(draws, self.seed)])
        low, high = bounds(drawn, self.level)
        return plain(low.reshape(shape)), plain(high.reshape(shape))

    def relative_error(self, frequency: ArrayLike, monetary_value: ArrayLike) -> Vector:
        """(n,) standard error of :meth:`expected_spend` relative to it (delta method)."""
        x, z = _read_spend(frequency, monetary_value)

        def spend(logs: Vector) -> Vector:
            p, q, v = np.exp(logs)
            return _spend(p, q, v, x, z)

        return relative_error(spend, self.fit_, spend(self.fit_.logs))

    @property
    def confidence_interval_(self) -> pd.DataFrame:
        return intervals(self.fit_, ["p", "q", "v"], self.level, self.seed)


def _read_spend(frequency: ArrayLike, monetary_value: ArrayLike) -> tuple[Vector, Vector]:
    x = column("frequency", frequency)
    z = np.atleast_1d(np.asarray(monetary_value, float))
    check_length({"frequency": x, "monetary_value": z})
    check_frequency(x)
    refuse((x > 0) & ~(np.isfinite(z) & (z > 0)), "monetary_value", z, "is not above 0 in spite of repeats")
    return x, np.where(x > 0, z, 0.0)


def _spend_likelihood(x: Vector, z: Vector) -> Callable[[Vector], tuple[float, Vector]]:
    from scipy.special import digamma, gammaln

    counts, customers = np.unique(x, return_counts=True)
    log_z, spent = np.log(z), x * z
    fixed, logs_z = float(x @ (np.log(x) + log_z)), float(log_z.sum())

    def at(logs: Vector) -> tuple[float, Vector]:
        p, q, v = np.exp(logs)
        pc, beyond, shape = p * counts, np.log(v + spent), p * x + q
        joint = digamma(pc + q)
        value = customers @ (gammaln(pc + q) - gammaln(pc) - gammaln(q) + q * np.log(v))
        slope = [
            p * (customers @ (counts * (joint - digamma(pc))) + fixed - x @ beyond),
            q * (customers @ (joint - digamma(q) + np.log(v)) - beyond.sum()),
            q * len(x) - v * float(shape @ (1 / (v + spent))),
        ]
        return float(value + p * fixed - logs_z - shape @ beyond), np.array(slope)

    return at


def _spend(p: float, q: float, v: float, x: Vector, z: Vector) -> Vector:
    weight = p * x + q - 1
    return np.where(weight > 0, p * (v + x * z) / np.where(weight > 0, weight, 1), np.nan)
