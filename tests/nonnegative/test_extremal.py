from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

import rmtjac as rj
from rmtjac import nonnegative as nn
from rmtjac.status import Status


def test_affine_networks_in_closed_form():
    rng = np.random.default_rng(0)
    for n in (1, 3, 20):
        for radius in (0.3, 0.9, 0.999):
            matrix = rng.random((n, n))
            matrix *= radius / np.abs(np.linalg.eigvals(matrix)).max()
            bias = rng.random(n)
            net = rj.Network([matrix], [bias], "relu")
            exact = np.linalg.solve(np.eye(n) - matrix, bias)
            for found in (nn.least_fixed_point(net), nn.greatest_fixed_point(net)):
                assert found.exists
                assert found.everywhere
                room = 1e-13 * np.abs(exact).max() / (1 - radius)  # of LAPACK's solution
                assert (found.lower <= exact + room).all()
                assert (exact <= found.upper + room).all()
                assert found.error <= 3e-11 * exact.max() / (1 - radius)


def test_two_fixed_points():
    # tanh(2 x): 0 and the root of x = tanh(2 x), to 25 digits 0.9575040240772687440...
    net = rj.Network([[[2.0]]], activation="tanh")
    least, greatest = nn.least_fixed_point(net), nn.greatest_fixed_point(net)
    assert (least.lower, least.upper) == (0.0, 0.0)
    assert greatest.lower[0] <= 0.957504024077268744 <= greatest.upper[0]
    assert greatest.error < 1e-11


def test_nothing_to_find():
    # x + 1 has no fixed point, 2 x + 1 runs away.
    for slope, status in ((1.0, Status.ITERATION_LIMIT), (2.0, Status.DIVERGED)):
        net = rj.Network([[[slope]]], [[1.0]], "relu")
        least = nn.least_fixed_point(net, max_iter=2000)
        assert not least.exists
        assert least.status is status
        assert np.isnan(least.point).all()
        assert not nn.greatest_fixed_point(net).exists
        assert "no fixed point proved" in repr(least)


def test_enclosures_of_all_that_the_finder_proves():
    rng = np.random.default_rng(4)
    for _ in range(60):
        depth = int(rng.integers(1, 4))
        names = [str(rng.choice(["tanh", "hardtanh", "sigmoid", "relu6", "arctan"])) for _ in range(depth)]
        widths = [2, *rng.integers(1, 5, depth - 1).tolist(), 2]
        weights = [2.0 * rng.random((b, a)) * (rng.random((b, a)) < 0.8) for a, b in pairwise(widths)]
        biases = [0.3 * rng.random(b) * (rng.random(b) < 0.5) for b in widths[1:]]
        net = rj.Network(weights, biases, names)
        found = rj.find_fixed_points(net, "interval", domain=(-0.5, 7.0), max_boxes=20_000)
        points = found.points[(found.points >= -1e-12).all(axis=1)]
        least, greatest = nn.least_fixed_point(net), nn.greatest_fixed_point(net)
        assert greatest.everywhere
        for point in points:
            assert (point >= least.lower - 1e-9).all()
            assert (point <= greatest.upper + 1e-9).all()
        if least.exists and found.complete and len(points):
            low = points[np.argmin(points.sum(axis=1))]
            assert (np.abs(low - least.point) <= least.error + 1e-8).all()
        if found.complete and len(points):
            top = points[np.argmax(points.sum(axis=1))]
            assert (top >= greatest.lower - 1e-9).all()


def _assert_encloses(found, values, rtol=1e-12):
    assert found.status is Status.CONVERGED, found
    assert (found.lower <= values).all()
    assert (values <= found.upper).all()
    assert found.error <= rtol * np.max(values)


@pytest.mark.parametrize(("name", "top"), [("relu6", 6.0), ("hardtanh", 1.0)])
@pytest.mark.parametrize("n", [1, 2, 5, 60])
def test_continua_end_at_the_greatest(name, top, n):
    # Every t P x in the cube is fixed by a permutation of unit radius; the greatest is the corner.
    rng = np.random.default_rng(n)
    for matrix in (np.eye(n), np.eye(n)[rng.permutation(n)], np.roll(np.eye(n), 1, 0)):
        net = rj.Network([matrix], activation=name)
        _assert_encloses(nn.greatest_fixed_point(net), np.full(n, top))
        _assert_encloses(nn.least_fixed_point(net), np.zeros(n))
    averages = np.full((n, n), 0.0)
    averages[:, 0] += 0.5
    averages[np.arange(n), rng.permutation(n)] += 0.5  # rows of sum 1: 1 is fixed
    _assert_encloses(nn.greatest_fixed_point(rj.Network([averages], activation=name)), np.full(n, top))


@pytest.mark.parametrize("gap", [1e-9, 1e-12, 2.0**-45])
@pytest.mark.parametrize("n", [1, 7])
def test_rates_beside_one_against_rationals(gap, n):
    # x = W x + b, solved by elimination in rational arithmetic.
    rng = np.random.default_rng(3)
    rows = rng.random((n, n))
    rows /= rows.sum(axis=1, keepdims=True)
    net = rj.Network([(1.0 - gap) * rows], [rng.random(n)], "relu")
    left = [
        [Fraction(int(i == j)) - Fraction(a) for j, a in enumerate(row)]
        for i, row in enumerate(net.weights[0].tolist())
    ]
    exact = [Fraction(b) for b in net.biases[0].tolist()]
    for k in range(n):
        for i in range(n):
            if i != k:
                factor = left[i][k] / left[k][k]
                left[i] = [a - factor * b for a, b in zip(left[i], left[k], strict=True)]
                exact[i] -= factor * exact[k]
    exact = [b / left[k][k] for k, b in enumerate(exact)]
    for found in (nn.least_fixed_point(net), nn.greatest_fixed_point(net), nn.certify(net).least):
        assert found.status is Status.CONVERGED
        for low, value, high in zip(found.lower.tolist(), exact, found.upper.tolist(), strict=True):
            assert Fraction(low) <= value <= Fraction(high)
            assert high - low <= 1e-12 * high


def test_what_converges_is_narrow():
    # Not a step of the iteration decides, but the width: of all that is called converged.
    rng = np.random.default_rng(7)
    kinds = 0
    for _ in range(60):
        n = int(rng.integers(1, 5))
        matrix = rng.random((n, n)) * (rng.random((n, n)) < 0.7)
        top = np.abs(np.linalg.eigvals(matrix)).max()
        matrix *= (1.0 - 10.0 ** -rng.uniform(1, 16)) / top if top > 1e-6 else 1.0
        name = str(rng.choice(["tanh", "relu6", "softplus", "gelu", "silu", "relu", "mish", "hardtanh"]))
        net = rj.Network([matrix], [rng.random(n) * (rng.random(n) < 0.3)], name)
        for found in (nn.least_fixed_point(net, max_iter=500), nn.greatest_fixed_point(net, max_iter=500)):
            if found.status is Status.CONVERGED:
                kinds += 1
                assert (found.upper - found.lower).max() <= 1e-12 * found.upper.max() or found.upper.max() < 1e-300
            assert (found.lower <= found.upper).all()
    assert kinds > 40


@pytest.mark.parametrize("scale", [1e-310, 1e-200, 1e200, 1e300])
def test_points_at_all_scales(scale):
    # x = x/2 + s and, bounded, x = tanh(s x): .5 s + s/2 ..., and 1.
    _assert_encloses(nn.least_fixed_point(rj.Network([[[0.5]]], [[scale]], "relu")), np.array([2.0 * scale]), 1e-11)
    huge = nn.least_fixed_point(rj.Network([[[0.5]]], [[1.7e308]], "relu"))
    assert huge.status is Status.DIVERGED  # 3.4e308 is no float
    if scale > 1.0:
        found = nn.greatest_fixed_point(rj.Network([[[scale]]], activation="tanh"))
        _assert_encloses(found, np.array([1.0]))


def test_bad_arguments():
    with pytest.raises(
        ValueError, match=r"not known to be a monotone map of x >= 0 to itself: weights\[0\]\[0, 0\] = -1"
    ):
        nn.least_fixed_point(rj.Network([[[-1.0]]], activation="tanh"))
    with pytest.raises(ValueError, match="tol=0 must be a finite number > 0"):
        nn.greatest_fixed_point(rj.Network([[[1.0]]], activation="tanh"), tol=0)
    with pytest.raises(TypeError, match="network=3 must be a Network"):
        nn.least_fixed_point(3)


@pytest.mark.parametrize("n", [50, 400])
def test_slow_relu_paths_are_enclosed(n):
    # x = A x + 1 on a path, rho(A) = .99997: 20,000 steps from 0 leave a large part of the way.
    path = np.diag(np.ones(n - 1), 1) + np.diag(np.ones(n - 1), -1)
    matrix = path * (0.99997 / (2.0 * np.cos(np.pi / (n + 1))))
    exact = np.linalg.solve(np.eye(n) - matrix, np.ones(n))  # condition about 1e5: off by 1e-10 at most
    found = rj.nonnegative.least_fixed_point(rj.Network([matrix], [np.ones(n)], "relu"))
    assert found.exists
    assert found.iterations < 100
    assert found.error <= 1e-8 * exact.max()
    np.testing.assert_allclose(found.point, exact, rtol=1e-8)
