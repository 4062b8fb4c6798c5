import math

import numpy as np
import pytest
from scipy.integrate import quad

import rmtjac as rj
from rmtjac.theory import Layers, derivative_law
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


def _distribution(lam):
    """F of Marchenko-Pastur, one square linear layer: F(4 sin^2 t) = (2 t + sin 2t) / pi."""
    t = np.arcsin(0.5 * np.sqrt(lam))
    return (2.0 * t + np.sin(2.0 * t)) / math.pi


def test_log_cdf():
    lim = equal_layers("linear", 1)
    lam = np.array([[1e-300, 1e-8, 0.3], [1.0, 3.9, 4.0]])
    found = lim.log_cdf(np.log(lam))
    assert found.shape == (2, 3)
    np.testing.assert_allclose(found, _distribution(lam), rtol=1e-12, atol=1e-13)
    np.testing.assert_array_equal(found, lim.cdf(np.exp(np.log(lam))))
    assert lim.log_cdf(-math.inf) == 0.0
    assert lim.log_cdf([math.inf, 2.0]).tolist() == [1.0, 1.0]
    assert lim.log_cdf(0).shape == ()
    with pytest.raises(ValueError, match="log_lam holds NaN"):
        lim.log_cdf([0.0, math.nan])


def test_log_cdf_below_the_range_of_a_float():
    # L = 100 linear layers: F ~ C lambda^(1/101), so log F has the slope 1/101 in log lambda
    lim = equal_layers("linear", 100)
    log_lam = np.array([-1500.0, -1200.0, -900.0])
    value = lim.log_cdf(log_lam)
    np.testing.assert_allclose(np.diff(np.log(value)) / 300.0, 1.0 / 101.0, rtol=1e-3)
    # F = 4e-7 is right to 1e-13, and its slope is F / 101
    np.testing.assert_allclose(lim.log_quantile(value), log_lam, atol=1e-3)
    assert lim.cdf(0.0) == 0.0


@pytest.mark.parametrize(
    ("name", "depth"), [("relu", 3), ("linear", 2), ("linear", 100), ("hardtanh", 5), ("tanh", 5), ("erf", 2)]
)
def test_log_cdf_at_the_bottom_of_the_range(name, depth):
    lim = equal_layers(name, depth, 1.0)
    found = lim.log_cdf([-math.inf, -1e300, -1e9, -1e5, -1e4, -5e3, -3e3, -689.0, -691.0])
    np.testing.assert_allclose(found[:6], lim.atom, atol=2e-14)
    np.testing.assert_allclose(found[-1], found[-2], rtol=0.1, atol=1e-13)  # F ~ lambda^(1/n), n <= 101
    assert (found >= lim.atom).all()


def test_the_distribution_reads_its_solution():
    lim = equal_layers("hardtanh", 2)
    assert lim.solution is lim.solution
    assert lim.atom == lim.solution.atom
    assert lim.edges == lim.solution.edges
    assert lim.hidden_gap == lim.solution.ends.hidden
    np.testing.assert_array_equal(lim.support, np.exp(lim.solution.log_support))
    assert not lim.support.flags.writeable
    assert not lim.atoms.flags.writeable
    log_lam = np.log([0.5, 100.0])
    assert lim.inside(log_lam).tolist() == [True, False]
    np.testing.assert_array_equal(lim.solve(log_lam[:1]).imag_m, solve(lim.layers, log_lam[:1]).imag_m)


def test_a_support_beyond_the_floats():
    lim = rj.LimitSpectrum(Layers([derivative_law(rj.activations.activation("linear"), 1.0)] * 2, [1e300, 1e300]))
    with pytest.raises(OverflowError, match=r"exp\(1383\..*\), leaves the range of a float; rescale the weights"):
        _ = lim.support
    # in logarithms it is there: 2 * 300 log 10 above the limit of variance 1
    plain = equal_layers("linear", 2)
    np.testing.assert_allclose(lim.log_quantile([0.2, 0.9]), plain.log_quantile([0.2, 0.9]) + 600.0 * math.log(10.0))
