import math

import numpy as np
import pytest

from rmtjac.theory.heavy_tails.quantiles import log_quantile
from rmtjac.theory.heavy_tails.solver import Tail, Values


class Logistic:
    """log lambda has a logistic law around `centre`, beside an atom."""

    method, angle, tail = "test", 0.0, Tail(1.0, 1.0)

    def __init__(self, centre=0.0, atom=0.0, width=1.0):
        self.centre, self.mass, self.width = centre, atom, width
        self.atom = Values(np.array(atom), np.array(0.0))

    def cdf(self, v):
        f = 0.5 * (1.0 + np.tanh(0.5 * (v - self.centre) / self.width))
        return Values(self.mass + (1.0 - self.mass) * f, 0.0 * v)

    def log_density(self, v):
        return Values(
            0.25
            * (1.0 - self.mass)
            / self.width
            / np.cosh(np.clip(0.5 * (v - self.centre) / self.width, -300, 300)) ** 2,
            0.0 * v,
        )


@pytest.mark.parametrize("atom", [0.0, 0.3, 0.999])
@pytest.mark.parametrize("width", [1e-4, 1.0, 500.0])
@pytest.mark.parametrize("centre", [-1e4, 0.0, 3.0, 700.0])
def test_against_the_closed_form(centre, atom, width):
    u = np.array([1e-6, 0.1, 0.5, 0.9, 1.0 - 1e-6])
    found = log_quantile(Logistic(centre, atom, width), atom + (1.0 - atom) * u)
    exact = centre + width * np.log(u / (1.0 - u))
    # F near 1 and near the atom has an error of 1e-16, divided by the density there
    error = 4e-16 / ((1.0 - atom) * u * (1.0 - u) / width) + 1e-15 * np.abs(exact) + 1e-15
    assert np.all(np.abs(found - exact) <= 8.0 * error)


def test_atom_and_ends():
    law = Logistic(atom=0.3)
    np.testing.assert_array_equal(log_quantile(law, np.array([0.0, 0.2, 0.3, 1.0])), [-math.inf] * 3 + [math.inf])
    assert log_quantile(law, np.empty(0)).size == 0


def test_a_quantile_out_of_reach():
    with pytest.raises(ArithmeticError, match="lies beyond lambda=exp"):
        log_quantile(Logistic(centre=1e9), np.array([0.5]))
    with pytest.raises(ArithmeticError, match="lies below lambda=exp"):
        log_quantile(Logistic(centre=-1e9), np.array([0.5]))


def test_an_unknown_cdf_is_no_quantile():
    class Blind(Logistic):
        def cdf(self, v):
            return Values(np.full(v.shape, np.nan), 0.0 * v)

    with pytest.raises(ArithmeticError, match="the cdf is not known"):
        log_quantile(Blind(), np.array([0.5]))


def test_a_curve_with_errors_still_has_quantiles():
    class Rough(Logistic):
        def cdf(self, v):
            return Values(super().cdf(v).value + 1e-3 * np.sin(40.0 * v), np.full(v.shape, 1e-3))

    law = Rough()
    p = np.linspace(0.05, 0.95, 19)
    np.testing.assert_allclose(law.cdf(log_quantile(law, p)).value, p, atol=1e-12)
