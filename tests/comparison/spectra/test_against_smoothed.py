import numpy as np
import pytest

import rmtjac as rj
from rmtjac.comparison.spectra.against_smoothed import smoothed_distances, smoothed_histogram
from tests.spectra.made import spectrum
from tests.theory.heavy_tails.one_cauchy_layer import cauchy_limit, cauchy_pair


def test_distances_against_a_fine_search():
    emp, lim = cauchy_pair(angle=0.2, samples=6)
    found = smoothed_distances(emp, lim)
    lam = np.exp(np.linspace(-40.0, 40.0, 20001))
    exact = np.abs(emp.smoothed_cdf(lam, 0.2) - lim.cdf(lam)).max()
    # the search has steps of a quarter of an angle: it may miss 1/8 (step)^2 of the curvature, some 1e-2 of the peak
    assert found.ks == pytest.approx(exact, rel=2e-2)
    rows = [
        np.abs(spectrum([row]).smoothed_cdf(lam, 0.2) - lim.cdf(lam)).max()
        for row in np.exp(2 * emp.log_singular_values)
    ]
    np.testing.assert_allclose(found.ks_samples, rows, rtol=2e-2)
    assert found.ks <= found.ks_samples.mean()


def test_the_right_law_is_near_and_a_wrong_one_is_not():
    emp, right = cauchy_pair(angle=0.2, width=100, samples=40)
    # 1.5 / sqrt(N R) = .024
    assert smoothed_distances(emp, right).ks < 0.024
    assert smoothed_distances(emp, cauchy_limit(0.2, gamma=1.3)).ks > 0.05
    assert rj.compare(emp, right).ks == smoothed_distances(emp, right).ks


def test_the_sample_must_be_smoothed_too():
    # lambda = 1 always: the sample itself is 1/2 away from its own smoothed law, the smoothed sample is not
    class Step(type(cauchy_limit().solver)):
        def cdf(self, v):
            from rmtjac.smoothing import kernel_cdf

            return super().cdf(v)._replace(value=kernel_cdf(v, self.angle))

    lim = rj.HeavyTailedLimit(Step(angle=0.3))
    assert smoothed_distances(spectrum([[1.0, 1.0]] * 3), lim).ks == pytest.approx(0.0, abs=1e-12)


def test_zeros_are_the_atom():
    lim = cauchy_limit(0.2)
    found = smoothed_distances(spectrum([[0.0, 0.0], [0.0, 1.0]]), lim)
    assert found.ks >= 0.75
    np.testing.assert_array_less([0.99, 0.49], found.ks_samples)
    assert smoothed_distances(spectrum([[0.0, 0.0]]), lim).ks == pytest.approx(1.0)


def test_bins_are_smoothed():
    emp, lim = cauchy_pair(angle=0.2, samples=6)
    plain = emp.histogram(20, "log")
    found = smoothed_histogram(emp, plain, 0.2)
    np.testing.assert_array_equal(found.edges, plain.edges)
    np.testing.assert_allclose(found.fraction, np.diff(emp.smoothed_cdf(plain.edges, 0.2)), rtol=1e-9, atol=1e-14)
    assert found.error.shape == (20,)
    result = rj.compare(emp, lim, bins=20)
    np.testing.assert_allclose(result.log.histogram.fraction, found.fraction)
    np.testing.assert_allclose(result.log.expected, np.diff(lim.cdf(plain.edges)))
    assert result.log.rms_pull < 2.0
