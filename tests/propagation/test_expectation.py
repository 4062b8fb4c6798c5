import math

import numpy as np
import pytest

from rmtjac.propagation.expectation import cauchy_expectation, gaussian_expectation


@pytest.mark.parametrize("variance", [1e-12, 0.3, 1.0, 50.0, 1e8])
def test_gaussian_moments_and_steps(variance):
    assert gaussian_expectation(lambda h: h**2, variance) == pytest.approx(variance, rel=1e-12)
    assert gaussian_expectation(lambda h: (h > 0.7) * 1.0, variance, (0.7,)) == pytest.approx(
        0.5 * math.erfc(0.7 / math.sqrt(2 * variance)), rel=1e-11, abs=1e-300
    )
    # a feature of width 1 under a wide weight: E exp(-h^2/2) = 1/sqrt(1 + v)
    assert gaussian_expectation(lambda h: np.exp(-0.5 * h * h), variance) == pytest.approx(
        (1 + variance) ** -0.5, rel=1e-12
    )


@pytest.mark.parametrize("scale", [1e-6, 0.3, 1.0, 100.0])
def test_cauchy(scale):
    assert cauchy_expectation(lambda h: (abs(h) < 1) * 1.0, scale, (-1.0, 1.0)) == pytest.approx(
        2 / math.pi * math.atan(1 / scale), rel=1e-11
    )
    # E 1/(1 + h^2) = 1/(1 + s)
    assert cauchy_expectation(lambda h: 1 / (1 + h * h), scale) == pytest.approx(1 / (1 + scale), rel=1e-11)


def test_no_spread():
    assert gaussian_expectation(np.cos, 0.0) == 1.0
    assert cauchy_expectation(np.cos, 0.0) == 1.0
