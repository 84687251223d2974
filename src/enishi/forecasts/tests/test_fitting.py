"""How well parameters are known says the same on every machine."""

import numpy as np
import pytest

from enishi.forecasts.btyd import BetaGeometricNBD
from enishi.forecasts.fitting import WIDEST, Fit, fit_positive
from enishi.forecasts.logistic import Fit as Logistic


@pytest.fixture
def fit():
    """Of four parameters two directions are as unknown as can be told: any two at right angles are their axes."""
    axes, _rest = np.linalg.qr(np.random.default_rng(1).normal(size=(4, 4)))
    return Fit(np.zeros(4), axes * [WIDEST**2, WIDEST**2, 0.04, 1e-6] @ axes.T, 0.0)


def test_draws_scatter_as_the_covariance_says(fit):
    drawn = np.log(fit.draws(40_000, seed=3))
    assert np.cov(drawn.T) == pytest.approx(fit.covariance, abs=0.08)
    assert drawn.mean(axis=0) == pytest.approx(np.zeros(4), abs=0.05)


def test_draws_do_not_depend_on_the_axes_a_library_finds(fit, monkeypatch):
    drawn, eigh = fit.draws(50), np.linalg.eigh
    turned = np.array([[0.6, 0.8], [-0.8, 0.6]])

    def otherwise(matrix):
        values, vectors = eigh(matrix)
        vectors = vectors * [1, -1, 1, 1]
        vectors[:, 2:] = vectors[:, 2:] @ turned  # the two largest are equal
        return values, vectors

    monkeypatch.setattr(np.linalg, "eigh", otherwise)
    assert fit.draws(50) == pytest.approx(drawn, rel=1e-9)


def test_of_parameters_that_fit_as_well_those_of_the_first_start_are_taken():
    """Two summits of the same height, but for a rounding in favour of the second."""

    def likelihood(logs):
        (at,) = logs
        return -((at**2 - 1) ** 2) + 1e-12 * at, np.array([-4 * at * (at**2 - 1)])

    assert fit_positive(likelihood, [(0.5,), (2.0,)]).logs == pytest.approx([-1], abs=1e-4)
    assert fit_positive(likelihood, [(2.0,), (0.5,)]).logs == pytest.approx([1], abs=1e-4)


def test_of_what_data_say_nothing_they_do_not_seem_to_by_rounding():
    """A thousand customers who are all alike: neither how buying nor how leaving differs has a bound above."""
    found = BetaGeometricNBD().fit(np.full(1000, 2.0), np.full(1000, 10.0), np.full(1000, 20.0))
    values = np.linalg.eigvalsh(found.fit_.covariance)
    assert values[2:] == pytest.approx([WIDEST**2] * 2, rel=1e-6)
    assert (values[:2] < 0.01).all()


def test_customers_who_are_alike_are_as_likely_to_leave_wherever_they_stand_in_the_table():
    random = np.random.default_rng(0)
    for features in (3, 7, 20, 41):
        coefficients = random.normal(size=features + 1)
        fit = Logistic(coefficients, np.zeros(features), np.ones(features))
        alike = np.tile(random.normal(size=features), (1003, 1))
        assert len(np.unique(fit.logit(alike))) == 1
        assert fit.logit(alike) == pytest.approx(coefficients[0] + alike @ coefficients[1:])
