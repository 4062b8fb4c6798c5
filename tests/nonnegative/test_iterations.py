import numpy as np
import pytest

import rmtjac as rj
from rmtjac.nonnegative.iterations import climb, contracting, descend, only_fixed_point
from rmtjac.status import Status

P = 0.957504024077268744  # tanh(2 p) = p, to 18 digits


def _affine(n, radius, seed):
    """A network x -> W x + b on x >= 0, and its fixed point by LAPACK."""
    rng = np.random.default_rng(seed)
    matrix = rng.random((n, n))
    matrix *= radius / np.abs(np.linalg.eigvals(matrix)).max()
    bias = rng.random(n)
    return rj.Network([matrix], [bias], "relu"), np.linalg.solve(np.eye(n) - matrix, bias)


@pytest.mark.parametrize("radius", [0.1, 0.9, 0.999])
@pytest.mark.parametrize("n", [1, 6])
def test_three_ways_to_one_point(n, radius):
    net, exact = _affine(n, radius, n)
    room = 1e-13 * exact.max() / (1.0 - radius)  # the error of LAPACK
    for found in (climb(net, 1e-12, 500), descend(net, 1e-12, 500), only_fixed_point(net, 1e-12, max_iter=500)):
        assert found.exists
        assert (found.lower <= exact + room).all()
        assert (exact - room <= found.upper).all()
        assert found.status in (Status.CONVERGED, Status.UNDECIDED)


def test_the_ends_differ_where_there_are_two_points():
    net = rj.Network([[[2.0]]], activation="tanh")
    assert climb(net, 1e-12, 500).upper == 0.0
    greatest = descend(net, 1e-12, 500)
    assert greatest.lower[0] <= P <= greatest.upper[0]
    assert greatest.everywhere


def test_few_steps_prove_little():
    net, exact = _affine(3, 0.999, 0)
    one = climb(net, 1e-12, 1)
    assert one.iterations == 1
    assert (one.lower <= exact).all()
    assert climb(rj.Network([[[2.0]]], [[1.0]], "relu"), 1e-12, 5000).status is Status.DIVERGED
    none = descend(rj.Network([[[2.0]]], [[1.0]], "relu"), 1e-12, 50)
    assert (none.exists, none.status, none.everywhere) == (False, Status.UNDECIDED, False)


def test_rates_bound_the_slope_at_the_fixed_point():
    # tanh(w x + b): the rate from an iterate on is at least the slope at the fixed point, and below 1.
    for w, b in ((0.5, 1.0), (0.9, 0.1), (3.0, 2.0)):
        x = 0.0
        for _ in range(10_000):
            x = np.tanh(w * x + b)
        rate = contracting(rj.Network([[[w]]], [[b]], "tanh"))
        assert w * (1.0 - x * x) <= rate * (1.0 + 1e-12)
        assert rate < 1.0


def test_no_rate():
    assert contracting(rj.Network([[[0.5]]], [[1.0]], "softplus")) == np.inf  # not concave
    assert not contracting(rj.Network([[[2.0]]], activation="tanh")) < 1.0  # two fixed points
    assert not contracting(rj.Network([[[1.0]]], [[1.0]], "relu")) < 1.0


@pytest.mark.parametrize("scale", [1e-310, 1e-200, 1.0, 1e300])
def test_one_point_at_all_scales(scale):
    found = only_fixed_point(rj.Network([[[0.5]]], [[scale]], "relu"))
    assert found.lower[0] <= 2.0 * scale <= found.upper[0]
    assert found.status is Status.CONVERGED
