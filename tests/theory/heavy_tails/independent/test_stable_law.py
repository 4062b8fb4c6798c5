"""Stable laws against their characteristic function."""

import math

import numpy as np
import pytest
from scipy.integrate import quad

from rmtjac.theory.heavy_tails.independent.stable_law import stable_cdf, stable_density


@pytest.mark.parametrize("alpha", [0.6, 0.9, 1.0, 1.2, 1.5, 1.9, 2.0])
@pytest.mark.parametrize("x", [0.1, 1.0, 3.0])
def test_density_and_cdf_against_fourier(alpha, x):
    end = 40.0 ** (1.0 / alpha)
    want = quad(lambda t: math.exp(-(t**alpha)), 0.0, end, weight="cos", wvar=x, limit=2000, epsabs=1e-11)[0] / math.pi
    assert abs(stable_density([x], alpha)[0] - want) < 1e-8
    below = quad(lambda y: float(stable_density([y], alpha)[0]), 0.0, x, epsabs=1e-11)[0]
    assert abs(stable_cdf([x], alpha)[0] - 0.5 - below) < 1e-8


def test_tails_are_symmetric_and_keep_their_digits():
    for alpha in (0.3, 0.7, 1.0, 1.3, 1.8):
        far = stable_cdf([-1e30], alpha)[0]
        want = math.gamma(alpha) * math.sin(0.5 * math.pi * alpha) / math.pi * 1e30**-alpha
        assert abs(far / want - 1.0) < 1e-6
    np.testing.assert_allclose(stable_cdf([-2.0], 1.4), 1.0 - stable_cdf([2.0], 1.4), rtol=1e-12)
