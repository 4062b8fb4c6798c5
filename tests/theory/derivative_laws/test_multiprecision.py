import math

import mpmath as mp
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory import DiscreteLaw, derivative_law
from rmtjac.theory.derivative_laws.multiprecision import digits_known, smooth_moment_transform
from tests.oracles.activations import FUNCTIONS

# Below 0, below the tip 1/b, far off, and complex.
POINTS = [mp.mpf(-3), mp.mpf("-0.01"), mp.mpf("0.5"), mp.mpc("0.3", "-0.4"), mp.mpc(-20, 1), mp.mpc("0.9", "0.6")]


def _gauss_legendre(n):
    with mp.workdps(40):
        roots = [
            mp.findroot(lambda t: mp.legendre(n, t), x) for x in map(mp.mpf, np.polynomial.legendre.leggauss(n)[0])
        ]
        return [(x, 2 * (1 - x * x) / (n * mp.legendre(n - 1, x)) ** 2) for x in roots]


GAUSS = _gauss_legendre(40)


def _law(name, q):
    return derivative_law(rj.activations.activation(name), q)


@pytest.mark.parametrize("q", [0.1, 0.5, 2.0])
def test_erf_against_the_lerch_transcendent(q):
    law = _law("erf", q)
    with mp.workdps(30):
        a = 1 / (mp.pi * mp.mpf(q))
        for u in (mp.mpf("0.5"), mp.mpf("-0.7"), mp.mpc("0.3", "-0.4"), mp.mpc("0.1", "0.8")):
            # inside of the unit circle by its series, in which nothing can go wrong
            exact = mp.nsum(lambda k, u=u, a=a: u**k / mp.sqrt(1 + k / a), [1, mp.inf])
            assert abs(law.moment_transform_mp(u) - exact) < mp.mpf("1e-26") * abs(exact)
        for u in (mp.mpf("0.999"), mp.mpc("0.95", "-0.1")):
            exact = mp.sqrt(a) * u * mp.lerchphi(u, mp.mpf("0.5"), 1 + a)
            assert abs(smooth_moment_transform(*law.source, u) - exact) < mp.mpf("1e-24") * abs(exact)


def test_piecewise_affine_laws_are_sums():
    with mp.workdps(30):
        q = mp.mpf(0.7)
        p = mp.erf(1 / mp.sqrt(2 * q))
        slope = mp.mpf(0.1)  # of the float
        for u in POINTS:
            assert abs(_law("hardtanh", 0.7).moment_transform_mp(u) - p * u / (1 - u)) < mp.mpf("1e-28") * abs(
                p * u / (1 - u)
            )
            exact = (u / (1 - u) + u * slope**2 / (1 - u * slope**2)) / 2
            assert abs(_law("leaky_relu:0.1", 3.0).moment_transform_mp(u) - exact) < mp.mpf("1e-28") * abs(exact)
            law = DiscreteLaw.from_points([0.5, 2.0], [0.25, 0.75])
            exact = u / 4 / (2 - u) + mp.mpf(3) / 4 * 2 * u / (1 - 2 * u) if abs(1 - 2 * u) > 0 else None
            if exact is not None:
                assert abs(law.moment_transform_mp(u) - exact) < mp.mpf("1e-28") * abs(exact)


@pytest.mark.parametrize("name", ["gelu", "softsign", "mish", "tanh", "silu"])
def test_smooth_laws_against_quadrature(name):
    q = 0.8
    law = _law(name, q)
    with mp.workdps(30):
        scale = mp.sqrt(mp.mpf(q))
        for u in (mp.mpf(-2), mp.mpf("0.6") / mp.mpf(law.supremum), mp.mpc("0.4", "-0.5")):

            def f(z, u=u):
                # mp.diff of the textbook phi: no formula of phi' is shared
                with mp.workdps(60):
                    d = mp.diff(FUNCTIONS[name], scale * z) ** 2
                return mp.npdf(z) * u * d / (1 - u * d)

            # Gauss-Legendre, not the trapezoid rule of what is tested
            exact = mp.mpf(0)
            for left in np.arange(-9.0, 9.0, 1.0):
                exact += mp.fsum(wi * f((xi + 1) / 2 + mp.mpf(left)) for xi, wi in GAUSS) / 2
            # the mass beyond 9 standard deviations is 2e-19; 40 points a piece give 1e-20 even for softsign, u near 1
            assert abs(law.moment_transform_mp(u) - exact) < mp.mpf("1e-16") * abs(exact)


@pytest.mark.parametrize("name", ["tanh", "erf", "gelu", "softsign"])
def test_more_digits_change_nothing(name):
    law = _law(name, 0.5)
    for u in ("0.7", mp.mpc("0.5", "0.3"), "-50"):
        with mp.workdps(30):
            few = law.moment_transform_mp(mp.mpmathify(u))
        with mp.workdps(45):
            many = law.moment_transform_mp(mp.mpmathify(u))
            assert abs(few - many) < mp.mpf("1e-25") * abs(many)


def test_floats_agree_and_user_callables_have_their_digits():
    sech = rj.Activation("gudermannian", lambda h: 2 * np.arctan(np.tanh(h / 2)), lambda h: 1 / np.cosh(h))
    assert digits_known(sech) == 15.0
    assert digits_known(rj.activations.activation("gelu")) == math.inf
    law = derivative_law(sech, 0.5)
    with mp.workdps(20):
        for u in (-2.0, 0.5, 0.3 - 0.4j):
            exact = mp.quad(
                lambda z, u=u: (
                    mp.npdf(z) * u * mp.sech(z * mp.sqrt(0.5)) ** 2 / (1 - u * mp.sech(z * mp.sqrt(0.5)) ** 2)
                ),
                [-12, -4, 0, 4, 12],
            )
            assert abs(law.moment_transform_mp(u) - exact) < 1e-13 * abs(exact)
            assert abs(complex(law.moment_transform(u)) - complex(exact)) < 1e-13 * abs(exact)
