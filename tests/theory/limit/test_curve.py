import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory import DiscreteLaw, Layers, derivative_law
from rmtjac.theory.limit.curve import curve


def _law(name, q=0.5):
    return derivative_law(rj.activations.activation(name), q)


def _limit(laws, widths=None, orthogonal=None):
    return rj.LimitSpectrum(Layers(laws, [1.0] * len(laws), widths, orthogonal))


LINEAR = DiscreteLaw.from_points([1.0], [1.0])
CASES = {
    "linear": (lambda: _limit([LINEAR]), 1e-4),
    "linear 100 decades": (lambda: _limit([LINEAR] * 2), 1e-100),
    "hardtanh": (lambda: _limit([_law("hardtanh")] * 2), 1e-4),
    "gap": (lambda: _limit([_law("leaky_relu:0.1", 1.0)]), 1e-4),
    "gap, depth 2": (lambda: _limit([_law("leaky_relu:0.01", 1.0)] * 2), 1e-12),
    "tanh 5": (lambda: _limit([_law("tanh")] * 5), 1e-30),
    "erf 100": (lambda: _limit([_law("erf")] * 100), 1e-100),
    "relu 30": (lambda: _limit([_law("relu")] * 30), 1e-100),
    "rectangular": (lambda: _limit([LINEAR, _law("tanh")], [300, 100, 200]), 1e-4),
    "orthogonal": (lambda: _limit([_law("hardtanh")] * 2, orthogonal=[True, True]), 1e-4),
}


@pytest.mark.parametrize("rtol", [1e-2, 1e-4])
@pytest.mark.parametrize("case", CASES)
def test_straight_lines_are_right_to_rtol(case, rtol):
    make, low = CASES[case]
    lim = make()
    lam, rho = lim.curve(low=low, rtol=rtol)
    assert (np.diff(lam) > 0.0).all()
    np.testing.assert_array_equal(rho, lim.density(lam))
    x, height = np.log(lam), lam * rho
    rng = np.random.default_rng(0)
    for a, b in lim.support:
        inside = (x >= math.log(a) - 1e-9 if a > 0 else x > -math.inf) & (x <= math.log(b) + 1e-9)
        xs, hs = x[inside], height[inside]
        # reaches from edge to edge, or down to `low`
        start = max(math.log(a) if a else -math.inf, math.log(b) + math.log(low))
        np.testing.assert_allclose(xs[[0, -1]], [start, math.log(b)], atol=1e-9)
        at = np.concatenate([rng.uniform(xs[0], xs[-1], 300), xs[:-1] + rng.random(xs.size - 1) * np.diff(xs)])
        # A float lambda is 1e-14 off in log lambda at worst: closer to an edge it is a neighbour.
        at = at[(at - xs[0] > 1e-11) & (xs[-1] - at > 1e-11)]
        exact = np.exp(at) * lim.density(np.exp(at))
        # The step is accepted at its middle, where a parabola is worst; at an edge, where it is none, by less than 2.
        bound = 2.0 * rtol * np.maximum(exact, rtol * hs.max())
        assert (np.abs(np.interp(at, xs, hs) - exact) <= bound + 1e-15).all()
    # A piecewise line of a smooth function needs of the order rtol^(-1/2) pieces.
    assert 65 * len(lim.support) <= lam.size <= 65 * len(lim.support) + 60 * len(lim.support) / math.sqrt(rtol)


def test_points_and_scales():
    lim = _limit(
        [DiscreteLaw.from_points([0.01, 1.0], [0.5, 0.5])], [400, 100]
    )  # narrow enough for two intervals off 0
    for scale in ("linear", "log"):
        lam, rho = lim.curve(50, scale=scale)
        assert lam.shape == rho.shape == (100,)
        assert (rho >= 0.0).all()
        np.testing.assert_allclose(lam[[0, 49, 50, 99]], lim.support.ravel(), rtol=1e-12)
    lam, _ = CASES["linear"][0]().curve(20, low=1e-3)
    np.testing.assert_allclose(lam[[0, -1]], [4e-3, 4.0], rtol=1e-12)


def test_fewer_points_for_a_coarser_line():
    lim = CASES["hardtanh"][0]()
    sizes = [lim.curve(rtol=rtol)[0].size for rtol in (1e-1, 1e-3, 1e-5)]
    assert sizes[0] < sizes[1] < sizes[2] < 20_000
    trapezoid = [np.trapezoid(y * x, np.log(x)) for x, y in (lim.curve(low=1e-60, rtol=1e-5),)]
    assert trapezoid[0] == pytest.approx(1.0 - lim.atom, abs=2e-5)  # each line is right to 1e-5


def test_bad_input():
    lim = CASES["linear"][0]()
    for bad in ({"rtol": 0.0}, {"rtol": math.nan}, {"low": 0.0}, {"points": 0}):
        with pytest.raises(ValueError, match=next(iter(bad))):
            lim.curve(**bad)
    with pytest.raises(ValueError, match="scale"):
        lim.curve(scale="loglog")


def test_any_density_can_be_drawn():
    # exp(-lambda) on two intervals of log lambda: the function knows no limit
    log_support = np.log([[0.1, 1.0], [2.0, 30.0]])
    lam, rho = curve(lambda x: np.exp(-x), log_support, 400, 1e-4, "log", 1e-4)
    np.testing.assert_array_equal(rho, np.exp(-lam))
    np.testing.assert_allclose(lam[[0, -1]], [0.1, 30.0], rtol=1e-14)
    assert not ((lam > 1.0 + 1e-12) & (lam < 2.0 - 1e-12)).any()
    at = np.linspace(2.0, 30.0, 5001)
    straight = np.interp(np.log(at), np.log(lam), lam * rho) / at
    np.testing.assert_allclose(straight, np.exp(-at), rtol=2e-4, atol=2e-8)
    assert curve(np.exp, np.empty((0, 2)), 10, 1e-4, "log", None)[0].size == 0
