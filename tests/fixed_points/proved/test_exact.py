from fractions import Fraction

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.fixed_points.proved.exact import local_index, settle
from rmtjac.fixed_points.proved.rational import corners, pieces

SQUARE = np.array([[-1.5, -1.5], [1.5, 1.5]])


def _places(exact):
    return sorted(tuple(Fraction(x, p[-1]) for x in p[:-1]) for p in exact.points)


def test_points_are_exact():
    # x = clip(3 x) in each coordinate: -1, 0, 1.
    found = settle(rj.Network([3 * np.eye(2)], activation="hardtanh"), SQUARE)
    assert _places(found) == sorted((Fraction(a), Fraction(b)) for a in (-1, 0, 1) for b in (-1, 0, 1))
    assert not found.continua


def test_a_third_of_a_bit_is_seen():
    # x = relu(x/4 + b): b / (1 - 1/4) = 4 b / 3 exactly, for the float b.
    bias = 0.1
    found = settle(rj.Network([[[0.25]]], [[bias]], "relu"), np.array([[-1.0], [1.0]]))
    assert _places(found) == [(Fraction(bias) * 4 / 3,)]


@pytest.mark.parametrize(
    ("weights", "bias", "activation", "ends"),
    [
        (np.diag([1.0, 0.5]), None, "hardtanh", {(-1, 0), (1, 0)}),
        (np.eye(2), [0.0, 0.25], "hardtanh", {(-1, 1), (1, 1)}),
        ([[0.5, 0.5], [0.5, 0.5]], None, "hardtanh", {(-1, -1), (1, 1)}),
        (np.diag([1.0, -1.0]), None, "relu", {(0, 0), (1.5, 0)}),
    ],
)
def test_segments(weights, bias, activation, ends):
    found = settle(rj.Network([weights], None if bias is None else [bias], activation), SQUARE)
    ends_found = {tuple(float(Fraction(x, p[-1])) for x in p[:-1]) for piece in found.continua for p in piece}
    assert ends <= ends_found
    # what else there is lies between the ends
    assert all(min(e[0] for e in ends) <= x <= max(e[0] for e in ends) for x, _ in ends_found)


def test_a_whole_square():
    found = settle(rj.Network([np.eye(2)], activation="hardtanh"), SQUARE)
    # the square, and its sides once more from the pieces next to it
    assert sorted(map(len, found.continua)) == [2, 2, 2, 2, 4]


def test_the_index_of_a_point_on_a_kink():
    # 2 x - 1 clipped at 1: at x = 1 the graph leaves the diagonal on one side only.
    half = rj.Network([[[2.0]]], [[-1.0]], "hardtanh")
    assert local_index(half, (1, 1)) == 0
    assert local_index(half, (-1, 1)) == 1
    # slopes 3 and -1/2 on either side of 0: x - F(x) is negative right of it, and left of it too
    mixed = rj.Network([[[1.0], [-1.0]], [[3.0, 0.5]]], activation=["relu", "linear"])
    assert local_index(mixed, (0, 1)) == 0
    # the plane: a product of half-stable maps has index 0, of stable ones 1, of one unstable -1
    both = rj.Network([2 * np.eye(2)], [[-1.0, -1.0]], "hardtanh")
    assert local_index(both, (1, 1, 1)) == 0
    assert local_index(both, (-1, -1, 1)) == 1
    assert local_index(rj.Network([np.diag([2.0, 0.5])], activation="hardtanh"), (0, 0, 1)) == -1
    assert local_index(rj.Network([2 * np.eye(2)], activation="hardtanh"), (0, 0, 1)) == 1


@pytest.mark.parametrize("activation", ["hardtanh", "leaky_relu:0.5", "relu6"])
@pytest.mark.parametrize("n", [1, 2])
def test_the_sieve_loses_nothing(activation, n):
    found = 0
    for seed in range(6):
        net = rj.Ensemble([n, 6, 6, n], activation, "cauchy:0.6", "cauchy:0.6").draw(seed)
        box = np.array([[-3.0] * n, [3.0] * n])
        sieved = settle(net, box, 10**4)
        listed = set()
        every, left = pieces(net, [corners([(Fraction(-3), Fraction(3))] * n)], 10**5)
        assert not left
        for piece, f in every:
            system = [[(1 << f.bits) * (i == k) - int(f.matrix[i, k]) for k in range(n)] for i in range(n)]
            right = [int(c) for c in f.shift]
            det = Fraction(system[0][0] if n == 1 else system[0][0] * system[1][1] - system[0][1] * system[1][0])
            assert det != 0
            x = [right[0] / det] if n == 1 else [
                (right[0] * system[1][1] - system[0][1] * right[1]) / det,
                (system[0][0] * right[1] - right[0] * system[1][0]) / det,
            ]  # fmt: skip
            # In a convex polygon: on the same side of every edge.
            v = [[Fraction(a, p[-1]) for a in p[:-1]] for p in piece]
            if n == 1:
                inside = min(v)[0] <= x[0] <= max(v)[0]
            else:
                turns = [
                    (v[i][0] - v[i - 1][0]) * (x[1] - v[i - 1][1]) - (v[i][1] - v[i - 1][1]) * (x[0] - v[i - 1][0])
                    for i in range(len(v))
                ]
                inside = min(turns) >= 0 or max(turns) <= 0
            if inside:
                listed.add(tuple(x))
        assert set(_places(sieved)) == listed
        found += len(listed)
    assert found >= 2


def test_a_budget_leaves_boxes():
    net = rj.Ensemble.berlyand_slavin(100, 2).draw(0)
    everything, some = settle(net, SQUARE, 10**4), settle(net, SQUARE, 60)
    assert not everything.unseen
    assert some.unseen
    left = some.left(2)
    for place in _places(everything):
        x = np.array(place, dtype=float)
        inside = ((left[:, 0] <= x) & (x <= left[:, 1])).all(axis=1)
        assert place in _places(some) or inside.any()
