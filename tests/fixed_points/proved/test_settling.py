from fractions import Fraction

import numpy as np

import rmtjac as rj
from rmtjac.fixed_points.proved.exact import Exact
from rmtjac.fixed_points.proved.settling import clipped, floats, fractions, joined, settled, settled_whole

SQUARE = np.array([[-1.5, -1.5], [1.5, 1.5]])


def test_continua_are_cut_at_the_faces():
    box = np.array([[0.0, 0.0], [1.0, 0.5]])
    segment = [(-1, -1, 1), (2, 2, 1)]
    assert sorted(map(floats, clipped(segment, box))) == [[0.0, 0.0], [0.5, 0.5]]
    square = [(-1, -1, 1), (2, -1, 1), (2, 2, 1), (-1, 2, 1)]
    assert {tuple(floats(p)) for p in clipped(square, box)} == {(0, 0), (1, 0), (1, 0.5), (0, 0.5)}
    assert clipped([(2, 2, 1), (3, 3, 1)], box) == []
    assert clipped([(-2, 1), (0, 1)], np.array([[0.0], [1.0]])) == [(0, 1)]
    third = clipped([(0, 1), (1, 1)], np.array([[0.1], [1.0 / 3.0]]))
    assert [fractions(p)[0] for p in sorted(third, key=fractions)] == [Fraction(0.1), Fraction(1.0 / 3.0)]


def test_pieces_of_a_continuum_are_joined_across_boxes():
    net = rj.Network([np.diag([1.0, 0.5])], activation="hardtanh")
    boxes = np.array([[[-1.5, -1], [0.3, 1]], [[0.3, -1], [1.5, 1]]])
    found = settled(net, boxes, 100)
    (piece,) = found.continua
    assert sorted(map(floats, piece)) == [[-1.0, 0.0], [1.0, 0.0]]
    assert not found.points
    apart = [settled(net, boxes[k : k + 1], 100) for k in range(2)]
    assert sorted(map(floats, joined(*apart).continua[0])) == [[-1.0, 0.0], [1.0, 0.0]]


def test_a_hopeless_search_of_the_whole_ends_early(monkeypatch):
    monkeypatch.setattr("rmtjac.fixed_points.proved.settling._PILOT", 200)
    deep = rj.Ensemble.berlyand_slavin(100, 15).draw(0)
    found, hopeful = settled_whole(deep, SQUARE, 210)
    assert not hopeful
    assert found.unseen
    easy, hopeful = settled_whole(rj.Ensemble.berlyand_slavin(10, 2).draw(0), SQUARE, 10**5)
    assert hopeful
    assert not easy.unseen
    assert easy.points


def test_nothing_and_something():
    point = Exact({(1, 2): [(np.eye(1), 1)]})
    assert joined(point, Exact()).points.keys() == {(1, 2)}
    assert len(joined(point, point).points[1, 2]) == 2
