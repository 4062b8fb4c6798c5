import itertools

import mpmath
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.fixed_points.iterated.newton import candidates, settle_newton


def _scalar_roots(w, b):
    """All fixed points of tanh(w x + b): signs on a fine grid, then bisection."""
    grid = np.linspace(-1.0, 1.0, 20001)
    gap = np.tanh(w * grid + b) - grid
    cells = np.flatnonzero((gap[:-1] > 0.0) != (gap[1:] > 0.0))
    ends = [(grid[k], grid[k + 1]) for k in cells]
    return [float(mpmath.findroot(lambda t: mpmath.tanh(w * t + b) - t, pair, solver="anderson")) for pair in ends]


def test_all_points_of_a_product_are_found():
    slopes, biases = [3.0, 2.0, 1.5, 4.0], [0.05, -0.1, 0.02, 0.0]
    roots = [_scalar_roots(w, b) for w, b in zip(slopes, biases, strict=True)]
    true = np.array(list(itertools.product(*roots)))
    assert len(true) == 81
    net = rj.Network([np.diag(slopes)], [biases], "tanh")
    starts = np.random.default_rng(0).uniform(-1.2, 1.2, (1500, 4))
    points, residuals = candidates(net, starts)
    gaps = np.abs(points[:, None] - true[None]).max(axis=2)
    assert gaps.min(axis=1).max() < 1e-12
    assert (gaps.min(axis=0) < 1e-12).all()
    assert (residuals[1:] >= residuals[:-1]).all()


@pytest.mark.parametrize("n", [1, 2, 7, 40])
def test_repellers_are_found(n):
    rng = np.random.default_rng(n)
    w = 5.0 * np.linalg.qr(rng.standard_normal((n, n)))[0]
    net = rj.Network([w], [0.1 * rng.standard_normal(n)], "tanh")
    x = settle_newton(net, np.zeros((1, n)))[0]
    assert np.abs(net(x) - x).max() < 1e-14
    assert np.abs(np.linalg.eigvals(net.jacobian(x))).max() > 1.0


def test_damping_helps_where_newton_alone_runs_away():
    # arctan(8 x + 4) - x: whole steps from most starts leap over the root and back.
    net = rj.Network([[[8.0]]], [[4.0]], "arctan")
    x = settle_newton(net, np.linspace(-30.0, 30.0, 100)[:, None])
    assert (np.abs(net(x) - x) < 1e-12).mean() > 0.9


def test_singular_systems_and_overflow_end_without_noise():
    assert len(candidates(rj.Network([np.eye(3)], [np.ones(3)], "linear"), np.zeros((4, 3)))[0]) == 0
    big = rj.Network([np.full((2, 2), 1e308)] * 3, [np.ones(2)] * 3, "linear")
    assert len(candidates(big, np.ones((3, 2)))[0]) == 0
    points, _ = candidates(rj.Network([10.0 * np.eye(2)], [np.ones(2)], "relu"), np.full((1, 2), 1e307))
    assert (points >= 0.0).all()


def test_starts_at_a_fixed_point_stay():
    net = rj.Network([np.eye(3) * 0.5], None, "tanh")
    assert settle_newton(net, np.zeros((2, 3))).tolist() == np.zeros((2, 3)).tolist()
    start = np.ones((1, 3))
    settle_newton(net, start)
    assert start.tolist() == [[1.0] * 3]


@pytest.mark.parametrize("shift", [1e155, 1e300, 1e307])
def test_large_coordinates_are_found(shift):
    # x = 2 x + b at x = -b; norms of residuals must not overflow.
    for n in (1, 4):
        net = rj.Network([2.0 * np.eye(n)], [np.full(n, shift)], "linear")
        for method in ("newton", "auto"):
            found = rj.find_fixed_points(net, method)
            assert found.proved.tolist() == [True]
            assert np.abs(found.points + shift).max() <= found.errors.max() <= 1e-12 * shift
