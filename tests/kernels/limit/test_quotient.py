import cmath
import math

import pytest
from numba import njit

import rmtjac as rj
from rmtjac.kernels.limit.moment_transform import log_moment_transform
from rmtjac.kernels.limit.quotient import over
from rmtjac.theory import derivative_law


@njit
def _divide(a, b):
    return over(a, b)


def test_quotients_of_complex_numbers():
    assert _divide(3.0 + 1.0j, 1.0 - 2.0j) == (3.0 + 1.0j) / (1.0 - 2.0j)
    assert math.isnan(abs(_divide(1.0 + 0.0j, 0.0j)))
    assert over.py_func(1.0j, 2.0 + 0.0j) == 0.5j


@pytest.mark.parametrize("name", ["linear", "erf", "tanh", "gelu"])
@pytest.mark.parametrize("v", [0.0j, 1e-320j, -800.0 + 0.0j, 1000.0 + 0.0j])
def test_poles_and_underflow_raise_nothing(name, v):
    found = log_moment_transform(*derivative_law(rj.activations.activation(name), 0.01).kernel, v)
    assert len(found) == 6
    # The first is E 1 / (1 - u D^2), u = e^v: 1 where u underflows, and no number where u overflows.
    if v.real == -800.0:
        assert found.rest == pytest.approx(1.0, abs=4e-15)  # a sum of weights
    if v.real == 1000.0:
        assert all(cmath.isnan(one) for one in found)


@pytest.mark.parametrize(
    ("widths", "names", "orthogonal", "q"),
    [([1, 2], ["erf"], [0], 0.01), ([1, 2], ["silu"], [0], 0.01), ([1, 20, 2], ["softsign", "erf"], [1, 1], 0.01)],
)
def test_densities_that_once_divided_by_zero(widths, names, orthogonal, q):
    laws = [rj.Orthogonal(1.0) if one else rj.Gaussian() for one in orthogonal]
    lim = rj.limit_spectrum(rj.Ensemble(widths, names, laws), input_variance=q)
    lam, density = lim.curve(300)
    mass = lim.atom + ((density[1:] + density[:-1]) / 2 * (lam[1:] - lam[:-1])).sum()
    assert mass == pytest.approx(1.0, abs=1e-3)  # a trapezoid over 300 points
