"""Customers without a contract, who buy until they are gone: BG/NBD for how often, Gamma-Gamma for how much."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from enishi.forecasts.estimator import Estimator
from enishi.forecasts.fitting import Fit, Likelihood, Vector, bounds, fit_positive

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
        fit = _climb(_bgnbd_likelihood, counted, starts)
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
        return _plain(_expected(*self._parameters, *_read_asked(t, frequency, recency, T)))

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
        return _plain(low), _plain(high)

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
        return found, _relative_error(total, self.fit_, found)

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
        return _plain(alive.reshape(shape))

    @property
    def _parameters(self) -> tuple[float, float, float, float]:
        return self.r_, self.alpha_, self.a_, self.b_

    @property
    def confidence_interval_(self) -> pd.DataFrame:
        return _intervals(self.fit_, ["r", "alpha", "a", "b"], self.level, self.seed)


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
        fit = _climb(_spend_likelihood, (x, z / scale), starts)
        logs = fit.logs + np.array([0.0, 0.0, np.log(scale)])
        self.log_likelihood_ = fit.log_likelihood - len(z) * float(np.log(scale))
        self.fit_ = Fit(logs, fit.covariance, self.log_likelihood_)
        self.p_, self.q_, self.v_ = (float(v) for v in np.exp(logs))
        self.n_ = len(z)
        self.correlation_ = float(np.corrcoef(x, z)[0, 1]) if np.std(x) > 0 and np.std(z) > 0 else 0.0
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
        return _plain(_spend(self.p_, self.q_, self.v_, x, z).reshape(shape))

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
        return _plain(low.reshape(shape)), _plain(high.reshape(shape))

    def relative_error(self, frequency: ArrayLike, monetary_value: ArrayLike) -> Vector:
        """(n,) standard error of :meth:`expected_spend` relative to it (delta method)."""
        x, z = _read_spend(frequency, monetary_value)

        def spend(logs: Vector) -> Vector:
            p, q, v = np.exp(logs)
            return _spend(p, q, v, x, z)

        return _relative_error(spend, self.fit_, spend(self.fit_.logs))

    @property
    def confidence_interval_(self) -> pd.DataFrame:
        return _intervals(self.fit_, ["p", "q", "v"], self.level, self.seed)


def _relative_error(of: Callable[[Vector], Vector], fit: Fit, found: Vector) -> Vector:
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


def _climb(
    likelihood: Callable[..., Likelihood], columns: tuple[Vector, ...], starts: Sequence[Sequence[float]]
) -> Fit:
    """The greatest likelihood; of many customers one climb is enough, from where a part of them leads."""
    step = len(columns[0]) // MANY + 1
    if step > 1:
        order = np.random.default_rng(0).permutation(len(columns[0]))[::step]
        part = fit_positive(likelihood(*(column[order] for column in columns)), starts)
        starts = [part.parameters.tolist()]
    return fit_positive(likelihood(*columns), starts)


def _intervals(fit: Fit, names: list[str], level: float, seed: int) -> pd.DataFrame:
    import pandas as pd

    low, high = bounds(fit.draws(2000, seed), level)
    return pd.DataFrame({"low": low, "high": high}, index=names)


def _column(name: str, values: ArrayLike) -> Vector:
    column = np.atleast_1d(np.asarray(values, float))
    if column.ndim != 1:
        raise ValueError(f"{name} has {column.ndim} dimensions; give one value per customer")
    _refuse(~np.isfinite(column), name, column, "is missing")
    return column


def _refuse(wrong: np.ndarray, name: str, values: Vector, why: str) -> None:
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        others = int(wrong.sum()) - 1
        more = f" (and {others} more)" if others else ""
        raise ValueError(f"row {row}: {name} {values[row]:g} {why}{more}")


def _check_length(columns: dict[str, Vector]) -> None:
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(
            "lengths differ: " + ", ".join(f"{name} has {n}" for name, n in lengths.items()) + " rows"
        )


def _check_frequency(x: Vector) -> None:
    _refuse(x < 0, "frequency", x, "is below 0")
    _refuse(x % 1 != 0, "frequency", x, "is no whole number of repeat purchases")


def _read_history(frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> tuple[Vector, Vector, Vector]:
    x, tx, end = _column("frequency", frequency), _column("recency", recency), _column("T", T)
    _check_length({"frequency": x, "recency": tx, "T": end})
    _check_history(x, tx, end)
    return x, tx, end


def _check_history(x: Vector, tx: Vector, end: Vector) -> None:
    _check_frequency(x)
    _refuse(tx < 0, "recency", tx, "is below 0")
    _refuse(
        end < tx, "T", end, "is less than recency: the last purchase lies after the end of the observation"
    )
    _refuse((x == 0) & (tx > 0), "recency", tx, "is above 0 without a repeat purchase")
    _refuse((x > 0) & (tx == 0), "recency", tx, "is 0 in spite of repeats: count purchases of one day as one")


def _read_asked(
    t: ArrayLike, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike
) -> tuple[Vector, Vector, Vector, Vector]:
    ahead, x, tx, end = (
        np.asarray(v, float)
        for v in np.broadcast_arrays(*(np.asarray(v, float) for v in (t, frequency, recency, T)))
    )
    _refuse(~(ahead.ravel() >= 0), "t", ahead.ravel(), "is no time ahead")
    for name, values in (("frequency", x), ("recency", tx), ("T", end)):
        _refuse(~np.isfinite(values.ravel()), name, values.ravel(), "is missing")
    _check_history(x.ravel(), tx.ravel(), end.ravel())
    return ahead, x, tx, end


def _read_spend(frequency: ArrayLike, monetary_value: ArrayLike) -> tuple[Vector, Vector]:
    x = _column("frequency", frequency)
    z = np.atleast_1d(np.asarray(monetary_value, float))
    _check_length({"frequency": x, "monetary_value": z})
    _check_frequency(x)
    _refuse((x > 0) & ~(np.isfinite(z) & (z > 0)), "monetary_value", z, "is not above 0 in spite of repeats")
    return x, np.where(x > 0, z, 0.0)


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
NODES = np.linspace(-60.0, 30.0, 601)  # of the logit of a chance; the trapezium rule is all but exact here


def _of_alive(shape: Vector, a: float, b: Vector, ahead: Vector) -> Vector:
    """The same expectation of a customer known to be alive, as the integral it stands for: over the chance ``p`` that a
    purchase is the last, of ``(1 - (1 + p ahead) ** -shape) / p``."""
    from scipy.special import betaln, digamma, expit, log_expit, polygamma

    centre, spread = digamma(a) - digamma(b), np.sqrt(polygamma(1, a) + polygamma(1, b))
    narrow = np.minimum(1, 3 * spread)[:, None]  # nodes lie as close as a narrow peak asks for, around it
    nodes = narrow * NODES + (1 - narrow) * centre[:, None]
    p = expit(nodes)
    weight = a * log_expit(nodes) + b[:, None] * log_expit(-nodes) - betaln(a, b)[:, None]
    each = -np.expm1(-shape[:, None] * np.log1p(p * ahead[:, None])) / p
    return np.asarray(np.trapezoid(np.exp(weight) * each, nodes, axis=1))


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


def _plain(values: Any) -> Any:
    """A number for a number, an array for an array."""
    return float(values) if np.ndim(values) == 0 else np.asarray(values)
