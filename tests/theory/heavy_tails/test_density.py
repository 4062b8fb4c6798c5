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


@pytest.mark.parametrize(("power", "value"), [(0.5, math.inf), (1.0, 0.25), (2.0, 0.0)])
def test_density_at_zero(power, value):
    # lambda rho = power/4 lambda^power near 0: infinite, finite or zero density
    class Law(OneCauchyLayer):
        def log_density(self, log_lam):
            found = super().log_density(log_lam)
            return found._replace(value=0.25 * np.exp(np.minimum(power * log_lam, 0.0)))

    with np.errstate(under="ignore"):
        assert rj.HeavyTailedLimit(Law()).density(0.0) == pytest.approx(value, rel=1e-9)


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
