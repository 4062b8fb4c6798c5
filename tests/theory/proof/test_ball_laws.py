"""Laws in balls against mpmath: every ball must hold the value to 30 digits."""

import mpmath as mp
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.activations.analytic import ANALYTIC, derivative
from rmtjac.theory import DiscreteLaw, derivative_law
from rmtjac.theory.proof.arb import exact
from rmtjac.theory.proof.ball_laws import Enclosure, PointBalls, ball_law
from rmtjac.theory.proof.verdict import Unproved
from tests.oracles.activations import FUNCTIONS

flint = pytest.importorskip("flint")
acb, arb, ctx = flint.acb, flint.arb, flint.ctx


def _law(name, q):
    return ball_law(derivative_law(rj.activations.activation(name), q))


def _holds(ball, value):
    """The oracle has 40 digits, of which mp.quad is trusted for 30."""
    with mp.workdps(40):
        for part, number in ((acb(ball).real, mp.re(value)), (acb(ball).imag, mp.im(value))):
            middle, radius = (
                mp.mpf(int(m)) * mp.mpf(2) ** int(e) for m, e in (part.mid().man_exp(), part.rad().man_exp())
            )
            if abs(number - middle) > radius + mp.mpf(10) ** -30 * (1 + abs(number)):
                return False
    return True


@pytest.mark.parametrize("name", ANALYTIC)
def test_derivatives_against_numerical_differentiation(name):
    with mp.workdps(50):
        for h in (mp.mpf("0.03"), mp.mpf(1), mp.mpf(4), mp.mpf("-0.7"), mp.mpf(-5)):
            if h < 0 and ANALYTIC[name].even:
                continue
            assert abs(derivative(name)(mp.mp, h) - mp.diff(FUNCTIONS[name], h)) < mp.mpf(10) ** -30
    assert abs(complex(derivative(name)(acb, acb(0.5))) - complex(derivative(name)(mp.mp, mp.mpf(0.5)))) < 1e-15


@pytest.mark.parametrize("name", ANALYTIC)
def test_supremum_is_a_bound_and_tight(name):
    h = np.linspace(0.0 if ANALYTIC[name].even else -40.0, 40.0, 400_001)
    values = rj.activations.activation(name).derivative(h) ** 2
    # The grid misses the maximum by at most the curvature times (1e-4)^2.
    assert values.max() <= float(ANALYTIC[name].supremum) < values.max() + 1e-7
    if name in ("silu", "gelu", "mish"):  # attained inside
        with mp.workdps(30):
            d = derivative(name)
            top = mp.findroot(lambda x: mp.diff(lambda y: d(mp.mp, y), x), mp.mpf(float(h[values.argmax()])))
            bound = ANALYTIC[name].supremum
            assert 0 < mp.mpf(bound.numerator) / bound.denominator - d(mp.mp, top) ** 2 < 1e-9


def test_unknown_derivative():
    with pytest.raises(ValueError, match="name='relu' must be one of tanh"):
        derivative("relu")


def _quad(name, q, f):
    """E f(phi'(h)^2) in 40 digits."""
    d = derivative(name)
    s = mp.sqrt(mp.mpf(q))

    def weighted(z):
        h = s * z
        return mp.npdf(z) * f(d(mp.mp, abs(h) if ANALYTIC[name].even else h) ** 2)

    return mp.quad(weighted, [-14, -9, -5, -2.5, -1, 0, 1, 2.5, 5, 9, 14])


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
            assert _holds(ball, oracle)
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


def test_masses_of_pieces():
    with ctx.workprec(64), mp.workdps(40):
        assert _holds(_law("hardtanh", 0.3).mass, mp.erf(1 / mp.sqrt(2 * mp.mpf(0.3))))
        assert _holds(_law("relu6", 2.5).mass, mp.ncdf(6 / mp.sqrt(mp.mpf(2.5))) - mp.mpf(1) / 2)
        # both ends in one tail, where the difference of two ncdf would have no digits
        step = rj.Activation("step", np.abs, np.abs, (9.0, 11.0), (0.0, 1.0, 0.0), code=3)
        law = ball_law(DiscreteLaw.from_points([0.0, 1.0], [0.5, 0.5], (step, 1.0)))
        assert _holds(law.mass / mp.ncdf(-9).__float__(), (mp.ncdf(-9) - mp.ncdf(-11)) / float(mp.ncdf(-9)))
        assert law.mass.rel_accuracy_bits() > 50
        mirrored = rj.Activation("step", np.abs, np.abs, (-11.0, -9.0), (0.0, 1.0, 0.0), code=3)
        assert ball_law(DiscreteLaw.from_points([0.0, 1.0], [0.5, 0.5], (mirrored, 1.0))).mass.overlaps(law.mass)


def test_rational_laws():
    leaky = _law("leaky_relu:0.3", 0.7)
    assert leaky.rational
    assert leaky.mass == 1
    assert leaky.moment(2) == (1 + exact(0.3) ** 4) / 2  # not the decimal .3
    points = ball_law(DiscreteLaw.from_points([1.0, 2.0, 3.0], [0.1, 0.2, 0.7]))
    assert points.mass == 1  # divided by the exact sum, which is not 1
    atom = ball_law(DiscreteLaw.from_points([0.0, 2.0], [0.7, 0.3]))
    assert atom.mass == exact(0.3)


@pytest.mark.parametrize(("name", "d2"), [("relu6", None), ("linear", 1.0), ("sigmoid", 1 / 16), ("mish", 0.36)])
def test_no_variance(name, d2):
    phi = rj.activations.activation(name)
    if d2 is None:
        with pytest.raises(ValueError, match="vanishes"):
            derivative_law(phi, 0.0)
        return
    law = ball_law(derivative_law(phi, 0.0))
    assert isinstance(law, PointBalls)
    assert abs(float(arb(law.moment(1))) - d2) < 1e-15


@pytest.mark.parametrize("name", ["erf", "tanh", "gelu"])
def test_moments(name):
    law = _law(name, 0.5)
    with ctx.workprec(64):
        balls = [law.moment(k) for k in (1, 2, 7)]
    with mp.workdps(40):
        for k, ball in zip((1, 2, 7), balls, strict=True):
            assert _holds(ball, _quad(name, 0.5, lambda x, k=k: x**k))
            assert ball.rel_accuracy_bits() > 50


def test_below_the_tip():
    for name, b in (("tanh", 1.0), ("sigmoid", 1 / 16), ("relu", 1.0)):
        law = _law(name, 0.5)
        assert law.below_tip(arb(0.999 / b))
        assert not law.below_tip(arb(1.0 / b))


def test_own_functions_have_no_proof():
    mine = rj.Activation("tanh", np.sin, np.cos)  # the name alone is not enough
    with pytest.raises(Unproved, match="no analytic derivative"):
        ball_law(derivative_law(mine, 0.5))
