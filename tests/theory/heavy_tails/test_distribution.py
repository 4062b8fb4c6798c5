import math

import numpy as np
import pytest

from tests.theory.heavy_tails.one_cauchy_layer import cauchy_limit

LIMIT = cauchy_limit()


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


def test_what_heavy_tails_do_not_have():
    assert LIMIT.edges == ()
    assert LIMIT.atoms.shape == (0, 2)
    assert not LIMIT.certified
    np.testing.assert_array_equal(LIMIT.support, [[0.0, np.inf]])
    assert (LIMIT.method, LIMIT.smoothing, LIMIT.atom, LIMIT.tail.exponent) == ("oracle", 0.0, 0.0, 0.5)
