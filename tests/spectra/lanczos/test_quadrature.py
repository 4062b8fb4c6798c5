import math

import numpy as np
import pytest

from rmtjac.spectra.lanczos.quadrature import angle, cdf, cdf_bounds, smoothed_density, upper_weights


def test_kernel_of_the_density_is_a_short_series():
    # Masses at Chebyshev angles integrate cos(k t), 0 < k < 2m, to 0: the density in the angle is flat, up to the
    # coefficient of k = 2m, exp(-(2m w)^2/2) = exp(-8), twice.
    m = 30
    angles = math.pi * (np.arange(m) + 0.5) / m
    lam = np.linspace(0.01, 2.99, 101)
    nodes = 1.5 * (1.0 - np.cos(angles))
    found = smoothed_density(nodes, np.full(m, 1.0 / m), lam, width=2.0 / m, top=3.0)
    flat = 1.0 / (math.pi * np.sqrt(lam * (3.0 - lam)))
    assert np.abs(found / flat - 1.0).max() == pytest.approx(2.0 * math.exp(-8.0), rel=0.05)


@pytest.mark.parametrize("width", [0.01, 0.3, 2.0, 9.0])
def test_smoothing_keeps_the_mass(width):
    nodes, weights = np.array([0.0, 0.3, 2.0, 3.0]), np.array([0.1, 0.2, 0.4, 0.3])
    t = math.pi * (np.arange(20000) + 0.5) / 20000  # midpoints: exact for a smooth periodic function
    lam = 1.5 * (1.0 - np.cos(t))
    density = smoothed_density(nodes, weights, lam, width=width, top=3.0)
    # next to the top the angle comes from a square root: known to sqrt(eps) = 1.5e-8, a node there as well
    assert (density * 1.5 * np.sin(t)).mean() * math.pi == pytest.approx(1.0, rel=2e-8)


def test_the_cdf_of_one_node_by_hand():
    # 1/4 at 0, and a node of weight 3/4 in the middle of [0, 2], where the angle is pi/2
    nodes, weights, lam = np.array([1.0]), np.array([0.75]), np.array([0.0, 1.0, 2.0, 0.5])
    # half of the node lies below it; lam = 1/2 is the angle pi/3
    np.testing.assert_allclose(
        cdf(nodes, weights, 0.25, lam, 2.0), [0.25, 0.625, 1.0, 0.25 + 0.375 * 2 / 3], rtol=1e-14
    )
    np.testing.assert_allclose(angle(lam, 2.0), [0.0, math.pi / 2, math.pi, math.pi / 3], atol=1e-15)


@pytest.mark.parametrize("seed", range(3))
def test_bounds_hold_for_the_measure_of_the_quadrature(seed):
    # A measure of 40 atoms, and its 6-node Gauss quadrature by Golub and Welsch from the Lanczos matrix.
    rng = np.random.default_rng(seed)
    points, masses = np.sort(rng.uniform(0.0, 3.0, 40)), rng.dirichlet(np.ones(40))
    basis = np.linalg.qr(np.sqrt(masses)[:, None] * np.vander(points, 6, increasing=True))[0]
    nodes, vectors = np.linalg.eigh(basis.T @ (points[:, None] * basis))
    weights = vectors[0] ** 2
    lam = np.concatenate([points, nodes, [-1.0, 0.0, 5.0]])
    exact = np.array([masses[points <= x].sum() for x in lam])
    low, high = cdf_bounds(nodes, weights, lam)
    # rounding of the nodes: a point exactly at lam counts on either side only if it is no node
    assert (low <= exact + 1e-9).all()
    assert (exact <= high + 1e-9).all()
    # unused places change nothing
    padded = cdf_bounds(np.append(0.0, nodes), np.append(0.0, weights), lam)
    np.testing.assert_array_equal(padded, [low, high])


def test_upper_weights():
    np.testing.assert_allclose(upper_weights(np.array([0.2, 0.3, 0.5]), 0.6), [0.0, 0.1, 0.5], atol=1e-15)
    np.testing.assert_allclose(upper_weights(np.array([0.2, 0.3]), 0.9), [0.2, 0.3], atol=1e-15)
