import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory.eigenvalues.largest_modulus import mask_variance, stable_probability


@pytest.mark.parametrize(
    ("name", "depth", "tolerance"), [("linear", 1, 0.005), ("linear", 2, 0.01), ("hardtanh", 1, 0.01)]
)
def test_mean_against_samples(name, depth, tolerance):
    """N = 60; what is left out is of relative order 1/log N of the excess."""
    ensemble = rj.Ensemble.square(60, depth, name)
    sample = rj.sample_eigenvalues(ensemble, 400, rng=3)
    expected = rj.limit_eigenvalues(ensemble).largest(60)
    value, error = sample.spectral_radius
    assert abs(value / expected.mean - 1.0) < tolerance + 3.0 * error / value
    assert sample.spectral_radii.std() == pytest.approx(expected.std, rel=0.2)


def test_excess_vanishes_like_the_root_of_log_n_over_n():
    law = rj.limit_eigenvalues(rj.Ensemble.square(5, 1, "linear"))
    n = np.array([1e3, 1e4, 1e6, 1e8])
    excess = np.array([law.largest(one).mean - 1.0 for one in n])
    assert np.all(np.diff(excess) < 0.0)
    ratio = excess / np.sqrt(np.log(n) / n)
    assert np.all((ratio > 0.15) & (ratio < 0.5))
    # Rider and Sinclair: sqrt(gamma/4) + Euler-Mascheroni shift of the Gumbel law with exp(-exp(-x)/2)
    n = 1e12
    gamma = np.log(n / (2.0 * np.pi * np.log(n) ** 2))
    gumbel = np.sqrt(gamma / 4.0) + (np.euler_gamma - np.log(2.0)) / np.sqrt(4.0 * gamma)
    assert (law.largest(n).mean - 1.0) * np.sqrt(n) == pytest.approx(gumbel, rel=0.1)


def test_masks():
    law = rj.limit_eigenvalues(rj.Ensemble([10, 20, 10], ["relu", "hardtanh"]))
    q = rj.mean_field(rj.Ensemble([10, 20, 10], ["relu", "hardtanh"])).preactivation_variances[1]
    from math import erf, sqrt

    p = erf(1.0 / sqrt(2.0 * q))
    assert mask_variance(law.layers, 10) == pytest.approx(1.0 / 20.0 + (1.0 / p - 1.0) / 10.0, rel=1e-9)
    assert law.largest(1e4).std_masks == pytest.approx(law.largest(100).std_masks / 10.0)


@pytest.mark.parametrize("scale", [0.9, 0.95, 1.0])
def test_probability_of_stability_against_samples(scale):
    ensemble = rj.Ensemble.square(60, 1, "linear", rj.Gaussian(scale))
    found = rj.limit_eigenvalues(ensemble).stable_probability(60)
    value = rj.sample_eigenvalues(ensemble, 400, rng=5).stable_fraction.value
    assert abs(found - value) < 0.08  # 3 standard errors of 400 samples


def test_probability_at_its_ends():
    circle = rj.limit_eigenvalues(rj.Ensemble.square(6, 1, "linear", rj.Orthogonal(0.99)))
    assert circle.stable_probability(5) == pytest.approx(1.0, abs=1e-14)
    assert circle.largest(5).mean == pytest.approx(0.99)
    assert stable_probability(circle.layers, 5, 800.0, 1.0) == 0.0
    assert stable_probability(circle.layers, 5, -800.0, 1.0) == pytest.approx(1.0, abs=1e-14)
    with pytest.raises(ValueError, match="width=0"):
        circle.largest(0)
    with pytest.raises(ValueError, match="width=nan"):
        circle.stable_probability(float("nan"))
