from fractions import Fraction

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.fixed_points.rational import TooManyPieces, _pieces, local_index, settle

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


@pytest.mark.parametrize("seed", range(5))
def test_pieces_tile_the_box_and_carry_the_network(seed):
    net = rj.Ensemble.berlyand_slavin(12, 3).draw(seed)
    centre = np.random.default_rng(seed).uniform(-1, 1, 2)
    box = np.array([centre - 0.05, centre + 0.05])
    corners = [(x, y) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))]
    exact = [tuple(Fraction(float(box[i, k])) for k, i in enumerate(c)) for c in corners]
    from rmtjac.fixed_points.rational import _homogeneous

    area = Fraction(0)
    for piece, f in _pieces(net, [_homogeneous(list(c)) for c in exact]):
        x = [[Fraction(a, p[-1]) for a in p[:-1]] for p in piece]
        area += sum(x[i - 1][0] * x[i][1] - x[i - 1][1] * x[i][0] for i in range(len(x))) / 2
        middle = [sum(v[k] for v in x) / len(x) for k in range(2)]
        value = [float((sum(int(g) * m for g, m in zip(row, middle, strict=True)) + int(c)) / Fraction(2) ** f.bits)
                 for row, c in zip(f.matrix, f.shift, strict=True)]  # fmt: skip
        np.testing.assert_allclose(net([float(m) for m in middle]), value, atol=1e-9)
    sides = [exact[2][k] - exact[0][k] for k in range(2)]
    assert abs(area) == sides[0] * sides[1]


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


def test_too_many_pieces_are_refused():
    with pytest.raises(TooManyPieces):
        settle(rj.Ensemble.berlyand_slavin(100, 2).draw(0), SQUARE)
