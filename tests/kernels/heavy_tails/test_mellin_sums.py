"""Sums over the lines of Mellin's integral against closed forms and integrals in real space."""

import cmath
import math

import mpmath
import numpy as np
import pytest
from scipy.special import wofz

from rmtjac.kernels.heavy_tails.mellin_sums import moment_odds, potential
from rmtjac.theory.heavy_tails.independent.mask_law import MaskLaw, mask_law
from rmtjac.theory.heavy_tails.independent.mellin_laws import ProductLaw, mellin_laws

ONE = MaskLaw.one()


@pytest.mark.parametrize("arg", [0.0, 1.0, 2.5, 3.1, math.pi])
def test_cauchy_against_erfcx(arg):
    """E[w S / (1 + w S)] = sqrt(pi) x erfcx(x), x = sqrt(w) / 2, up to rounding, from 1e-260 to 1e260."""
    laws = mellin_laws([ProductLaw((0.5,), ONE)])
    for size in (-600.0, -100.0, -30.0, -10.0, -3.0, 0.0, 1.0, 5.0, 10.0, 40.0, 100.0, 600.0):
        got = moment_odds(laws, 0, complex(size, arg))
        x = cmath.exp(0.5 * complex(size, arg)) / 2.0
        if abs(x) < 1e3:
            mu = math.sqrt(math.pi) * x * wofz(1j * x)
            assert abs(cmath.exp(got.log_mu) / mu - 1.0) < 2e-14
        else:
            assert abs(cmath.exp(got.log_rest) * 2.0 * x * x - 1.0) < 2e-5
        assert got.error < 1e-12


@pytest.mark.parametrize("b", [0.05, 0.35, 0.75, 0.95])
@pytest.mark.parametrize("v", [-3 + 2j, 3 + 1j, 8 + 1.5j])
def test_one_stable_variable_against_an_integral(b, v):
    """E 1/(1 + w S) is the integral of exp(-u - (w u)^b) over a rotated ray."""
    with mpmath.workdps(25):
        turn = mpmath.expj(-v.imag / 2)

        def term(u):
            return turn * mpmath.exp(-turn * u - mpmath.exp(b * (mpmath.mpc(v) + mpmath.log(u) - 0.5j * v.imag)))

        want = mpmath.quad(term, [0, *[mpmath.mpf(10) ** k for k in range(-12, 3)]])
    got = moment_odds(mellin_laws([ProductLaw((b,), ONE)]), 0, v)
    assert abs(cmath.exp(got.log_rest) / complex(want) - 1.0) < 1e-12


@pytest.mark.parametrize("indices", [(0.5,), (0.5, 0.5), (0.3, 0.8), (0.45, 0.45 + 1e-9), (0.05, 0.05), (0.9, 0.95)])
def test_slope_and_potential_agree_with_differences(indices):
    laws = mellin_laws([ProductLaw(indices, ONE)])
    d = 1e-4
    for v in (-80 + 1j, -12 + 2j, -2 + 3j, 1 + 1j, 6 + 2.5j, 90 + 3j):
        low, mid, high = (moment_odds(laws, 0, v + s) for s in (-d, 0.0, d))
        change = (high.log_mu - high.log_rest - low.log_mu + low.log_rest) / (2.0 * d)
        assert abs(change / mid.slope - 1.0) < 1e-6
        rise = (potential(laws, 0, v + d)[0] - potential(laws, 0, v - d)[0]) / (2.0 * d)
        assert abs(rise - cmath.exp(mid.log_mu)) < 1e-6 * abs(cmath.exp(mid.log_mu)) + 1e-9 * (v.real > 0)


@pytest.mark.parametrize(("phi", "alpha"), [("tanh", 1.0), ("softsign", 1.5), ("tanh", 2.0)])
def test_one_sum_for_all_masks_agrees_with_one_for_each(phi, alpha):
    """Two contours, two step sizes."""
    laws = mellin_laws([ProductLaw((0.4, 0.5), mask_law(phi, alpha, 0.5))])
    single = laws._replace(laws=laws.laws * np.array([1, 1, 1, 0, 1, 1]))
    for v in (-100 + 2.9j, -5 + 1j, 0 + 3j, 5 + 2j, 20 + 3j, 60 + 2j):
        a, b = moment_odds(laws, 0, v), moment_odds(single, 0, v)
        assert abs(a.log_mu - b.log_mu) < 1e-12 + 10.0 * a.error
        assert abs(a.log_rest - b.log_rest) < 1e-12 + 10.0 * a.error
        assert abs(potential(laws, 0, v)[0] - potential(single, 0, v)[0]) < 1e-11


def test_an_error_of_the_step_is_seen():
    """A step three times too long is reported, not hidden."""
    laws = mellin_laws([ProductLaw((0.5,), ONE)])
    numbers = laws.numbers.copy()
    numbers[:, 0] += 0.02  # the coefficients no longer belong to their line
    bad = laws._replace(numbers=numbers, values=laws.values * np.where(np.arange(laws.values.size) % 2, 1.0, 1.1))
    assert moment_odds(bad, 0, 0.5 + 1j).error > 1e-9
