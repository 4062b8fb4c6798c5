"""Variances at which phi' is no float for a good part of the neurons."""

import math

import mpmath as mp
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory import derivative_law
from tests.oracles.far_tail import SIDES, log_square, means


def _limit(name, depth, q, **options):
    return rj.limit_spectrum(rj.Ensemble.square(100, depth, name, **options), input_variance=q)


@pytest.mark.parametrize(
    ("name", "q", "p"),
    [("gelu", 1e3, 0.1), ("gelu", 1e6, 0.3), ("silu", 1e6, 0.2), ("erf", 1e4, 0.05), ("tanh", 1e5, 0.01)],
)
def test_quantiles_far_below_the_floats(name, q, p):
    # L = 1: c = 1 + m = lambda u, and 1 - F = Im(m + E Log(1 - u D^2) - Log c) / pi, by mpmath at the root that was
    # found; the root in the strip is unique.
    lim = _limit(name, 1, q)
    log_lam = float(lim.log_quantile(p))
    assert log_lam < -700.0
    assert lim.quantile(p) == math.exp(max(log_lam, -800.0))
    v = complex(lim.solve(np.array([log_lam])).log_u[0, 0])
    assert -math.pi < v.imag < 0.0
    with mp.workdps(25):
        c, angle = means(name, q, v)
        assert abs(mp.log(c) - v - log_lam) < 1e-13 * abs(log_lam)
        assert abs(1 - (c.imag + angle - mp.arg(c)) / mp.pi - p) < 1e-12


@pytest.mark.parametrize(
    ("name", "depth", "q"),
    [
        ("gelu", 1, 1e3),
        ("mish", 1, 1e4),
        ("softplus", 3, 1e3),
        ("silu", 3, 1e4),
        ("gelu", 1, 1e-12),
        ("arctan", 2, 1e4),
    ],
)
def test_every_entry_point_answers(name, depth, q):
    lim = _limit(name, depth, q)
    p = np.array([1e-6, 1e-3, 0.1, 0.3, 0.7])
    log_lam = lim.log_quantile(p)
    assert (np.diff(log_lam) > 0.0).all()
    np.testing.assert_allclose(lim.log_cdf(log_lam), p, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(lim.quantile(p), np.exp(log_lam))
    lam = np.array([1e-300, 1e-55, 1e-5])
    density, error = lim.density(lam), lim.density_error(lam)
    assert (density > 0.0).all() or q == 1e-12 or name == "arctan"
    assert (error <= 1e-9 * density + 1e-300).all()
    # dF/d log lambda by a difference, F being a closed form: 1e-13 / 2e-4, and the square of the step
    step = 1e-3
    slope = (lim.log_cdf(np.log(lam) + step) - lim.log_cdf(np.log(lam) - step)) / (2.0 * step)
    np.testing.assert_allclose(density * lam, slope, rtol=2e-6, atol=1e-9)
    assert np.isfinite(lim.stieltjes([-1e-200, -1.0, 1.0 + 1.0j])).all()
    assert math.isfinite(lim.log_moment())


@pytest.mark.parametrize("name", SIDES)
def test_mean_log(name):
    # E log D^2 = -2 c_1 E x ... by mpmath, half-lines apart; phi' has zeros on the left for silu, gelu and mish
    q = 1e5
    with mp.workdps(20):

        def mean(sign):
            cuts = [0, 0.6, 0.7, 0.8, 1.1, 1.2, 1.3, 1.4, 3, 10, 30, *(mp.sqrt(q) * k for k in (0.3, 1, 2, 4, 7, 10))]
            return mp.quad(lambda x: mp.exp(-x * x / (2 * q)) * log_square(name, sign * x), cuts) / mp.sqrt(
                2 * mp.pi * q
            )

        want = float(2 * mean(1) if SIDES[name] == 2 else mean(1) + mean(-1))
    # the logarithm at a zero costs mpmath's rule some 1e-5 of the 1e-3 that lies near it
    assert derivative_law(rj.activations.activation(name), q).mean_log == pytest.approx(want, rel=1e-8)


def test_an_underflowed_derivative_is_no_zero_of_it():
    # P(D^2 < e^l) = P(h < -x): the rule once took [-40, -10] for a panel on which gelu' crosses 0
    from scipy.special import ndtr

    law = derivative_law(rj.activations.activation("gelu"), 1e6)
    for l in (-1.0, -100.0, -500.0):
        with mp.workdps(40):
            x = float(mp.findroot(lambda t, l=l: log_square("gelu", t) - l, max(math.sqrt(-l), 2.0)))
        mass = law.weights[law.values < math.exp(l)].sum()
        assert mass == pytest.approx(float(ndtr(-x / 1e3)), abs=2e-3)


def test_a_function_of_ones_own_is_resolved_down_to_floats_and_says_so():
    mine = rj.Activation("my gelu", *(lambda phi: (phi.function, phi.derivative))(rj.activations.activation("gelu")))
    lim = _limit(mine, 1, 1e3)
    known = _limit("gelu", 1, 1e3)
    np.testing.assert_allclose(lim.quantile([0.5, 0.9]), known.quantile([0.5, 0.9]), rtol=1e-11)
    with pytest.raises(ArithmeticError, match=r"p=0.1 lies in \[0, exp\(-5\d\d.*D\^2 below 1e-280"):
        lim.log_quantile([0.5, 0.1])


@pytest.mark.parametrize(
    ("name", "lam", "q"),
    [
        ("silu", 1e-55, 1e3),
        ("mish", 1.3e-55, 1e3),
        ("softplus", 7e-56, 1e3),
        ("gelu", 1e-55, 1e3),
        ("tanh", 1e-90, 1e4),
    ],
)
def test_densities_far_below_one_against_mpmath(name, lam, q):
    # v = log c(v) - log lambda contracts by a factor of 30 and more, from a start that is right to 1e-12
    lim = _limit(name, 1, q)
    with mp.workdps(25):
        log_lam = mp.log(mp.mpf(lam))
        v = mp.mpc(complex(lim.solve(np.array([math.log(lam)])).log_u[0, 0]))
        for _ in range(3):
            c, _ = means(name, q, v)
            before, v = v, mp.log(c) - log_lam
        assert abs(v - before) < 1e-14
        exact = float(-c.imag / (mp.pi * mp.mpf(lam)))
    assert abs(float(lim.density(lam)) - exact) <= float(lim.density_error(lam))
    assert float(lim.density_error(lam)) <= 1e-11 * exact
