from fractions import Fraction

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.fixed_points.proved.rational import Affine, corners, cut, pieces, rounded


@pytest.mark.parametrize("seed", range(5))
def test_pieces_tile_the_box_and_carry_the_network(seed):
    net = rj.Ensemble.berlyand_slavin(12, 3).draw(seed)
    centre = np.random.default_rng(seed).uniform(-1, 1, 2)
    box = np.array([centre - 0.05, centre + 0.05])
    sides = [(Fraction(low), Fraction(high)) for low, high in box.T.tolist()]
    area = Fraction(0)
    every, left = pieces(net, [corners(sides)])
    assert not left
    for piece, f in every:
        x = [[Fraction(a, p[-1]) for a in p[:-1]] for p in piece]
        area += sum(x[i - 1][0] * x[i][1] - x[i - 1][1] * x[i][0] for i in range(len(x))) / 2
        middle = [sum(v[k] for v in x) / len(x) for k in range(2)]
        value = [float((sum(int(g) * m for g, m in zip(row, middle, strict=True)) + int(c)) / Fraction(2) ** f.bits)
                 for row, c in zip(f.matrix, f.shift, strict=True)]  # fmt: skip
        np.testing.assert_allclose(net([float(m) for m in middle]), value, atol=1e-9)
    assert abs(area) == (sides[0][1] - sides[0][0]) * (sides[1][1] - sides[1][0])


def test_a_cut_shares_the_new_corners():
    below, above = cut(corners([(Fraction(0), Fraction(3)), (Fraction(0), Fraction(1))]), [-1, 2, 2, -1])
    assert set(below) & set(above) == {(1, 0, 1), (1, 1, 1)}
    assert len(below) == len(above) == 4


def test_rounded_to_the_nearest_float():
    third = [(1, 0, 3), (2, 3, 3)]
    x = Affine(np.array([[1, 0], [0, 10**400]], dtype=object), np.array([1, 0], dtype=object), 2)
    assert rounded(x, third).tolist() == [[1 / 3, 0.0, 1 / 3, 0.0], [2 / 3, 1.0, 5 / 12, np.inf]]
