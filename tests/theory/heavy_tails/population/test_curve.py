"""From densities of replicas to a curve, on laws that are known."""

import numpy as np
import pytest

from rmtjac.smoothing import kernel_cdf, kernel_density
from rmtjac.theory.heavy_tails.population.curve import curve, decay

_GRID = np.arange(-12.0, 12.0, 0.15)


def _replicas(rng, count, noise):
    """Return densities of a point mass of 0.7 at log lambda = 0, smoothed, with independent factors."""
    return 0.7 * kernel_density(_GRID, 0.5) * (1.0 + noise * rng.normal(size=(count, _GRID.size)))


def test_density_and_cdf_of_a_point_mass():
    rng = np.random.default_rng(1)
    one = curve(_GRID, _replicas(rng, 4, 1e-9), _replicas(rng, 4, 1e-9), 0.3, 0.0)
    points = np.array([-np.inf, -20.0, -12.0, -3.0, 0.01, 2.0, 14.0, 40.0, np.inf])
    # The kernel is analytic in a strip of width 0.5: a cubic spline of step 0.15 has an error of 1e-4.
    assert np.allclose(one.cdf_at(points).value, 0.3 + 0.7 * kernel_cdf(points, 0.5), atol=2e-4)
    assert np.allclose(one.density_at(points).value, 0.7 * kernel_density(points, 0.5), atol=2e-3)
    assert (one.cdf_at(points).error < 1e-6).all()
    assert np.isnan(one.cdf_at(np.array([np.nan])).value).all()


def test_densities_are_scaled_to_the_mass():
    rng = np.random.default_rng(2)
    one = curve(_GRID, 1.1 * _replicas(rng, 3, 0.0), _replicas(rng, 3, 0.0), 0.3, 0.001)
    assert one.cdf_at(_GRID[:1]).value[0] == pytest.approx(0.3, abs=1e-3)
    assert one.cdf_error[0] == pytest.approx(0.001, rel=0.01)  # the atom's error reaches the lower end only
    assert one.cdf_error[-1] < 1e-5


def test_a_slow_lower_end_keeps_its_mass():
    """Mass 1/20 lies below the grid: the cdf there is what the atom and the grid leave."""
    density = 0.95 * kernel_density(_GRID, 0.5) + 0.02
    density[_GRID > 0.0] -= 0.02
    replicas = np.tile(density, (3, 1))
    one = curve(_GRID, replicas, replicas, 0.0, 0.0)
    mass = 0.95 + 0.02 * 12.0
    assert one.cdf_at(_GRID[:1]).value[0] == pytest.approx(max(1.0 - mass, 0.0), abs=0.01)


def test_errors_are_those_of_independent_replicas():
    """Over 200 curves two errors cover 95 % of the points at least."""
    rng = np.random.default_rng(3)
    inside = []
    for _ in range(200):
        factor = 1.0 + 0.05 * rng.normal(size=(8, 1)) * np.tanh(_GRID)
        small = 1.0 + 0.1 * rng.normal(size=(8, 1)) * np.tanh(_GRID)
        truth = 0.7 * kernel_density(_GRID, 0.5)
        one = curve(_GRID, truth * factor, truth * small, 0.3, 0.0)
        inside.append(np.abs(one.density - truth) <= 2.0 * one.density_error + 1e-3 * truth)
    assert np.mean(inside) > 0.95


def test_bias_is_a_third_of_the_change():
    replicas = np.tile(0.7 * kernel_density(_GRID, 0.5), (3, 1))
    one = curve(_GRID, replicas, np.roll(replicas, 1, axis=1), 0.3, 0.0)
    assert one.bias.max() == pytest.approx(0.15 * replicas.max() / 3.0, rel=0.05)  # the mean of the density over a step


def test_decay():
    v = np.arange(0.0, 10.0, 0.5)
    assert decay(v, np.exp(-0.4 * v), 0.05) == pytest.approx(0.4)
    assert decay(v, np.exp(-7.0 * v), 0.05) == 1.0
    assert decay(v, np.ones(v.size), 0.05) == 0.05
