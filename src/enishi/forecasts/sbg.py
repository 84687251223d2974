"""How long customers under contract stay: the shifted beta-geometric model (Fader & Hardie 2007)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from enishi.forecasts.estimator import Estimator
from enishi.forecasts.fitting import Fit, Vector, bounds, fit_positive, mean_over_beta

if TYPE_CHECKING:
    import pandas as pd

STARTS = ((1.0, 1.0), (0.5, 2.0), (3.0, 10.0))


class ShiftedBetaGeometric(Estimator):
    """Retention when every customer has an own, constant chance to leave at each renewal, and chances differ.

    Of a cohort, those likely to leave go first, so that retention rises with age although nobody becomes more loyal. With
    chances spread as beta(alpha, beta), the share still there after t renewals is ``S(t) = B(alpha, beta + t) /
    B(alpha, beta)``, and the share that leaves at the t-th ``P(T = t) = B(alpha + 1, beta + t - 1) / B(alpha, beta)``.

    Source: Fader & Hardie (2007), How to project customer retention, Journal of Interactive Marketing 21(1); residual
    lifetimes: Fader & Hardie (2010), Customer-base valuation in a contractual setting, Marketing Science 29(1).

    Args:
        customers: how many customers shares stand for. Shares alone do not say; the published log-likelihoods count a
            cohort of 1,000. It moves the log-likelihood and the width of the intervals, not the parameters.
        level: of intervals.
        seed: of the draws behind intervals of projections.

    Attributes:
        alpha_, beta_: of the spread of chances to leave; their mean is ``alpha_ / (alpha_ + beta_)``.
        log_likelihood_: at these.
        n_: customers counted; lost_: those seen to leave.
        confidence_interval_: frame with ``low`` and ``high`` by parameter (Laplace, on the log scale).

    Example:
        >>> model = ShiftedBetaGeometric().fit([1, 0.869, 0.743, 0.653, 0.593, 0.551, 0.517, 0.491])
        >>> round(model.alpha_, 3), round(model.beta_, 3)
        (0.668, 3.806)
    """

    alpha_: float
    beta_: float
    log_likelihood_: float
    n_: float
    lost_: float
    fit_: Fit

    def __init__(self, customers: float = 1000, level: float = 0.95, seed: int = 0) -> None:
        self.customers = customers
        self.level = level
        self.seed = seed

    def fit(self, retained: ArrayLike) -> Self:
        """Fit one cohort.

        Args:
            retained: (n + 1,) the share or number retained at the end of years 0 … n. Shares begin with 1, percentages
                with 100 (told from a number by their fractions), numbers with the size of the cohort.

        Raises:
            ValueError: fewer than two years, a missing, negative or rising value (the message names the year), shares
                and numbers mixed, or nobody lost.
        """
        kept = _as_numbers(_read_retained(retained), self.customers)
        last = len(kept) - 1
        staying = np.zeros(last + 1)
        staying[last] = kept[last]
        return self.fit_counts(kept[:-1] - kept[1:], staying)

    def fit_counts(self, lost: ArrayLike, staying: ArrayLike) -> Self:
        """Fit customers observed for different lengths, as many cohorts together are.

        Args:
            lost: (n,) customers lost in period 1 … n of their own.
            staying: (n + 1,) customers still there when last seen, by complete periods survived 0 … n. Those of 0 say
                nothing and are taken along for convenience.

        Raises:
            ValueError: lengths do not fit, a count is negative, or nobody was lost.
        """
        gone, still = np.asarray(lost, float), np.asarray(staying, float)
        if len(still) != len(gone) + 1:
            raise ValueError(
                f"{len(gone)} periods of losses need {len(gone) + 1} counts of those still there, not {len(still)}"
            )
        _check_counts("lost in period", gone, 1)
        _check_counts("still there after period", still, 0)
        if gone.sum() <= 0:
            raise ValueError(f"nobody was lost in {len(gone)} periods: there is nothing to learn from")
        self.fit_ = fit_positive(_likelihood(gone, still), STARTS)
        self.alpha_, self.beta_ = (float(v) for v in self.fit_.parameters)
        self.log_likelihood_ = self.fit_.log_likelihood
        self.n_, self.lost_ = float(gone.sum() + still.sum()), float(gone.sum())
        return self

    def survival(self, t: ArrayLike) -> Any:
        """Share still there after ``t`` periods; between whole periods the formula is followed smoothly."""
        return _plain(_survival(self.alpha_, self.beta_, _time(t)))

    def survival_interval(self, t: ArrayLike) -> tuple[Any, Any]:
        """The interval of :meth:`survival`, of the uncertainty of the parameters."""
        return self._interval(lambda a, b: _survival(a, b, _time(t)))

    def hazard(self, t: ArrayLike) -> Any:
        """Share of those still there that leaves in the ``t``-th period, t = 1, 2, …"""
        return _plain(self.alpha_ / (self.alpha_ + self.beta_ + _time(t) - 1))

    def residual_survival(self, age: ArrayLike, t: ArrayLike) -> Any:
        """Share of those who have stayed ``age`` periods that stays ``t`` more."""
        old = _time(age)
        return _plain(_survival(self.alpha_, self.beta_ + old, _time(t)))

    def derl(self, renewals: ArrayLike, discount: float) -> Any:
        """Discounted expected residual lifetime, in periods, of a customer right before the next renewal.

        The payment due now counts in full, weighed by the chance that it comes; the one after it is divided by
        ``1 + discount``, and so on for ever (Fader & Hardie 2010, equation 7).

        Args:
            renewals: made so far; 0 for a customer in the first period.
            discount: per period, above 0.

        Raises:
            ValueError: a negative number of renewals, or a discount that is not above 0.
        """
        return _plain(_derl(self.alpha_, self.beta_, _time(renewals), _rate(discount)))

    def derl_interval(self, renewals: ArrayLike, discount: float) -> tuple[Any, Any]:
        """The interval of :meth:`derl`, of the uncertainty of the parameters."""
        rate = _rate(discount)
        return self._interval(lambda a, b: _derl(a, b, _time(renewals), rate))

    @property
    def confidence_interval_(self) -> pd.DataFrame:
        import pandas as pd

        low, high = bounds(self.fit_.draws(2000, self.seed), self.level)
        return pd.DataFrame({"low": low, "high": high}, index=["alpha", "beta"])

    def _interval(self, of: Callable[[float, float], Vector]) -> tuple[Any, Any]:
        drawn = np.array([of(a, b) for a, b in self.fit_.draws(400, self.seed)])
        low, high = bounds(drawn, self.level)
        return _plain(low), _plain(high)


def _floats(values: ArrayLike) -> Vector:
    """Numbers as such.

    Raises:
        ValueError: one is none; the message names its year and what it is.
    """
    try:
        return np.asarray(values, float)
    except (TypeError, ValueError):
        for year, value in enumerate(np.asarray(values, object).ravel()):
            try:
                float(value)
            except (TypeError, ValueError):
                raise ValueError(f"year {year}: {value!r} is not a number") from None
        raise


def _read_retained(retained: ArrayLike) -> Vector:
    kept = _floats(retained)
    if kept.ndim != 1 or len(kept) < 3:
        raise ValueError(f"{kept.size} values: give one per year from year 0, and at least years 1 and 2")
    for year, value in enumerate(kept):
        if not np.isfinite(value) or value < 0:
            raise ValueError(f"year {year}: {value:g} customers or share retained cannot be")
    if kept[0] <= 0:
        raise ValueError("year 0: nobody was there at the start")
    _check_one_unit(kept)
    for year in range(1, len(kept)):
        if kept[year] > kept[year - 1]:
            raise ValueError(
                f"year {year}: {kept[year]:g} is more than the {kept[year - 1]:g} of year {year - 1}; "
                "of a cohort, customers can only be lost (leave out those who came later)"
            )
    return kept


def _check_one_unit(kept: Vector) -> None:
    if kept[0] < 1:
        raise ValueError(f"year 0: {kept[0]:g}; shares begin with 1, everyone who was there at the start")
    whole = bool((kept[kept >= 1] % 1 == 0).all())
    for year, value in enumerate(kept[1:], 1):
        share_among_numbers = kept[0] > 1 and 0 < value < 1 and (whole or year == 1)
        if share_among_numbers or (kept[0] == 1 and value > 1):
            raise ValueError(f"year {year}: {value:g} beside {kept[0]:g} in year 0 mixes shares and numbers")


def _as_numbers(kept: Vector, customers: float) -> Vector:
    percent = kept[0] == 100 and bool((kept % 1 != 0).any())
    return kept / kept[0] * customers if percent or kept[0] == 1 else kept


def _check_counts(what: str, counts: Vector, first: int) -> None:
    for place, value in enumerate(counts, first):
        if not np.isfinite(value) or value < 0:
            raise ValueError(f"{what} {place}: {value:g} is no number of customers")


def _likelihood(lost: Vector, staying: Vector) -> Callable[[Vector], tuple[float, Vector]]:
    from scipy.special import betaln, digamma

    t = np.arange(1, len(lost) + 1)
    s = np.arange(len(staying))

    def at(logs: Vector) -> tuple[float, Vector]:
        a, b = np.exp(logs)
        base = betaln(a, b)
        value = lost @ (betaln(a + 1, b + t - 1) - base) + staying @ (betaln(a, b + s) - base)
        both, n = digamma(a + b), lost.sum() + staying.sum()
        of_a = lost @ (digamma(a + 1) - digamma(a + b + t)) + staying @ (digamma(a) - digamma(a + b + s))
        of_b = lost @ (digamma(b + t - 1) - digamma(a + b + t)) + staying @ (
            digamma(b + s) - digamma(a + b + s)
        )
        slope = np.array(
            [a * (of_a - n * (digamma(a) - both)), b * (of_b - n * (digamma(b) - both))], dtype=float
        )
        return float(value), slope

    return at


def _survival(a: float, b: float | Vector, t: Vector) -> Vector:
    from scipy.special import betaln

    return np.asarray(np.exp(betaln(a, b + t) - betaln(a, b)))


def _derl(a: float, b: float, renewals: Vector, rate: float) -> Vector:
    """The formula as the integral it stands for: over the chance to leave, of all payments still to come. The library's
    hypergeometric function knows no answer for one case in ten of a small discount."""
    each = mean_over_beta(a, b + renewals.ravel(), lambda p: (1 - p) * (1 + rate) / (rate + p))
    return each.reshape(renewals.shape)


def _time(t: ArrayLike) -> Vector:
    at = np.asarray(t, float)
    if not (at >= 0).all():
        raise ValueError(f"{at[~(at >= 0)].flat[0]:g} periods or renewals cannot be: give 0 or more")
    return at


def _rate(discount: float) -> float:
    if not discount > 0:
        raise ValueError(f"discount is {discount:g}; without a discount above 0 the sum has no end")
    return discount


def _plain(values: NDArray[np.float64]) -> Any:
    """A number for a number, an array for an array."""
    return float(values) if np.ndim(values) == 0 else np.asarray(values)
