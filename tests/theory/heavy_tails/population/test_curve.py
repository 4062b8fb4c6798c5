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


def test_bias_is_the_change():
    replicas = np.tile(0.7 * kernel_density(_GRID, 0.5), (3, 1))
    one = curve(_GRID, replicas, np.roll(replicas, 1, axis=1), 0.3, 0.0)
    assert one.bias.max() == pytest.approx(0.15 * replicas.max(), rel=0.05)  # the mean of the density over a step


def test_decay():
    v = np.arange(0.0, 10.0, 0.5)
    assert decay(v, np.exp(-0.4 * v), 0.05) == pytest.approx(0.4)
    assert decay(v, np.exp(-7.0 * v), 0.05) == 1.0
    assert decay(v, np.ones(v.size), 0.05) == 0.05


def test_a_power_of_log_lambda_below_the_grid():
    """F(-v) = 1 / v for v > 8, as for slopes exp(-|h|) of a Cauchy h; the rest of the mass lies at -5."""
    grid = np.arange(-40.0, 4.0, 0.15)
    density = np.where(grid < -8.0, 1.0 / grid**2, 0.0) + (1.0 - 1.0 / 8.0) * kernel_density(grid + 5.0, 0.5)
    replicas = np.tile(density, (3, 1))
    points = np.array([-41.0, -60.0, -200.0, -1000.0])
    found = curve(grid, replicas, replicas, 0.0, 0.0, 1.0).cdf_at(points)
    # The jump at -8 costs the spline a few thousandths, and the tail of the kernel at -40 is below 1e-10.
    assert np.all(np.abs(found.value + 1.0 / points) <= found.error + 4e-3)
    assert np.abs(found.value + 1.0 / points).max() < 0.01
    power = curve(grid, replicas, replicas, 0.0, 0.0).cdf_at(points)
    assert abs(power.value[2] - 1.0 / 200.0) > abs(found.value[2] - 1.0 / 200.0)


def test_more_mass_than_there_is_shows_in_the_error():
    """A false plateau of mass 0.1 makes the cdf too small above it, and the atom cuts what is below."""
    density = 0.7 * kernel_density(_GRID, 0.5) + np.where(_GRID < -2.0, 0.01, 0.0)
    replicas = np.tile(density, (3, 1))
    one = curve(_GRID, replicas, replicas, 0.3, 0.0)
    exact = 0.3 + 0.7 * kernel_cdf(_GRID, 0.5)
    assert np.abs(one.cdf_at(_GRID).value - exact)[_GRID < -2.0].max() > 0.005
    assert np.all(np.abs(one.cdf_at(_GRID).value - exact) <= one.cdf_at(_GRID).error + 1e-3)
