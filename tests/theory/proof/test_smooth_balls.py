"""Laws of analytic activations in balls against mpmath: every ball must hold the value to 30 digits."""

import math
from functools import lru_cache

import mpmath as mp
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.activations.analytic import ANALYTIC, derivative
from rmtjac.theory import derivative_law
from rmtjac.theory.proof.ball_laws import ball_law
from rmtjac.theory.proof.smooth_balls import Enclosure
from tests.theory.proof.test_ball_laws import holds

flint = pytest.importorskip("flint")
acb, arb, ctx = flint.acb, flint.arb, flint.ctx


def _law(name, q):
    return ball_law(derivative_law(rj.activations.activation(name), q))


@lru_cache
def _gauss_legendre(n):
    """Nodes and weights on [-1, 1] in 45 digits."""
    with mp.workdps(45):
        starts = map(mp.mpf, np.polynomial.legendre.leggauss(n)[0])
        roots = [mp.findroot(lambda t: mp.legendre(n, t), x) for x in starts]
        return [(x, 2 * (1 - x * x) / (n * mp.legendre(n - 1, x)) ** 2) for x in roots]


@lru_cache
def _law_of_d_squared(name, q):
    """Pairs (weight, D^2) in 40 digits, of 30 Gauss-Legendre nodes on each quarter of a standard deviation.

    A pole of 1/(1 - u D^2) at a distance of 0.3 from the real axis leaves an error of 5^-60 = 1e-42.
    """
    d, out = derivative(name), []
    with mp.workdps(40):
        s = mp.sqrt(mp.mpf(q))
        for k in range(0 if ANALYTIC[name].even else -56, 56):
            for x, w in _gauss_legendre(30):
                z = (k + (x + 1) / 2) / 4
                weight = mp.npdf(z) * w / (4 if ANALYTIC[name].even else 8)
                out.append((weight, d(mp.mp, s * z) ** 2))
    return out


def _quad(name, q, f):
    """E f(phi'(h)^2) in 40 digits."""
    return mp.fsum(w * f(x) for w, x in _law_of_d_squared(name, q))


@pytest.mark.parametrize("u", [0.6 - 0.9j, 5.0 - 3.0j, -40.0 - 300.0j])
@pytest.mark.parametrize("name", ANALYTIC)
def test_smooth_laws(name, u):
    law, point = _law(name, 0.5), acb(u)
    with ctx.workprec(64):
        t, e = law.rest_and_ratio(point)
        slope = law.slope(point)
    with mp.workdps(40):
        v = mp.mpc(u)
        for ball, oracle in (
            (t, _quad(name, 0.5, lambda x: 1 / (1 - v * x))),
            (e, _quad(name, 0.5, lambda x: x / (1 - v * x))),
            (slope, _quad(name, 0.5, lambda x: x / (1 - v * x) ** 2)),
        ):
            assert holds(ball, oracle)
            assert ball.rel_accuracy_bits() > 40


@pytest.mark.parametrize("u", [0.3 - 0.2j, 1.5 - 0.5j, -6.0 - 2.0j])
def test_erf_against_the_lerch_transcendent(u):
    with ctx.workprec(64):
        t, _ = _law("erf", 0.7).rest_and_ratio(acb(u))
    with ctx.workprec(128):
        a = 1 / (arb.pi() * 0.7)
        lerch = a.sqrt() * acb(u).lerch_phi(acb(0.5), a)
    assert t.overlaps(lerch)
    assert lerch.rel_accuracy_bits() > 60


@pytest.mark.parametrize("name", ["erf", "tanh", "gelu"])
def test_moments(name):
    law = _law(name, 0.5)
    with ctx.workprec(64):
        balls = [law.moment(k) for k in (1, 2, 7)]
    with mp.workdps(40):
        for k, ball in zip((1, 2, 7), balls, strict=True):
            assert holds(ball, _quad(name, 0.5, lambda x, k=k: x**k))
            assert ball.rel_accuracy_bits() > 50


@pytest.mark.parametrize("name", ["tanh", "silu", "leaky_relu:0.3"])
def test_widened_balls_hold_what_lies_inside(name):
    law, u = _law(name, 0.5), acb(3.0, -2.0)
    radius = 1e-3
    with ctx.workprec(64):
        ball = u + acb(arb(0.0, radius), arb(0.0, radius))
        wide = law.widen(u, ball, Enclosure(*law.rest_and_ratio(u), law.slope(u)))
        rng = np.random.default_rng(0)
        for x, y in rng.uniform(-radius, radius, (5, 2)):
            v = u + acb(x, y)
            for outer, inner in zip(wide, (*law.rest_and_ratio(v.mid()), law.slope(v.mid())), strict=True):
                assert outer.contains(inner.mid())


@pytest.mark.parametrize("u", [acb(math.nan, -1.0), acb(0.0, 0.0), acb(1e300, -1e300), acb(1e-310, -1e-310), acb(1.0)])
def test_every_u_has_an_enclosure_or_an_infinite_one(u):
    law = _law("tanh", 0.5)
    values = (*law.rest_and_ratio(u), law.slope(u))
    if u == 0:
        assert values[0].contains(1)
        assert holds(values[1], _quad("tanh", 0.5, lambda x: x))
    if not u.is_finite() or u == 1:  # no number, and the tip of the cut
        assert not any(acb(value).is_finite() for value in values)
