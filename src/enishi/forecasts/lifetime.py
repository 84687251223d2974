"""How long each customer stays, told from those who left and those still there, and what a stay is worth today.

Spells in, expected discounted months out. The time a customer has stayed is right-censored for everyone still there; a
customer won yesterday is neither lost nor loyal. The course over age follows the shifted beta-geometric model, which goes
on beyond what was observed; what customers are (size, plan …) moves the chance to leave up or down in proportion.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from enishi.forecasts.estimator import Estimator
from enishi.forecasts.fitting import Vector, bounds
from enishi.forecasts.sbg import ShiftedBetaGeometric
from enishi.forecasts.staying import near_knots, still_there

DAYS_A_MONTH = 365.25 / 12
LEAST_LOST = 20  # customers lost, below which no lifetime is told
LEAST_OF_A_KIND = 20  # customers with a value of an attribute, below which it is pooled
LEAST_PERIODS = 3  # complete periods observed, for a spread of chances to show
UNITS = (12, 6, 3, 1)
TRUST = (
    0.05,
    0.1,
    0.2,
    0.35,
    0.5,
    0.8,
)  # how far attributes may move the logarithm of the hazard (standard deviations)
POOLED = "other"
ROUNDING, ROUNDING_MONTHS = 0.02, 0.085
"""Of a period, but at least so much of a month: an end on the anniversary is an end of the period before it, and so is one
after two calendar months of 62 days, or after seven of 215."""


def spells(moves: pd.DataFrame, until: int) -> pd.DataFrame:
    """The times customers stayed, from their movements of recurring revenue.

    Args:
        moves: :func:`enishi.metrics.revenue.movements` at account level, as known on the day.
        until: day number up to whose end customers were observed.

    Returns:
        One row per stay: ``account_id, start`` (day number), ``months`` (float), ``lost`` (bool), ``first`` (whether it
        is the account's first stay), ``observed`` (months it would have lasted by now, had it not ended). A customer who
        came back begins a second stay.
    """
    part = moves[moves["day"] <= until].sort_values(["account_id", "day"], kind="stable")
    part = part[part["kind"].isin(["new", "reactivation", "churn"])]
    part = part.assign(
        end=part.groupby("account_id")["day"].shift(-1), then=part.groupby("account_id")["kind"].shift(-1)
    )
    began = part[part["kind"] != "churn"]
    lost = began["then"].eq("churn").to_numpy()
    stop = np.where(lost, began["end"].fillna(until + 1), until + 1)
    return pd.DataFrame(
        {
            "account_id": began["account_id"].to_numpy(),
            "start": began["day"].to_numpy(),
            "months": (stop - began["day"].to_numpy()) / DAYS_A_MONTH,
            "lost": lost,
            "first": began["kind"].eq("new").to_numpy(),
            "observed": (until + 1 - began["day"].to_numpy()) / DAYS_A_MONTH,
        }
    )


def tally(
    months: ArrayLike, lost: ArrayLike, unit: int = 12, observed: ArrayLike | None = None
) -> tuple[Vector, Vector]:
    """Stays as :meth:`ShiftedBetaGeometric.fit_counts` takes them, in periods of ``unit`` months.

    Args:
        observed: (n,) months each would have been seen to stay by now. A period teaches only where it has passed whole:
            who is still there in a running one does not count as having stayed through it, so who left in it must not
            count as lost in it. None: every period in which somebody left has passed.
    """
    at, gone = _periods(months, lost, unit, observed)
    n = int(max(at[gone].max(initial=1), at[~gone].max(initial=0)))
    counts = np.bincount(at[gone], minlength=n + 1)[1:].astype(float)
    return counts, np.bincount(at[~gone], minlength=n + 1).astype(float)


def _periods(
    months: ArrayLike, lost: ArrayLike, unit: int, observed: ArrayLike | None
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The period each was lost in, or the last it stayed through whole; and which of them counts as lost."""
    stayed, gone = np.asarray(months, float) / unit, np.asarray(lost, bool)
    near = max(ROUNDING, ROUNDING_MONTHS / unit)
    at = np.where(gone, np.maximum(np.ceil(stayed - near), 1), np.floor(stayed + near)).astype(np.int64)
    if observed is not None:
        running = gone & (at > np.floor(np.asarray(observed, float) / unit + near))
        at, gone = at - running, gone & ~running
    return at, gone


def period_for(months: ArrayLike, terms: ArrayLike = ()) -> int:
    """Months of the period in which customers decide: the usual term of contracts, where those without a term may be left
    in any month; or a shorter one where fewer than three complete ones were observed.

    Args:
        months: (n,) lengths of the stays observed. terms: (m,) months of the contracts' terms; NaN: none stated.
    """
    known = np.nan_to_num(np.asarray(terms, float))
    common = float(np.median(np.where(known > 0, known, 1.0))) if len(known) else 1.0
    longest = float(np.max(np.asarray(months, float), initial=0))
    for unit in UNITS:
        if unit <= max(common, 1) and longest >= LEAST_PERIODS * unit:
            return unit
    return 1


def _unit_told(unit: int, months: Vector, lost: NDArray[np.bool_], observed: Vector | None) -> int:
    """The period asked for, or the longest shorter one in which at least half of the losses count."""
    for shorter in (unit, *(one for one in UNITS if one < unit)):
        if 2 * _periods(months, lost, shorter, observed)[1].sum() >= lost.sum():
            return shorter
    return 1


class TenureHazard(Estimator):
    """Chance to leave by age and attributes: discrete time, complementary log-log, the shifted beta-geometric hazard as
    its course over age.

    ``log(-log(1 - h_i(t))) = log(-log(1 - h(t))) + x_i' gamma``, with ``h(t) = alpha / (alpha + beta + t - 1)`` of
    :class:`ShiftedBetaGeometric` over everyone; so that ``S_i(t) = S(t) ** exp(x_i' gamma)``. The coefficients are drawn
    to 0 (normal prior, one per attribute), as strongly as the marginal likelihood says; with few losses everyone has the
    same course, with many they part.

    Source: Prentice & Gloeckler (1978), Regression analysis of grouped survival data, Biometrics 34(1); Fader & Hardie
    (2007) for the course over age.

    Args:
        attributes: columns of the frame that may tell customers apart.
        level: of intervals. seed: of draws. draws: how many.

    Attributes:
        base_: the fitted :class:`ShiftedBetaGeometric`, in periods of ``unit_`` months.
        unit_: months of a period. coefficients_: frame ``attribute, value, log, low, high, customers, lost``.
        trust_: by attribute, standard deviation of the prior chosen. n_, lost_: stays, and those that ended.
    """

    base_: ShiftedBetaGeometric
    unit_: int
    coefficients_: pd.DataFrame
    trust_: dict[str, float]
    n_: int
    lost_: int

    def __init__(
        self, attributes: Sequence[str] = (), level: float = 0.9, seed: int = 0, draws: int = 40
    ) -> None:
        self.attributes = tuple(attributes)
        self.level = level
        self.seed = seed
        self.draws = draws

    def fit(self, stays: pd.DataFrame, unit: int | None = None) -> Self:
        """Fit.

        Args:
            stays: ``months, lost`` and the attributes (text; empty: unknown), with ``observed`` as of :func:`spells` where
                customers may leave within a period.
            unit: months of a period; None: :func:`period_for` chooses. A shorter one is taken where most losses lie in
                periods that still run.

        Raises:
            ValueError: no stay, a negative one, or nobody lost.
        """
        months, lost = stays["months"].to_numpy(float), stays["lost"].to_numpy(bool)
        if not len(stays) or not (months >= 0).all():
            raise ValueError(
                f"{len(stays)} stays, the shortest of {months.min(initial=0):g} months: nothing to learn"
            )
        observed = stays["observed"].to_numpy(float) if "observed" in stays else None
        self.unit_ = _unit_told(unit or period_for(months), months, lost, observed)
        self.base_ = ShiftedBetaGeometric(level=self.level, seed=self.seed).fit_counts(
            *tally(months, lost, self.unit_, observed)
        )
        self.n_, self.lost_ = len(stays), int(lost.sum())
        self._values = {name: _own_values(stays[name]) for name in self.attributes}
        design = self._design(stays)
        owner = np.array([self.attributes.index(name) for name, _value in self._names()], dtype=np.int64)
        self._gamma, self._covariance, trust = _fit_effects(
            _exposures(design, *_periods(months, lost, self.unit_, observed), self.base_),
            design.shape[1],
            owner,
        )
        self.trust_ = dict(zip(self.attributes, trust.tolist(), strict=False))
        self.coefficients_ = self._table(design, lost)
        return self

    def _names(self) -> list[tuple[str, str]]:
        return [(name, value) for name, values in self._values.items() for value in values]

    def _design(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """One column per own value; a rare or unknown value has 0 in all of them and so the course of everyone."""
        columns = [
            frame[name].fillna("").astype(str).eq(value).to_numpy(float) for name, value in self._names()
        ]
        return np.column_stack(columns) if columns else np.zeros((len(frame), 0))

    def _table(self, design: NDArray[np.float64], lost: NDArray[np.bool_]) -> pd.DataFrame:
        from scipy.stats import norm

        wide = float(norm.ppf(0.5 + self.level / 2)) * np.sqrt(np.diag(self._covariance))
        names = self._names()
        return pd.DataFrame(
            {
                "attribute": [name for name, _value in names],
                "value": [value for _name, value in names],
                "log": self._gamma,
                "low": self._gamma - wide,
                "high": self._gamma + wide,
                "customers": design.sum(axis=0).astype(int),
                "lost": design[lost].sum(axis=0).astype(int),
            }
        )

    def multiplier(self, frame: pd.DataFrame) -> Vector:
        """(n,) by how much each customer's chance to leave is more than everyone's of the same age."""
        return np.asarray(np.exp(self._design(frame) @ self._gamma))

    def survival(self, frame: pd.DataFrame, months: ArrayLike) -> NDArray[np.float64]:
        """(n, k) share of such customers still there after each of k ages in months."""
        base = np.asarray(self.base_.survival(np.asarray(months, float) / self.unit_))
        return np.asarray(base[None, :] ** self.multiplier(frame)[:, None])

    def conditional(
        self,
        frame: pd.DataFrame,
        age: ArrayLike,
        ahead: ArrayLike,
        near: Mapping[int, ArrayLike] | None = None,
    ) -> NDArray[np.float64]:
        """(n, k) share still there each of k months ahead, of customers ``age`` (n,) months old today."""
        return still_there(self.base_, self.unit_, age, self.multiplier(frame), ahead, near)

    def stay(
        self,
        frame: pd.DataFrame,
        age: ArrayLike,
        discount: float,
        horizon: int = 120,
        near: Mapping[int, ArrayLike] | None = None,
    ) -> Stay:
        """Expected months still to come, discounted, of each customer.

        A month's money comes in its middle. Nothing is counted beyond ``horizon``.

        Args:
            age: (n,) months stayed so far; 0 for a new customer.
            discount: a year, 0 or more. horizon: months looked ahead.
            near: days ahead -> (n,) probabilities to have left by then, from a model that knows more than age and
                attributes; NaN: not known of this customer. Beyond the last known day the chance goes on by age.

        Returns:
            ``months``: discounted; ``plain``: undiscounted; ``low``, ``high``: interval of ``months``, of what is not
            known about the parameters (not of one customer's luck).
        """
        old = np.asarray(age, float)
        logs = np.log(self.multiplier(frame))
        head = _near_head(len(frame), near or {}, discount, horizon)
        drawn = self._drawn(frame)
        alpha, beta = self.base_.alpha_, self.base_.beta_
        middle = self._spent(alpha, beta, old, logs, discount, horizon, head)
        plain = self._spent(
            alpha, beta, old, logs, 0.0, horizon, _near_head(len(frame), near or {}, 0.0, horizon)
        )
        low, high = bounds(
            [self._spent(a, b, old, gamma, discount, horizon, head) for a, b, gamma in drawn], self.level
        )
        return Stay(middle, plain, np.minimum(low, middle), np.maximum(high, middle))

    def _drawn(self, frame: pd.DataFrame) -> list[tuple[float, float, Vector]]:
        design = self._design(frame)
        parameters = self.base_.fit_.draws(self.draws, self.seed)
        k = len(self._gamma)
        root = np.linalg.cholesky(self._covariance) if k else np.zeros((0, 0))
        noise = np.random.default_rng(self.seed + 1).standard_normal((self.draws, k))
        return [
            (float(a), float(b), design @ (self._gamma + root @ one))
            for (a, b), one in zip(parameters, noise, strict=True)
        ]

    def _spent(
        self, alpha: float, beta: float, age: Vector, logs: Vector, discount: float, horizon: int, head: _Head
    ) -> Vector:
        """Months from the near future, then from the course by age, read from a grid."""
        found = np.array(head.months)
        for passed in np.unique(head.passed):
            mine = head.passed == passed
            asked = _Points(age[mine] + passed, logs[mine])
            shape = (alpha, beta, self.unit_, discount, horizon - int(passed))
            rest = _ahead(*shape, asked) if mine.sum() <= FEW else _Grid(*shape).at(asked.age, asked.log)
            found[mine] += head.left[mine] * (1 + discount) ** (-passed / 12) * rest
        return found


@dataclass(frozen=True, slots=True)
class Stay:
    """Expected months to come: (n,) each; see :meth:`TenureHazard.stay`."""

    months: Vector
    plain: Vector
    low: Vector
    high: Vector


@dataclass(frozen=True, slots=True)
class _Head:
    """The near future as a model told it: discounted months, share left at its end, months it covers."""

    months: Vector
    left: Vector
    passed: Vector


def _near_head(n: int, near: Mapping[int, ArrayLike], discount: float, horizon: int) -> _Head:
    months, left, passed = np.zeros(n), np.ones(n), np.zeros(n)
    for until, there, known in near_knots(n, near, horizon):
        middle = (1 + discount) ** (-(passed + until) / 24)
        months = np.where(known, months + (until - passed) * (left + there) / 2 * middle, months)
        left, passed = there, np.where(known, until, passed)
    return _Head(months, left, passed)


FEW = 1000  # customers up to whom the grid would cost more than it saves


def _ahead(alpha: float, beta: float, unit: int, discount: float, horizon: int, at: _Points) -> Vector:
    """Discounted months to come at each age (months) and logarithm of the multiplier."""
    from scipy.special import gammaln

    months = np.arange(horizon + 1)
    weight = (1 + discount) ** (-(np.arange(horizon) + 0.5) / 12)
    ages, row = np.unique(at.age, return_inverse=True)
    after = beta + (ages[:, None] + months) / unit
    course = (gammaln(after) - gammaln(alpha + after))[row]
    share = np.exp(np.exp(at.log)[:, None] * (course - course[:, :1]))
    return np.asarray((share[:, :-1] + share[:, 1:]) @ weight / 2)


@dataclass(frozen=True, slots=True)
class _Points:
    age: Vector
    log: Vector


class _Grid:
    """Discounted months to come by age and multiplier, worked out once and read by interpolation."""

    AGES = np.unique(
        np.concatenate([np.arange(0, 24, 1.0), np.arange(24, 61, 3.0), np.geomspace(66, 600, 16)])
    )
    LOGS = np.linspace(-3, 3, 25)

    def __init__(self, alpha: float, beta: float, unit: int, discount: float, horizon: int) -> None:
        ages, logs = np.meshgrid(self.AGES, self.LOGS, indexing="ij")
        points = _Points(ages.ravel(), logs.ravel())
        self.table = _ahead(alpha, beta, unit, discount, horizon, points).reshape(ages.shape)

    def at(self, age: Vector, logs: Vector) -> Vector:
        i, u = _place(self.AGES, age)
        j, v = _place(self.LOGS, logs)
        t = self.table
        upper = t[i, j] * (1 - v) + t[i, j + 1] * v
        lower = t[i + 1, j] * (1 - v) + t[i + 1, j + 1] * v
        return np.asarray(upper * (1 - u) + lower * u)


def _place(grid: Vector, values: Vector) -> tuple[NDArray[np.int64], Vector]:
    inside = np.clip(values, grid[0], grid[-1])
    i = np.clip(np.searchsorted(grid, inside, side="right") - 1, 0, len(grid) - 2)
    return i, (inside - grid[i]) / (grid[i + 1] - grid[i])


def _own_values(column: pd.Series[Any]) -> list[str]:
    """Values that enough customers have; the rest, and the unknown, are pooled."""
    counts = column.fillna("").astype(str).value_counts()
    return sorted(str(value) for value, n in counts.items() if value and n >= LEAST_OF_A_KIND)


@dataclass(frozen=True, slots=True)
class _Exposure:
    """Customers of the same attributes in the same period of age: how many, how many left, the course's own hazard."""

    design: NDArray[np.float64]
    n: Vector
    lost: Vector
    offset: Vector  # log of the cumulated hazard of the period


def _exposures(
    design: NDArray[np.float64], at: NDArray[np.int64], lost: NDArray[np.bool_], base: ShiftedBetaGeometric
) -> _Exposure:
    kinds, kind = np.unique(design, axis=0, return_inverse=True)
    last = int(at.max(initial=0))
    entered = np.zeros((len(kinds), last + 2))
    gone = np.zeros((len(kinds), last + 2))
    np.add.at(entered, (kind.ravel(), at), 1.0)
    np.add.at(gone, (kind.ravel()[lost], at[lost]), 1.0)
    exposed = entered[:, ::-1].cumsum(axis=1)[:, ::-1]  # observed through the end of period t
    k, t = np.nonzero(exposed[:, 1:])
    hazard = np.asarray(base.hazard(t + 1.0))
    return _Exposure(kinds[k], exposed[k, t + 1], gone[k, t + 1], np.log(-np.log1p(-hazard)))


def _fit_effects(
    data: _Exposure, k: int, owner: NDArray[np.int64]
) -> tuple[Vector, NDArray[np.float64], Vector]:
    """Coefficients, their covariance, and by attribute the prior whose marginal likelihood (Laplace) is greatest.

    Args:
        owner: (k,) number of the attribute each coefficient belongs to.
    """
    if k == 0:
        return np.zeros(0), np.zeros((0, 0)), np.zeros(0)
    chosen = np.full(int(owner.max()) + 1, TRUST[0])
    for _round in range(2):
        for attribute in range(len(chosen)):
            tried = [_with(chosen, attribute, trust) for trust in TRUST]
            chosen = max(tried, key=lambda one: _evidence(data, one[owner]))
    gamma, information, _value = _climb(data, chosen[owner])
    return gamma, np.asarray(np.linalg.inv(information), float), chosen


def _with(values: Vector, place: int, value: float) -> Vector:
    changed = values.copy()
    changed[place] = value
    return changed


def _evidence(data: _Exposure, trust: Vector) -> float:
    _gamma, information, value = _climb(data, trust)
    return float(value - np.log(trust).sum() - np.linalg.slogdet(information)[1] / 2)


def _climb(data: _Exposure, trust: Vector) -> tuple[Vector, NDArray[np.float64], float]:
    """Newton's steps with expected information, halved where they overshoot."""
    gamma = np.zeros(len(trust))
    value = _log_posterior(data, gamma, trust)
    information = np.diag(1 / trust**2)
    for _step in range(50):
        risk = np.exp(data.offset + data.design @ gamma)  # cumulated hazard of the period
        leaving = np.maximum(-np.expm1(-risk), 1e-12)
        slope = data.design.T @ ((data.lost - data.n * leaving) * risk / leaving) - gamma / trust**2
        weight = data.n * risk**2 * np.exp(-risk) / leaving
        information = data.design.T @ (weight[:, None] * data.design) + np.diag(1 / trust**2)
        step = np.linalg.solve(information, slope)
        while (following := _log_posterior(data, gamma + step, trust)) < value - 1e-12 and np.abs(
            step
        ).max() > 1e-9:
            step = step / 2
        gamma, gained, value = gamma + step, following - value, following
        if gained < 1e-9:
            break
    return gamma, information, value


def _log_posterior(data: _Exposure, gamma: Vector, trust: Vector) -> float:
    risk = np.exp(np.clip(data.offset + data.design @ gamma, -30, 5))
    leaving = np.log(np.maximum(-np.expm1(-risk), 1e-300))
    likelihood = data.lost @ leaving - (data.n - data.lost) @ risk
    return float(likelihood - (gamma**2 / trust**2).sum() / 2)
