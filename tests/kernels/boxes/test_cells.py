import numpy as np
import pytest

import rmtjac as rj
from rmtjac.kernels.boxes.cells import cells

SQUARE = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])


def _pieces(found):
    return [found.vertices[a:b] for a, b in zip(found.starts[:-1], found.starts[1:], strict=True)]


def test_the_quadrants_of_two_relus():
    found = cells(rj.Network([np.eye(2)], activation="relu").arrays, SQUARE, 100)
    assert found.complete
    for corners, matrix in zip(_pieces(found), found.maps, strict=True):
        sign = np.sign(corners.mean(axis=0))
        assert {tuple(v) for v in corners.tolist()} == {(a, b) for a in (0.0, sign[0]) for b in (0.0, sign[1])}
        np.testing.assert_array_equal(matrix, np.column_stack([np.diag(sign > 0), np.zeros(2)]))
    assert len(found.maps) == 4


@pytest.mark.parametrize("activation", ["hardtanh", "relu6", "leaky_relu:0.3"])
def test_segments_have_their_kinks_at_their_ends(activation):
    # One neuron, slope 3 and bias 0.5: the kinks of phi at k lie at (k - 0.5) / 3.
    net = rj.Network([[[3.0]]], [[0.5]], activation)
    found = cells(net.arrays, np.array([[-4.0], [4.0]]), 100)
    kinks = [(k - 0.5) / 3.0 for k in net.activations[0].breakpoints]
    ends = sorted({round(float(v), 12) for piece in _pieces(found) for v in piece.ravel()})
    np.testing.assert_allclose(ends, sorted([-4.0, 4.0, *kinks]), atol=1e-12)
    for piece, (a, c) in zip(_pieces(found), found.maps[:, 0], strict=True):
        x = piece.mean()
        assert a * x + c == pytest.approx(net([x])[0], abs=1e-14)
        assert a == net.jacobian([x])[0, 0]


def test_a_vertex_on_a_kink_does_not_make_an_empty_piece():
    # The kink passes through two corners of the square: two triangles.
    found = cells(rj.Network([[[1.0, -1.0]]], activation="relu").arrays, SQUARE, 100)
    assert [len(piece) for piece in _pieces(found)] == [3, 3]


def test_a_budget_of_pieces():
    net = rj.Ensemble.berlyand_slavin(20, 2).draw(0)
    everything = cells(net.arrays, SQUARE, 10**6)
    some = cells(net.arrays, SQUARE, 7)
    assert everything.complete
    assert not some.complete
    assert len(some.maps) == 7 < len(everything.maps)
    np.testing.assert_array_equal(some.maps, everything.maps[:7])
    assert len(some.starts) == 8
