import numpy as np
import pytest

from rmtjac.kernels.heavy_tails.coupled_transform import coupled_transform


def test_against_numpy():
    rng = np.random.default_rng(1)
    points, weights = np.sort(rng.exponential(size=40)), rng.normal(size=40)
    a = rng.uniform(0.0, 200.0, 60) * np.exp(1j * rng.uniform(-1.5, 1.5, 60))
    b = rng.uniform(0.0, 50.0, 60) * np.exp(1j * rng.uniform(-1.5, 1.5, 60))
    exact = np.exp(-np.outer(a, points**2) - np.outer(b, points)) @ (weights * points)
    # 40 terms below e^-45 are dropped.
    assert coupled_transform(a, b, points, weights) == pytest.approx(exact, rel=1e-13, abs=1e-15)


def test_growing_exponents_are_not_cut():
    # exp(-x (x - 12)) grows up to x = 6: terms beyond a small one count.
    points = np.array([0.5, 6.0, 20.0])
    got = coupled_transform(np.array([1.0 + 0j]), np.array([-12.0 + 0j]), points, np.ones(3))[0]
    assert got == pytest.approx(0.5 * np.exp(5.75) + 6.0 * np.exp(36.0), rel=1e-13)


def test_no_points():
    assert coupled_transform(np.ones(3) + 0j, np.ones(3) + 0j, np.empty(0), np.empty(0)).tolist() == [0j] * 3
