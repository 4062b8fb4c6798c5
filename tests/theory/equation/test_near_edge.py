import math
from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory import DiscreteLaw, Layers, derivative_law
from rmtjac.theory.equation.near_edge import WITHIN, expand
from rmtjac.theory.equation.roots import solve
from tests.oracles.closed_forms import fuss_catalan_density, fuss_catalan_edge

GAPS = np.geomspace(1e-3, 1e-14, 12)


def _law(name, q=0.5):
    return derivative_law(rj.activations.activation(name), q)


def _mask(p):
    return DiscreteLaw.from_points([0.0, 1.0], [1.0 - p, p])


def _limit(laws, widths=None, orthogonal=None):
    return rj.LimitSpectrum(Layers(laws, [1.0] * len(laws), widths, orthogonal))


@pytest.mark.parametrize("depth", [1, 2, 5, 30])
def test_fuss_catalan_at_the_upper_edge(depth):
    lim = _limit([_mask(1.0)] * depth)
    lam = fuss_catalan_edge(depth) * (1.0 - GAPS)
    exact = np.array([float(fuss_catalan_density(depth, x, 40)) for x in lam])
    # What is promised of the expansion; the oracle takes the same floats lambda.
    np.testing.assert_allclose(lim.density(lam), exact, rtol=1e-11)
    assert (lim.density_error(lam) >= np.abs(lim.density(lam) - exact)).all()
    assert (lim.density_error(lam) <= 1e-9 * exact).all()


@pytest.mark.parametrize("p", [0.1, 0.5, 0.81])
def test_marchenko_pastur_at_both_edges(p):
    lim = _limit([_mask(p)])
    with mp.workdps(40):
        low, high = (1 - mp.sqrt(mp.mpf(p))) ** 2, (1 + mp.sqrt(mp.mpf(p))) ** 2
        lam = np.concatenate([float(low) * (1 + GAPS), float(high) * (1 - GAPS)])
        exact = [float(mp.sqrt((high - x) * (x - low)) / (2 * mp.pi * x)) for x in map(mp.mpf, lam)]
    np.testing.assert_allclose(lim.density(lam), exact, rtol=1e-11)


def _sides(lim):
    """Each square-root edge with the sign of the direction inward."""
    signs = np.tile([1.0, -1.0], len(lim.support))
    return [(edge, sign) for edge, sign in zip(lim.edges, signs, strict=True) if edge.kind == "square-root"]


CASES = {
    "linear": lambda: _limit([_mask(1.0)] * 3),
    "lower edge": lambda: _limit([_mask(0.3), _mask(0.7)]),
    "gap": lambda: _limit([_law("leaky_relu:0.1", 1.0)]),
    "tanh": lambda: _limit([_law("tanh")] * 2),
    "erf, gelu": lambda: _limit([_law("erf"), _law("gelu"), _law("hardtanh")]),
    "rectangular": lambda: _limit([_law("erf"), _mask(0.5)], [400, 300, 100]),
    "narrow": lambda: _limit([_mask(1.0)] * 2, [100, 300, 200]),
    "orthogonal": lambda: _limit([_mask(0.3)] * 2, orthogonal=[True, True]),
    "half orthogonal": lambda: _limit([_law("tanh"), _law("tanh")], orthogonal=[True, False]),
}


@pytest.mark.parametrize("case", CASES)
def test_the_expansion_meets_the_root_at_the_switch(case):
    lim = CASES[case]()
    assert _sides(lim)
    for edge, sign in _sides(lim):
        gaps = WITHIN * np.array([0.5, 0.9, 0.9999, 1.0001, 1.1])
        log_lam = edge.log_lam + sign * gaps
        by_root = -solve(lim.layers, log_lam).imag_m / (math.pi * np.exp(log_lam))
        # Of the root, rounding of lambda over twice the gap, 1e-16/1e-3, times a condition of some ten.
        np.testing.assert_allclose(lim.density(np.exp(log_lam)), by_root, rtol=3e-11)


@pytest.mark.parametrize("case", CASES)
def test_nothing_just_outside_and_a_square_root_inside(case):
    lim = CASES[case]()
    for edge, sign in _sides(lim):
        at = math.exp(edge.log_lam)
        outside = at * (1.0 - sign * np.array([1e-12, 1e-10, 1e-6, 1e-3]))
        # exp(log lambda_e) is some 1e-15 off
        assert (lim.density(outside) == 0.0).all()
        inside = at * (1.0 + sign * np.array([1e-6, 1e-8, 1e-10]))
        # rho = c sqrt(gap) (1 + O(gap)); the third is 1e-10 with an edge known to 4e-16 at least, relative 2e-6
        level = lim.density(inside) / np.sqrt(np.abs(inside / at - 1.0))
        np.testing.assert_allclose(level[1:], level[0], rtol=2e-4)


def test_the_edge_itself_is_known_to_more_than_a_float():
    lim = _limit([_mask(1.0)] * 2)
    expansion = expand(lim.layers, lim.edges[-1])
    assert expansion is not None
    assert expansion.high == 6.75
    assert abs(expansion.low) < 1e-21
    lim = _limit([_mask(0.5)])
    expansion = expand(lim.layers, lim.edges[-1])
    assert expansion is not None
    # (1 + sqrt(1/2))^2 = 3/2 + sqrt 2 = 2.91421356237309504880168872420969807857
    exact = Fraction("2.91421356237309504880168872420969807857")
    assert abs(Fraction(expansion.high) + Fraction(expansion.low) - exact) < Fraction(
        1, 10**23
    )  # 1e-24 is what a stationary point gives


def test_no_expansion_beyond_the_range_of_a_float():
    lim = rj.LimitSpectrum(Layers([_mask(1.0)] * 2, [1e280, 1.0]))
    assert expand(lim.layers, lim.edges[-1]) is None
