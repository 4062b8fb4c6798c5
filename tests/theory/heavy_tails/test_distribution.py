import math

import numpy as np
import pytest

import rmtjac as rj
from tests.theory.heavy_tails.one_cauchy_layer import OneCauchyLayer, cauchy_limit

LIMIT = cauchy_limit()


def test_the_closed_form():
    # s = sqrt(lambda) has density 1/gamma at 0 and P(s > R) ~ 2 gamma / (pi R); mass .35924 in lambda < 1/4
    assert float(LIMIT.singular_value_density(1e-8)) == pytest.approx(1.0, abs=1e-6)
    assert float(1.0 - LIMIT.cdf(1e10)) == pytest.approx(2.0 / math.pi * 1e-5, rel=1e-6)
    assert float(LIMIT.cdf(0.25)) == pytest.approx(0.3592, abs=5e-5)


@pytest.mark.parametrize("angle", [0.0, 0.3])
def test_density_is_the_slope_of_the_cdf(angle):
    lim = cauchy_limit(angle)
    lam = np.geomspace(1e-6, 1e6, 25)
    slope = (lim.cdf(lam * 1.001) - lim.cdf(lam / 1.001)) / (lam * 1.001 - lam / 1.001)
    np.testing.assert_allclose(lim.density(lam), slope, rtol=1e-5)  # of the difference of the second order


def test_functions_broadcast_and_know_the_ends():
    lam = np.array([[-1.0, 0.0, 1e-300], [1.0, 1e300, np.inf]])
    cdf, density = LIMIT.cdf(lam), LIMIT.density(lam)
    assert cdf.shape == density.shape == LIMIT.cdf_error(lam).shape == LIMIT.density_error(lam).shape == lam.shape
    assert cdf[0, 0] == cdf[0, 1] == 0.0
    assert cdf[1, 2] == 1.0
    assert density[0, 0] == density[1, 2] == 0.0
    assert density[0, 1] == math.inf
    assert 0.0 < cdf[0, 2] < 1e-140 < 1.0 - cdf[1, 0]
    for empty in (np.empty(0), np.empty((3, 0)), []):
        assert LIMIT.cdf(empty).shape == LIMIT.density(empty).shape == np.shape(empty)
        assert LIMIT.quantile(empty).shape == LIMIT.singular_value_density(empty).shape == np.shape(empty)
    assert LIMIT.cdf(3).shape == ()
    np.testing.assert_array_equal(LIMIT.cdf([1, 2, 3]), LIMIT.cdf(np.array([1.0, 2.0, 3.0], np.float32)))
    for name in ("cdf", "density", "cdf_error", "density_error", "singular_value_density"):
        with pytest.raises(ValueError, match="holds NaN"):
            getattr(LIMIT, name)([1.0, math.nan])
    with pytest.raises(ValueError, match="log_lam holds NaN"):
        LIMIT.log_cdf(math.nan)


@pytest.mark.parametrize(("power", "value"), [(0.5, math.inf), (1.0, 0.25), (2.0, 0.0)])
def test_density_at_zero(power, value):
    # lambda rho = power/4 lambda^power near 0: infinite, finite or zero density
    class Law(OneCauchyLayer):
        def log_density(self, log_lam):
            found = super().log_density(log_lam)
            return found._replace(value=0.25 * np.exp(np.minimum(power * log_lam, 0.0)))

    with np.errstate(under="ignore"):
        assert rj.HeavyTailedLimit(Law()).density(0.0) == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize("gamma", [1e-150, 1.0, 1e150])
def test_scales_beyond_reason(gamma):
    lim = cauchy_limit(gamma=gamma)
    p = np.array([0.01, 0.5, 0.99])
    log_lam = lim.log_quantile(p)
    np.testing.assert_allclose(lim.log_cdf(log_lam), p, rtol=1e-9)  # log lambda of size 700 has 13 digits
    np.testing.assert_allclose(log_lam, LIMIT.log_quantile(p) + 2.0 * math.log(gamma), rtol=1e-9)
    assert np.all(np.isfinite(lim.curve()[1]))


def test_quantiles_of_the_atom_and_the_ends():
    p = [0.0, 1.0]
    np.testing.assert_array_equal(LIMIT.quantile(p), [0.0, np.inf])
    np.testing.assert_array_equal(LIMIT.log_quantile(p), [-np.inf, np.inf])
    assert LIMIT.log_cdf(-np.inf) == 0.0
    assert LIMIT.log_cdf(np.inf) == 1.0
    for wrong in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match=r"must lie in \[0, 1\]"):
            LIMIT.quantile(wrong)


def test_samples_have_the_law():
    # .01 is the 7e-5 quantile of the Kolmogorov distance of 50 000 points
    sample = np.sort(LIMIT.sample(50_000, rng=1))
    rank = np.arange(1, sample.size + 1) / sample.size
    assert np.abs(LIMIT.cdf(sample) - rank).max() < 0.01
    assert LIMIT.sample((2, 3), rng=0).shape == (2, 3)


def test_curve():
    for scale in ("log", "linear"):
        lam, density = LIMIT.curve(50, low=0.01, scale=scale)
        np.testing.assert_allclose(LIMIT.cdf(lam[[0, -1]]), [0.01, 0.99], rtol=1e-9)
        np.testing.assert_array_equal(density, LIMIT.density(lam))
        assert lam.size == 50
        assert np.all(np.diff(lam) > 0.0)
    for wrong in ({"points": 0}, {"low": 0.0}, {"low": 0.5}, {"scale": "cubic"}, {"low": math.nan}):
        with pytest.raises(ValueError, match="|".join(wrong)):
            LIMIT.curve(**wrong)


def test_what_heavy_tails_do_not_have():
    assert LIMIT.edges == ()
    assert LIMIT.atoms.shape == (0, 2)
    assert not LIMIT.certified
    np.testing.assert_array_equal(LIMIT.support, [[0.0, np.inf]])
    assert (LIMIT.method, LIMIT.smoothing, LIMIT.atom, LIMIT.tail.exponent) == ("oracle", 0.0, 0.0, 0.5)
