"""The proof of one root: true roots pass, and nothing else does."""

import cmath
import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory import Layers, derivative_law
from rmtjac.theory.equation import roots as inverse
from rmtjac.theory.proof.arb import Ball
from rmtjac.theory.proof.exact_equation import equation
from rmtjac.theory.proof.root import _contraction, prove_root
from tests.oracles.closed_forms import fuss_catalan_density

flint = pytest.importorskip("flint")
acb = flint.acb


def _layers(name, q, depth):
    return Layers([derivative_law(rj.activations.activation(name), q)] * depth, [1.0] * depth)


@pytest.mark.parametrize("lam", [1.0, 2.0, 3.0, 5.0])
def test_a_root_mod_two_pi_is_refused(lam):
    # Linear, L = 3: (1 + m)^4 = lambda m has two roots in the lower half-plane.
    eq = equation(_layers("linear", 1.0, 3))
    exact = float(fuss_catalan_density(3, lam, 30))
    seen = 0
    for m in np.roots([1.0, 4.0, 6.0, 4.0 - lam, 1.0]):
        if m.imag < 0.0:
            proof = prove_root(eq, lam, [acb(complex(m / (1.0 + m)))])
            density = -m.imag / (math.pi * lam)
            if abs(density - exact) < 1e-9:
                assert abs(float(proof.density.mid()) - exact) < 1e-12
                seen += 1
            else:
                assert density > 2.0 * exact
                assert proof.density is None
                assert "does not solve the equation" in proof.reason
                seen += 1
    assert seen == 2


def test_a_root_in_the_wrong_half_plane_is_refused():
    lam = 1.0
    for layers in (_layers("hardtanh", 0.3, 2), _layers("tanh", 0.5, 2)):
        u = cmath.exp(inverse.solve(layers, np.log([lam])).log_u[0, 0])
        assert prove_root(equation(layers), lam, [acb(u)]).density is not None
        assert prove_root(equation(layers), lam, [acb(u.conjugate())]).density is None


def test_a_poor_start_costs_bits_only():
    eq, exact = equation(_layers("linear", 1.0, 3)), fuss_catalan_density(3, 2.0, 40)
    u = cmath.exp(inverse.solve(_layers("linear", 1.0, 3), np.log([2.0])).log_u[0, 0])
    proof = prove_root(eq, 2.0, [acb(u * (1.0 + 1e-3j))])
    ball = Ball.of(proof.density)
    assert ball.lower <= exact <= ball.upper
    assert ball.radius < 1e-12 * ball.value


def test_a_contraction_fails_closed():
    nan, inf = math.nan, math.inf
    for eta, kappa in ((nan, 0.1), (1e-9, nan), (inf, 0.1), (1e-9, 0.5), (1e-9, inf), (-1e-9, 0.1), (nan, nan)):
        assert _contraction(eta, kappa) is None
    assert _contraction(1e-9, 0.1) >= 0.1 * 1e-9 / 0.9
    assert _contraction(1e-200, 1e-200) > 0.0  # the product underflows, the bound does not
    assert _contraction(0.0, 0.0) >= 0.0


@pytest.mark.parametrize("name", ["linear", "tanh"])
@pytest.mark.parametrize("start", [acb(math.nan, -1.0), acb(0.0, 0.0), acb(1e300, -1e300), acb(1e-300, -1e-300)])
def test_starts_that_are_no_roots(name, start):
    proof = prove_root(equation(_layers(name, 0.5, 2)), 0.7, [start], most=64)
    assert proof.density is None
    assert proof.reason


@pytest.mark.parametrize("name", ["linear", "hardtanh", "tanh", "leaky_relu:0.3"])
def test_the_density_of_a_neighbour_is_excluded(name):
    # The ball at lambda and the ball at lambda (1 + 1e-6) are disjoint: a proof is about its own lambda.
    layers = _layers(name, 0.5, 2)
    balls = []
    for lam in (0.7, 0.7 * (1.0 + 1e-6)):
        u = cmath.exp(inverse.solve(layers, np.log([lam])).log_u[0, 0])
        proof = prove_root(equation(layers), lam, [acb(u)])
        assert proof.reason == ""
        assert proof.relative_radius < 1e-12
        balls.append(Ball.of(proof.density))
    assert balls[0].lower > balls[1].upper


def test_more_bits_narrow_the_ball():
    layers = _layers("hardtanh", 0.3, 3)
    u = cmath.exp(inverse.solve(layers, np.log([0.5])).log_u[0, 0])
    wide = prove_root(equation(layers), 0.5, [acb(u)], bits=53, most=53)
    narrow = prove_root(equation(layers), 0.5, wide.better, bits=200)
    assert narrow.relative_radius < 1e-6 * wide.relative_radius
    assert wide.density.overlaps(narrow.density)
