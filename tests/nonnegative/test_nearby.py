from fractions import Fraction

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.nonnegative.nearby import exact_image, exact_near, lower_near, upper_near, upper_solution
from rmtjac.nonnegative.outward_rounding import above


def _clip(h, low, high):
    return min(max(h, low), high)


PIECES = {
    "linear": lambda h: h,
    "relu": lambda h: max(h, Fraction(0)),
    "hardtanh": lambda h: _clip(h, Fraction(-1), Fraction(1)),
    "relu6": lambda h: _clip(h, Fraction(0), Fraction(6)),
    "leaky_relu:0.5": lambda h: h if h > 0 else h / 2,
}


def _image(net, x):
    """T(x) from the textbook definitions, in fractions."""
    for matrix, bias, phi in zip(net.weights, net.biases, net.activations, strict=True):
        rows = zip(matrix.tolist(), bias.tolist(), strict=True)
        formula = PIECES["leaky_relu:0.5" if phi.name == "leaky_relu" else phi.name]
        x = [formula(sum((Fraction(w) * v for w, v in zip(row, x, strict=True)), Fraction(b))) for row, b in rows]
    return x


@pytest.mark.parametrize("name", PIECES)
def test_exact_images(name):
    rng = np.random.default_rng(0)
    net = rj.Network([4 * rng.random((3, 2)), rng.random((2, 3))], [rng.normal(size=3), rng.normal(size=2)], name)
    for x in (rng.random(2), 100 * rng.random(2), np.array([0.0, 1e-310])):
        assert exact_image(net, x.tolist()) == _image(net, [Fraction(v) for v in x.tolist()])


def test_no_exact_image_of_smooth_or_large_networks():
    assert exact_image(rj.Network([[[1.0]]], activation="tanh"), [1.0]) is None
    assert exact_image(rj.Network([np.ones((150, 150))], activation="relu"), [1.0] * 150) is None


def _holds(net, low, high):
    """Whether T(l) >= l and T(u) <= u, in fractions."""
    low, high = ([Fraction(v) for v in x.tolist()] for x in (low, high))
    climbs = all(a >= b for a, b in zip(_image(net, low), low, strict=True))
    return climbs and all(a <= b for a, b in zip(_image(net, high), high, strict=True))


def _solution(rows, bias):
    """The solution of x = W x + b by elimination, in fractions."""
    n = len(bias)
    table = [
        [Fraction(int(i == j)) - Fraction(a) for j, a in enumerate(row)] + [Fraction(bias[i])]
        for i, row in enumerate(rows)
    ]
    for k in range(n):
        table[k] = [a / table[k][k] for a in table[k]]
        for i in range(n):
            if i != k:
                table[i] = [a - table[i][k] * b for a, b in zip(table[i], table[k], strict=True)]
    return [row[n] for row in table]


@pytest.mark.parametrize("bits", [2, 20, 45])
def test_vectors_near_a_fixed_point(bits):
    # x = W x + b with rows of W of sum 1 - 2^-bits: the rate is beside 1 for 45 bits.
    rng = np.random.default_rng(bits)
    rows = np.round(rng.random((4, 4)) * 16 + 1)
    rows = (1.0 - 2.0**-bits) * rows / rows.sum(axis=1, keepdims=True)
    net = rj.Network([rows], [2.0**-bits * rng.random(4)], "relu")
    x = np.linalg.solve(np.eye(4) - rows, net.biases[0])
    w = np.full(4, 2.0**bits)  # w - W w = 1
    low, high = exact_near(net, x, w)
    assert (low <= high).all()
    assert (high - low).max() <= 1e-14 * x.max()
    exact = _solution(rows.tolist(), net.biases[0].tolist())
    assert all(Fraction(a) <= v <= Fraction(b) for a, v, b in zip(low, exact, high, strict=True))
    u, l = upper_near(net, low), lower_near(net, high)
    assert (u >= low).all()
    assert (l <= high).all()
    assert _holds(net, l, u)


def test_fixed_points_that_rounding_would_move():
    # A permutation fixes ones exactly; thirds do not sum to 1 in floats.
    net = rj.Network([np.eye(3)[[1, 2, 0]]], activation="relu6")
    x = np.full(3, 6.0)
    assert upper_near(net, x) is x
    assert lower_near(net, x) is x


def test_no_vector_where_the_network_grows():
    net = rj.Network([[[2.0]]], [[1.0]], "relu")
    assert upper_near(net, np.ones(1)) is None
    np.testing.assert_array_equal(lower_near(net, np.ones(1)), 1.0)  # T(1) = 3 >= 1


def test_upper_solutions():
    u, everywhere = upper_solution(rj.Network([[[0.9]]], [[5.0]], "softplus"))
    assert everywhere
    assert above(rj.Network([[[0.9]]], [[5.0]], "softplus"), u) < u
    u, everywhere = upper_solution(rj.Network([[[0.4]]], [[0.0]], "silu"))
    assert u is not None
    assert not everywhere  # silu is not weakly scalable: it may have fixed points beyond


@pytest.mark.parametrize("name", ["tanh", "relu6", "sigmoid"])
def test_a_bounded_last_layer_bounds_all(name):
    net = rj.Network([[[1e300]]], [[1.0]], name)
    u, everywhere = upper_solution(net)
    assert everywhere
    assert (above(net, u) <= u).all()
    assert u[0] == pytest.approx({"tanh": 1.0, "relu6": 6.0, "sigmoid": 1.0}[name], rel=1e-14)
