import itertools
import math

import numpy as np
import pytest
from scipy.integrate import quad

from rmtjac.theory.heavy_tails.coupled.input_law import (
    deficit,
    empirical_input,
    fixed_input,
    gaussian_input,
    scaled_erfc,
    stationary_input,
)

A = np.array([0.0, 0.3 - 0.2j, 2.0 - 3.0j, 40.0 - 30.0j, 1e4 - 1e4j])
B = np.array([0.0, 0.1 + 0.1j, 1.0 + 0.4j, 3.0 + 2.0j, 30.0 + 30.0j])


def _integral(density, a, b, ends):
    def part(pick, low, high):
        return quad(
            lambda x: getattr(density(x) * x * np.exp(-a * x * x - b * x), pick), low, high, epsabs=1e-13, limit=400
        )[0]

    return sum(complex(part("real", low, high), part("imag", low, high)) for low, high in itertools.pairwise(ends))


@pytest.mark.parametrize("variance", [1e-4, 1.0, 9.0])
def test_gaussian_transform(variance):
    # Oracle: scipy's quadrature, 1e-13 of its own.
    def density(x):
        return math.sqrt(2.0 / (math.pi * variance)) * math.exp(-0.5 * x * x / variance)

    spread = math.sqrt(variance)
    exact = [
        _integral(density, a, b, [0.0, 0.01 * spread, 0.1 * spread, spread, 12.0 * spread])
        for a, b in zip(A, B, strict=True)
    ]
    assert gaussian_input(variance).transform(A, B) == pytest.approx(np.array(exact), rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("scale", [0.05, 0.59633, 1.0, 50.0])
def test_stationary_transform_and_mean(scale):
    # Oracles: quadrature of the Cauchy density up to 1 and the atom there; E|hardtanh(q C)| in closed form.
    law = stationary_input(scale)
    mean = scale / math.pi * math.log1p(scale**-2) + 2.0 / math.pi * math.atan(scale)
    assert law.mean == pytest.approx(mean, rel=1e-10)
    # The part of the remainder below the first node, of order (2^-9)^3, is left out.
    assert law.weights.sum() + law.normal == pytest.approx(1.0, abs=1e-8)
    ends = [0.0, 1e-3, 0.01, 0.1, 1.0]

    def density(x):
        return 2.0 * scale / math.pi / (scale**2 + x * x)

    exact = np.array([_integral(density, a, b, ends) for a, b in zip(A, B, strict=True)])
    exact += 2.0 / math.pi * math.atan(scale) * np.exp(-A - B)
    assert law.transform(A, B) == pytest.approx(exact, rel=1e-9, abs=1e-10)
    assert law.density_at_zero == pytest.approx(2.0 / (math.pi * scale), rel=1e-13)


def test_empirical_lists():
    law = empirical_input([0, -2, 2, 0.5])
    assert law.nodes.tolist() == [0.5, 2.0]
    assert law.weights.tolist() == [0.25, 0.5]
    assert law.zero == 0.25
    values = np.random.default_rng(2).normal(size=5000)
    law = empirical_input(values.astype(np.float32))
    assert law.nodes.size < 800
    assert law.weights.sum() == pytest.approx(1.0)
    assert law.mean == pytest.approx(np.abs(values).mean(), rel=1e-6)  # bins keep the mean; float32
    exact = (np.abs(values) * np.exp(-np.outer(A, values**2) - np.outer(B, np.abs(values)))).mean(axis=1)
    # A bin of 2 per cent changes the exponent by 1 per cent at most, to second order in its width.
    assert law.transform(A, B) == pytest.approx(exact, rel=1e-3, abs=1e-5)


def test_limits_and_bad_input():
    assert fixed_input(0).zero == gaussian_input(0).zero == empirical_input([0.0]).zero == 1.0
    for call in (
        lambda: fixed_input(-1.0),
        lambda: gaussian_input(math.nan),
        lambda: stationary_input(0.0),
        lambda: empirical_input([]),
        lambda: empirical_input([1.0, math.inf]),
    ):
        with pytest.raises(ValueError, match=r"size|variance|scale|values"):
            call()
    with pytest.raises(TypeError):
        fixed_input("1")


def test_deficit_keeps_digits():
    # Oracle: mpmath with 40 digits.
    import mpmath

    with mpmath.workdps(40):
        for z in (0.1, 3.0 + 1.0j, 29.9j + 29.0, 31.0, 1e3 - 2e3j, -5.0 + 40.0j, 1e8 * (1 + 2j)):
            w = mpmath.mpc(z)
            exact = complex(1 - mpmath.sqrt(mpmath.pi) * w * mpmath.exp(w * w) * mpmath.erfc(w))
            # Below |z| = 30 the difference 1 - U loses a factor 2 |z|^2 of the rounding of wofz (1e-13 promised).
            assert deficit(np.array([z]))[0] == pytest.approx(exact, rel=3e-11)
    assert scaled_erfc(np.array([0.0]))[0] == 1.0
