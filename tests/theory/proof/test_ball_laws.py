"""Laws in balls against mpmath: every ball must hold the value to 30 digits."""

import mpmath as mp
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.activations.analytic import ANALYTIC, derivative
from rmtjac.theory import DiscreteLaw, derivative_law
from rmtjac.theory.proof.arb import exact
from rmtjac.theory.proof.ball_laws import PointBalls, ball_law
from rmtjac.theory.proof.verdict import Unproved
from tests.oracles.activations import FUNCTIONS

flint = pytest.importorskip("flint")
acb, arb, ctx = flint.acb, flint.arb, flint.ctx


def _law(name, q):
    return ball_law(derivative_law(rj.activations.activation(name), q))


def holds(ball, value):
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


def test_masses_of_pieces():
    with ctx.workprec(64), mp.workdps(40):
        assert holds(_law("hardtanh", 0.3).mass, mp.erf(1 / mp.sqrt(2 * mp.mpf(0.3))))
        assert holds(_law("relu6", 2.5).mass, mp.ncdf(6 / mp.sqrt(mp.mpf(2.5))) - mp.mpf(1) / 2)
        # both ends in one tail, where the difference of two ncdf would have no digits
        step = rj.Activation("step", np.abs, np.abs, (9.0, 11.0), (0.0, 1.0, 0.0), code=3)
        law = ball_law(DiscreteLaw.from_points([0.0, 1.0], [0.5, 0.5], (step, 1.0)))
        assert holds(law.mass / mp.ncdf(-9).__float__(), (mp.ncdf(-9) - mp.ncdf(-11)) / float(mp.ncdf(-9)))
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


def test_below_the_tip():
    for name, b in (("tanh", 1.0), ("sigmoid", 1 / 16), ("relu", 1.0)):
        law = _law(name, 0.5)
        assert law.below_tip(arb(0.999 / b))
        assert not law.below_tip(arb(1.0 / b))


def test_own_functions_have_no_proof():
    mine = rj.Activation("tanh", np.sin, np.cos)  # the name alone is not enough
    with pytest.raises(Unproved, match="no analytic derivative"):
        ball_law(derivative_law(mine, 0.5))
