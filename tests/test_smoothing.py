"""Smoothing in log lambda: the kernel is the imaginary part of the Stieltjes transform, and integrates to its cdf."""

import itertools
import math

import numpy as np
import pytest
from scipy.integrate import quad

from rmtjac.smoothing import kernel_cdf, kernel_density, smoothed_cdf, smoothing_angle


@pytest.mark.parametrize("angle", [1e-3, 0.1, 1.0, 3.0])
@pytest.mark.parametrize("x", [1e-5, 0.9, 1.0, 70.0])
def test_the_kernel_is_the_stieltjes_transform_on_a_ray(angle, x):
    lam = np.array([1e-4, 0.3, 1.0, 2.0])
    z = x * np.exp(1j * angle)
    expected = (z * np.mean(1.0 / (lam - z))).imag / (math.pi - angle)
    # The sum with z cancels up to x / lam = 7e5 times the rounding error; the kernel does not.
    assert kernel_density(math.log(x) - np.log(lam), angle).mean() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("angle", [0.05, 0.5, 2.0, 3.1])
@pytest.mark.parametrize("v", [-3.0, 0.2, 5.0])
def test_the_cdf_integrates_the_kernel(angle, v):
    parts = [-60.0, -1.0, 0.0, v] if v > 0.0 else [-60.0, v]
    expected = sum(
        quad(lambda t: float(kernel_density(t, angle)), a, b, epsabs=1e-12, limit=500)[0]
        for a, b in itertools.pairwise(parts)
    )
    assert kernel_cdf(v, angle) == pytest.approx(expected, abs=1e-10)


def test_the_angle_zero_is_no_smoothing():
    assert kernel_cdf([-1.0, 0.0, 1e-300, 2.0], 0.0).tolist() == [0.0, 0.5, 1.0, 1.0]
    assert smoothed_cdf([-0.5, 0.5, 1.5], [0.0, 1.0], 0.0, atom=0.2) == pytest.approx([0.2, 0.6, 1.0], abs=1e-15)


def test_shapes_and_blocks():
    rng = np.random.default_rng(0)
    values, points = rng.normal(size=(3, 1000)), np.linspace(-3.0, 3.0, 2000).reshape(4, 500)
    out = smoothed_cdf(points, values, 0.3, atom=0.25)
    assert out.shape == points.shape
    for i, j in ((0, 0), (2, 77), (3, 499)):
        assert out[i, j] == pytest.approx(0.25 + 0.75 * kernel_cdf(points[i, j] - values, 0.3).mean(), abs=1e-14)


@pytest.mark.parametrize("angle", [-0.1, math.pi, math.inf, math.nan])
def test_angles_out_of_range(angle):
    with pytest.raises(ValueError, match="angle="):
        smoothing_angle(angle)
