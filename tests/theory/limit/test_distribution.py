import math

import numpy as np
import pytest
from scipy.integrate import quad

import rmtjac as rj
from rmtjac.theory.equation.roots import solve
from tests.theory.limit.fixed_rules import NAMES, equal_layers


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("depth", [1, 3])
def test_cdf_against_the_integral_of_the_density(name, depth):
    lim = equal_layers(name, depth)
    low, high = lim.support[-1]
    middle = low + 0.37 * (high - low)
    above = quad(
        lambda t: 2 * t * float(lim.density(high - t * t)), 0.0, math.sqrt(high - middle), epsabs=1e-12, epsrel=1e-11
    )[0]
    assert 1.0 - float(lim.cdf(middle)) == pytest.approx(above, abs=1e-9)


def test_cdf_limits_and_monotony():
    lim = rj.limit_spectrum(rj.Ensemble.square(10, 1, "leaky_relu:0.1"))
    lam = np.array([-1.0, 0.0, 1e-300, 0.01, 0.05, 0.08, 1.0, 2.9, 3.0, np.inf])
    cdf = lim.cdf(lam)
    assert (np.diff(cdf) >= -1e-12).all()
    assert cdf[0] == 0.0
    assert cdf[1] == 0.0
    assert cdf[-1] == 1.0
    assert cdf[4:6] == pytest.approx([0.5, 0.5], abs=1e-12)  # in the gap: each half of the law of D^2 has its interval
    relu = rj.limit_spectrum(rj.Ensemble.square(10, 1, "relu"))
    np.testing.assert_allclose(relu.cdf([-0.1, 0.0, 0.05]), [0.0, 0.5, 0.5], atol=1e-12)


@pytest.mark.parametrize("name", ["linear", "relu", "hardtanh", "tanh", "leaky_relu:0.1"])
@pytest.mark.parametrize("depth", [1, 2, 6])
def test_quantile_inverts_cdf(name, depth):
    lim = rj.limit_spectrum(rj.Ensemble.square(10, depth, name, rj.Gaussian(1.0), rj.Gaussian(0.3)))
    p = np.array([[0.55, 0.7, 0.9], [0.99, 0.999, 0.51]])
    np.testing.assert_allclose(lim.cdf(lim.quantile(p)), np.maximum(p, lim.atom), atol=1e-10)
    assert lim.quantile(0.0) == 0.0
    assert lim.quantile(1.0) == pytest.approx(lim.support[-1, 1], rel=1e-15)
    assert lim.quantile(0.5 * lim.atom) == 0.0


def test_quantiles_below_the_range_of_a_float():
    # softplus, signal growing from layer to layer: 4 % of the mass lies below exp(-700)
    lim = rj.limit_spectrum(rj.Ensemble.square(10, 30, "softplus", rj.Gaussian(1.5), rj.Gaussian(0.2)))
    assert lim.quantile(0.01) == 0.0
    log_lam = lim.log_quantile([0.01, 0.03])
    assert (log_lam < -690).all()
    # the slope of F in log lambda is -Im m / pi: by a difference of quantiles against the solver
    h = 1e-4
    near = lim.log_quantile([0.01 - h, 0.01 + h])
    slope = -solve(lim.layers, log_lam[:1]).imag_m[0] / math.pi
    assert 2 * h / (near[1] - near[0]) == pytest.approx(slope, rel=1e-3)
