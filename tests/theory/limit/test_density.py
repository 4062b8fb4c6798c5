import math

import numpy as np
import pytest

import rmtjac as rj
from tests.oracles.closed_forms import fuss_catalan_density, fuss_catalan_edge
from tests.theory.limit.fixed_rules import NAMES, equal_layers, integral


@pytest.mark.parametrize("name", [*NAMES, "leaky_relu:0.2"])
@pytest.mark.parametrize("depth", [1, 2, 5, 10])
def test_density_and_atom_add_up_to_one(name, depth):
    lim = equal_layers(name, depth)
    # 1e-8 is promised.
    assert integral(lim) + lim.atom == pytest.approx(1.0, abs=1e-8)


def test_two_point_laws_over_forty_decades():
    # 1e-14 is promised down to lambda/lambda_+ = 1e-40. Oracle: the closed form, from the float lambda itself.
    for depth in (1, 2, 3, 5, 20):
        lim = rj.limit_spectrum(rj.Ensemble.square(10, depth, "linear"))
        lam = fuss_catalan_edge(depth) * np.geomspace(1e-40, 0.9, 60)
        exact = np.array([float(fuss_catalan_density(depth, x, 30)) for x in lam])
        assert np.abs(lim.density(lam) / exact - 1.0).max() < 1e-14


def test_one_hundred_decades():
    # L = 100: density over 100 decades, against F ~ lambda^(1/101) there
    lim = rj.limit_spectrum(rj.Ensemble.square(10, 100, "linear"))
    lam = np.geomspace(1e-100, 1.0, 30)
    assert (lim.density(lam) > 0).all()
    slope = np.diff(np.log(lim.density(lam))) / np.diff(np.log(lam))
    np.testing.assert_allclose(slope[:5], -100 / 101, rtol=1e-3)


@pytest.mark.parametrize("depth", [1, 5, 20])
def test_density_error_covers_the_error(depth):
    lim = equal_layers("linear", depth)
    high = lim.support[0, 1]
    lam = np.concatenate([high * (1 - np.geomspace(1e-10, 0.5, 20)), high * np.geomspace(1e-30, 0.1, 10)])
    exact = np.array([float(fuss_catalan_density(depth, x, 50)) for x in lam])
    error = np.abs(lim.density(lam) - exact)
    assert (error <= 4 * lim.density_error(lam) + 1e-15 * exact).all()
    # and it is no empty promise: rounding level in the bulk, the root of the distance at the edge
    assert (lim.density_error(lam[19:]) < 1e-12 * exact[19:]).all()
    assert (lim.density_error(lam[:20]) < 1e-13 / (1 - lam[:20] / high) * exact[:20]).all()


def test_outside_the_support_the_density_is_zero():
    lim = rj.limit_spectrum(rj.Ensemble.square(10, 2, "tanh"))
    np.testing.assert_array_equal(lim.density([-1.0, 0.0, lim.support[0, 1] * 1.0001, 1e300, np.inf]), 0.0)
    assert lim.density(1.0).shape == ()
    assert lim.density(np.ones((2, 3))).shape == (2, 3)


def test_lambda_out_of_the_support():
    lim = rj.limit_spectrum(rj.Ensemble.square(10, 1, "relu"))
    assert lim.density([-1.0, 0.0, 1e-3, 100.0, np.inf]).tolist() == [0.0] * 5
    assert lim.singular_value_density([-1.0, 0.0]).tolist() == [0.0, 0.0]
    with pytest.raises(ValueError, match="NaN"):
        lim.density([1.0, np.nan])


def test_singular_value_density():
    # linear, L = 1: the quarter circle sqrt(4 - s^2) / pi
    lim = rj.limit_spectrum(rj.Ensemble.square(10, 1, "linear"))
    s = np.linspace(0.01, 1.99, 50)
    np.testing.assert_allclose(lim.singular_value_density(s), np.sqrt(4 - s * s) / math.pi, rtol=1e-12)


def test_curve_and_table():
    lim = rj.limit_spectrum(rj.Ensemble.square(10, 1, "leaky_relu:0.1"))
    for scale in ("linear", "log"):
        lam, density = lim.curve(50, scale=scale)
        assert lam.size == 100
        assert (np.diff(lam) > 0).all()
        np.testing.assert_array_equal(density, lim.density(lam))
    assert list(lim.to_pandas(20)) == ["lam", "density", "density_error", "cdf"]
