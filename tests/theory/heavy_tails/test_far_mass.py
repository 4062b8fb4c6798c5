"""The mass beyond the solved range against laws in closed form, and against the law of D^2."""

import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory.heavy_tails.far_mass import far_mass
from rmtjac.theory.heavy_tails.solver import Values

DISTANCES = np.array([0.0, 1.0, 100.0, 1e4, 1e6])


@pytest.mark.parametrize("outwards", [-1.0, 1.0])
@pytest.mark.parametrize("known", [True, False], ids=["with the mass", "from the density alone"])
def test_powers_of_log_lambda(outwards, known):
    """P(|log lambda| > v) = 2 / v has density 2 / v^2; three points give its shape but for the step between them."""
    end = outwards * 700.0
    mass = Values(2.0 / 700.0, 1e-13 if known else 1.0)
    law = far_mass(lambda v: 2.0 / v**2, end, outwards, mass)
    found, density = law.beyond(DISTANCES)
    np.testing.assert_allclose(found.value, 2.0 / (700.0 + DISTANCES), rtol=0.1)
    np.testing.assert_allclose(density.value, 2.0 / (700.0 + DISTANCES) ** 2, rtol=0.2)
    assert np.all(np.abs(found.value - 2.0 / (700.0 + DISTANCES)) <= found.error)


@pytest.mark.parametrize("rate", [0.01, 0.5])
def test_powers_of_lambda(rate):
    law = far_mass(lambda v: rate * np.exp(-rate * (v - 300.0)), 700.0, 1.0, Values(math.exp(-rate * 400.0), 0.0))
    found, density = law.beyond(DISTANCES)
    exact = np.exp(-rate * (400.0 + DISTANCES))
    np.testing.assert_allclose(found.value, exact, rtol=1e-6, atol=1e-300)
    np.testing.assert_allclose(density.value, rate * exact, rtol=1e-6, atol=1e-300)


def test_a_bulk_beyond_the_range_is_not_known():
    law = far_mass(lambda v: np.exp(-(((v - 900.0) / 100.0) ** 2)), 700.0, 1.0, Values(0.9, 1e-13))
    assert law.beyond(np.array([300.0]))[0].error[0] >= 0.9


@pytest.mark.parametrize(
    ("depth", "activation", "weights"),
    [
        (3, "tanh", rj.Cauchy(0.3)),
        (100, "linear", rj.Cauchy()),
        (3, "linear", rj.Stable(1.0, 0.05)),
        (100, "linear", rj.Stable(1.0, 0.05)),
    ],
)
def test_laws_that_reach_beyond_the_range_of_a_float(depth, activation, weights, tmp_path):
    lim = rj.limit_spectrum(rj.Ensemble.square(10, depth, activation, weights), masks="independent")
    logs = np.concatenate([-np.geomspace(1e6, 100.0, 200), np.geomspace(100.0, 1e6, 200)])
    found = lim.solver.cdf(logs)
    assert np.all(np.diff(found.value) >= -1e-11)
    assert np.isfinite(found.error).all()
    quantiles = lim.quantile([0.0, 1e-12, 0.3, 0.7, 1.0])
    assert np.all(np.diff(np.log(quantiles[np.isfinite(quantiles) & (quantiles > 0.0)])) > 0.0)
    assert quantiles[0] == 0.0
    assert math.isinf(quantiles[-1])
    assert np.isfinite(lim.curve(20)[1]).all()
    assert not np.isnan(lim.sample(100, 0)).any()
    again = rj.HeavyTailedLimit.load(lim.save(tmp_path / "limit.npz"))
    points = np.linspace(-2000.0, 2000.0, 101)
    error = lim.solver.cdf(points).error + again.solver.cdf(points).error
    assert np.all(np.abs(lim.log_cdf(points) - again.log_cdf(points)) <= error + 1e-9)


def test_the_lower_tail_of_tanh_is_that_of_its_slope():
    """For one layer P(lambda < e^-v) ~ P(D^2 < e^-v) ~ P(|h| > v / 4) ~ 8 q / (pi v), h Cauchy of scale q.

    The corrections are of the order of the width of the rest of the law over v, 1 %; beyond 705 those of the shape add.
    """
    lim = rj.limit_spectrum(rj.Ensemble.square(10, 1, "tanh", rj.Cauchy()), masks="independent")
    q = rj.mean_field(rj.Ensemble.square(10, 1, "tanh", rj.Cauchy())).scales[0]
    for v in (600.0, 900.0, 3000.0):
        assert lim.log_cdf(-v) == pytest.approx(8.0 * q / (math.pi * v), rel=0.05)


def test_the_mean_of_the_logarithm_is_infinite_where_that_of_the_slope_is():
    lim = rj.limit_spectrum(rj.Ensemble.square(10, 1, "tanh", rj.Cauchy()), masks="independent")
    with pytest.raises(ValueError, match="or does not exist"):
        lim.log_moment()
