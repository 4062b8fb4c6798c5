import math

import numpy as np
import pytest

import rmtjac as rj
from tests.oracles.closed_forms import fuss_catalan_moment

_POINTS, _RULE = np.polynomial.legendre.leggauss(24)


def _limit(widths, names, orthogonal, q):
    laws = [rj.Orthogonal(1.0) if one else rj.Gaussian() for one in orthogonal]
    return rj.limit_spectrum(rj.Ensemble(widths, names, laws), input_variance=q)


def _mass(lim, power=0):
    """Atoms and the integral of lambda^power rho, by another variable, rule and way to halve than the package's."""
    total = sum(mass * lam**power for lam, mass in lim.atoms) + (lim.atom if power == 0 else 0.0)
    for a, b in lim.solution.log_support:
        bottom = max(a, b - 60.0 * (lim.layers.depth + 2))
        total += float(lim.cdf(math.exp(bottom))) - lim.atom if a == -math.inf and power == 0 else 0.0

        def panels(low, high, bottom=bottom, b=b):
            half = 0.5 * (high - low)[:, None]
            t = 0.5 * (low + high)[:, None] + half * _POINTS
            x = bottom + (b - bottom) * t**4 * (35.0 - 84.0 * t + 70.0 * t**2 - 20.0 * t**3)
            lam = np.exp(x)
            density = lim.density(lam.ravel()).reshape(lam.shape) * lam ** (power + 1)
            return (half * _RULE * density * (b - bottom) * 140.0 * t**3 * (1.0 - t) ** 3).sum(axis=1)

        low, high = np.linspace(0.0, 1.0, 13)[:-1], np.linspace(0.0, 1.0, 13)[1:]
        whole = panels(low, high)
        for _ in range(30):
            middle = 0.5 * (low + high)
            left, right = panels(low, middle), panels(middle, high)
            rough = np.abs(left + right - whole) > 1e-11 * np.maximum(high - low, 1e-3)
            total += float((left + right)[~rough].sum())
            if not rough.any():
                break
            low, high = np.append(low[rough], middle[rough]), np.append(middle[rough], high[rough])
            whole = np.append(left[rough], right[rough])
    return total


CASES = [
    ([100, 20], ["mish"], [0], 50.0),
    ([2, 2, 20, 3], ["gelu", "arctan", "softplus"], [0, 0, 0], 0.01),
    ([100, 2, 1, 1], ["gelu"] * 3, [1, 1, 1], 1.0),
    ([20, 2], ["arctan"], [0], 0.1),
    ([1, 2], ["erf"], [0], 0.01),
    ([2, 2, 100, 1], ["softplus", "mish", "arctan"], [0, 0, 1], 0.01),
    ([100, 2, 1], ["erf", "arctan"], [1, 1], 50.0),
    ([1, 20, 2, 20], ["softsign", "softplus", "erf"], [0, 0, 0], 0.1),
    ([2, 100], ["silu"], [0], 1.0),
]


@pytest.mark.parametrize("case", CASES)
def test_mass_one_by_two_quadratures(case):
    lim = _limit(*case)
    assert _mass(lim) == pytest.approx(1.0, abs=1e-9)
    mass, error = lim.mean(np.ones_like)
    assert error < 1e-10
    assert abs(mass - 1.0) <= max(error, 1e-13)


def test_moments_of_a_tip_with_gaussian_tails():
    # m_4 was thought to be off by 1e-4, for a rule of fixed nodes; Lagrange inversion is the other route
    lim = _limit(*CASES[1])
    assert _mass(lim, 4) == pytest.approx(lim.moment(4), rel=1e-9)
    value, error = lim.mean(lambda lam: lam**4)
    assert abs(value - lim.moment(4)) <= error + 1e-14
    assert error < 1e-11 * value


@pytest.mark.parametrize("depth", [1, 3])
def test_against_closed_forms(depth):
    lim = rj.limit_spectrum(rj.Ensemble.square(10, depth, "linear"))
    for k in (1, 4):
        value, error = lim.mean(lambda lam, k=k: lam**k)
        assert value == pytest.approx(fuss_catalan_moment(depth, k), rel=1e-11)
        assert error < 1e-9 * value
    # E log lambda = -1 per layer: psi(N) - log N summed over the dimensions
    assert lim.mean(lambda lam: np.log(lam))[0] == pytest.approx(-depth, rel=1e-10)


def test_atoms_count():
    lim = rj.limit_spectrum(rj.Ensemble.square(10, 1, "relu"))
    assert lim.mean(lambda lam: lam + 3.0)[0] == pytest.approx(3.5, rel=1e-12)
    # without Gaussian weights M = D^2: two values, and a law that gathers at 1 closer than floats resolve
    lim = _limit([10, 10], ["leaky_relu:0.5"], [1], 1.0)
    assert lim.mean(np.sqrt)[0] == pytest.approx(0.75, rel=1e-14)
    lim = _limit([2, 1], ["mish"], [1], 50.0)
    assert lim.mean(np.ones_like)[0] == pytest.approx(1.0, abs=1e-13)
    assert lim.mean(lambda lam: lam**3)[0] == pytest.approx(lim.moment(3), rel=1e-13)


def test_what_lies_below_the_floats_counts():
    # erf at q = 50: D^2 < e^-700 for h beyond 3 standard deviations
    lim = _limit([100, 2, 100, 2], ["erf", "tanh", "silu"], [1, 1, 1], 50.0)
    mass, error = lim.mean(np.ones_like)
    assert abs(mass - 1.0) <= max(error, 1e-12)
    assert error < 1e-10
