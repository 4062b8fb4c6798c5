"""Balls of Arb as floats: rounded outwards, exact where they can be."""

import math
import sys
from fractions import Fraction

import pytest

from rmtjac.theory.proof.arb import Ball, exact, flint_module, upper_float

flint = pytest.importorskip("flint")
arb, ctx = flint.arb, flint.ctx


def test_balls_round_outwards():
    with ctx.workprec(200):
        third = arb(1) / 3
    ball = Ball.of(third)
    assert ball.lower < 1 / 3 < ball.upper
    assert arb(ball.value, ball.radius).contains(third)
    assert Ball.of(arb(2)).radius == 0.0
    assert (Ball.of(arb(2)).lower, Ball.of(arb(2)).upper) == (2.0, 2.0)
    assert Ball.of(arb.nan()).radius == math.inf
    assert repr(Ball(2.0, 1e-15)) == "Ball(2 +- 1e-15)"


def test_without_flint(monkeypatch):
    monkeypatch.setitem(sys.modules, "flint", None)
    with pytest.raises(ImportError, match=r"pip install 'rmtjac\[certify\]'"):
        flint_module()


def _fraction(x):
    m, e = x.man_exp()
    return Fraction(int(m)) * Fraction(2) ** int(e)


@pytest.mark.parametrize("size", [1e-310, 1e-300, 1e-3, 1.0, 7.0, 1e300])
@pytest.mark.parametrize("bits", [20, 53, 64, 200])
def test_bounds_hold_in_exact_arithmetic(size, bits):
    # The ball of x = size / 3 is [m - r, m + r] in fractions; its floats must enclose it.
    with ctx.workprec(bits):
        x = arb(size) / 3
        low, high = _fraction(x.mid()) - _fraction(x.rad()), _fraction(x.mid()) + _fraction(x.rad())
        assert low <= Fraction(size) / 3 <= high
        ball = Ball.of(x)
        assert (
            Fraction(ball.value) - Fraction(ball.radius) <= low <= high <= Fraction(ball.value) + Fraction(ball.radius)
        )
        assert Fraction(ball.lower) <= low <= high <= Fraction(ball.upper)
        assert Fraction(upper_float(x)) >= high
    # and they are not much wider: the ball, and the rounding of its centre and of its radius
    assert ball.radius <= (2.0 ** (1 - bits) + 2.0**-52) * size + 1e-322


def test_a_radius_that_underflows_is_not_zero():
    for ball in (Ball.of(arb(1, 0) + arb(0, flint.arb(2) ** -2000)), Ball.of(arb(2) ** -1100)):
        assert ball.radius > 0.0
        assert ball.lower < ball.value < ball.upper


def test_nothing_is_claimed_of_what_is_not_finite():
    assert math.isnan(upper_float(arb.nan())) or upper_float(arb.nan()) == math.inf
    assert upper_float(arb.pos_inf()) == math.inf
    assert Ball.of(arb.pos_inf()).radius == math.inf
    with ctx.workprec(64):
        assert Ball.of(arb(1e300) * arb(1e300)).radius == math.inf  # leaves the range of a float


def test_floats_and_fractions_are_exact():
    assert Fraction(int(exact(0.1).p), int(exact(0.1).q)) == Fraction(0.1)
    assert exact(Fraction(-3, 7)) == flint.fmpq(-3, 7)
    assert exact(0.0) == 0
