import math

import mpmath as mp
import numpy as np
import pytest

from rmtjac.propagation.expectation import gaussian_expectation, stable_expectation
from rmtjac.propagation.stable_law import stable_moment


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
    assert stable_expectation(lambda h: (abs(h) < 1) * 1.0, 1.0, scale, (-1.0, 1.0)) == pytest.approx(
        2 / math.pi * math.atan(1 / scale), rel=1e-11
    )
    # E 1/(1 + h^2) = 1/(1 + s)
    assert stable_expectation(lambda h: 1 / (1 + h * h), 1.0, scale) == pytest.approx(1 / (1 + scale), rel=1e-11)


def test_no_spread():
    assert gaussian_expectation(np.cos, 0.0) == 1.0
    assert stable_expectation(np.cos, 0.5, 0.0) == 1.0


def bell(alpha, scale):
    """E exp(-h^2/2) = E E cos(h Z) = E exp(-|s Z|^alpha), Z ~ N(0, 1), by mpmath in log|Z|."""
    with mp.workdps(20):
        a, s = mp.mpf(alpha), mp.mpf(scale)
        ends = mp.linspace(min(-50, -mp.log(s) - 50 / a), 4, 60)
        density = lambda y: mp.exp(y - mp.exp(2 * y) / 2 - (s * mp.exp(y)) ** a)  # noqa: E731
        return float(mp.sqrt(2 / mp.pi) * mp.quad(density, ends))


@pytest.mark.parametrize("alpha", [0.1, 0.7, 1.0, 1.5, 1.99, 2.0])
@pytest.mark.parametrize("scale", [1e-6, 0.3, 1.0, 100.0])
def test_stable(alpha, scale):
    assert stable_expectation(lambda h: np.exp(-0.5 * h * h), alpha, scale) == pytest.approx(
        bell(alpha, scale), rel=1e-12
    )


@pytest.mark.parametrize(("alpha", "power"), [(0.5, 0.2), (1.0, 0.5), (1.5, 1.0), (1.9, 1.0)])
def test_stable_powers(alpha, power):
    got = stable_expectation(lambda h: np.abs(h) ** power, alpha, 3.0, growth=power)
    assert got == pytest.approx(3.0**power * stable_moment(alpha, power), rel=1e-12)


@pytest.mark.parametrize("alpha", [0.05, 0.5, 1.0, 1.9, 2.0])
@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1e300])
def test_stable_at_the_ends_of_the_floats(alpha, scale):
    # 1 within the breakpoints at +-scale, where P(|X| < 1) is independent of the scale
    one = stable_expectation(lambda h: (np.abs(h) < 1.0) * 1.0, alpha, 1.0, (-1.0, 1.0))
    got = stable_expectation(lambda h: (np.abs(h) < scale) * 1.0, alpha, scale, (-scale, scale))
    # log(scale) of size 700 is rounded to 1e-13
    assert got == pytest.approx(one, rel=1e-12)


@pytest.mark.parametrize(
    ("alpha", "scale", "growth", "words"),
    [
        (2.5, 1.0, 0.0, "alpha=2.5 must lie in"),
        (math.nan, 1.0, 0.0, "alpha=nan"),
        (1.0, -1.0, 0.0, "scale=-1.0 must be a finite number >= 0"),
        (1.0, math.inf, 0.0, "scale=inf"),
        (1.0, 1.0, 1.0, "growth=1.0 must be below alpha=1.0"),
        (1.0, 1.0, 0.99, "so near alpha=1.0"),
    ],
)
def test_no_stable_expectation(alpha, scale, growth, words):
    with pytest.raises(ValueError, match=words):
        stable_expectation(np.tanh, alpha, scale, growth=growth)


def test_a_function_that_never_settles_is_refused():
    with pytest.raises(ValueError, match="oscillates too often"):
        stable_expectation(lambda h: np.sin(h) ** 2, 1.0, 1.0)
