from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.kernels.boxes.affine import workspace
from rmtjac.kernels.boxes.sieve import _form, excluded


def _is_held(point, centre, edges, errors):
    """Whether point = centre + eps edges +- errors for |eps| <= 1: exactly, by the corners of the polygon of eps."""
    lines = [((1, 0), 1), ((-1, 0), 1), ((0, 1), 1), ((0, -1), 1)]  # (a, b): a . eps <= b
    for p, c, e, r in zip(point.tolist(), centre.tolist(), edges.T.tolist(), errors.tolist(), strict=True):
        p, c = Fraction(p), Fraction(c)
        a = (Fraction(e[0]), Fraction(e[1]))
        lines += [(a, p - c + Fraction(r)), ((-a[0], -a[1]), c - p + Fraction(r))]
    for (a, b), (c, d) in combinations(lines, 2):
        det = a[0] * c[1] - a[1] * c[0]
        if det:
            eps = (Fraction(b * c[1] - a[1] * d) / det, Fraction(a[0] * d - b * c[0]) / det)
            if all(u[0] * eps[0] + u[1] * eps[1] <= v for u, v in lines):
                return True
    return False


@pytest.mark.parametrize("scale", [1.0, 1e-8, 1e-17, 1e8])
def test_a_form_holds_the_corners(scale):
    rng = np.random.default_rng(1)
    for count in (2, 3, 4, 7):
        for _ in range(5):
            # points of a plane in R^6, thin in one direction
            points = rng.normal(size=6) + rng.normal(size=(count, 2)) @ (
                np.array([[1.0], [scale]]) * rng.normal(size=(2, 6))
            )
            centre, edges, errors = np.empty(6), np.empty((2, 6)), np.empty(6)
            _form(points, centre, edges, errors)
            for point in points:
                assert _is_held(point, centre, edges, errors)
            assert errors.max() <= 1e-14 * (np.abs(centre) + 3.0 * np.abs(edges).sum(axis=0)).max()


def _vertices(net, layers, box):
    """The box and its exact image under the first layers, if these are affine there."""
    corners = np.array([[box[i, 0], box[j, 1]] for i, j in ((0, 0), (1, 0), (1, 1), (0, 1))])
    x = corners
    for w, b, phi in list(zip(net.weights, net.biases, net.activations, strict=True))[:layers]:
        x = phi(x @ w.T + b)
    return np.concatenate([corners, x], axis=1)


def test_a_polygon_with_a_fixed_point_is_kept():
    net = rj.Ensemble.berlyand_slavin(15, 3).draw(3)
    found = rj.find_fixed_points(net)
    space = workspace(net.arrays, 2, 4)
    for point in found.points:
        for size in (1e-3, 1e-6, 1e-12):
            assert not excluded(net.arrays, space, _vertices(net, 0, np.array([point - size, point + size])))


def test_a_polygon_away_from_fixed_points_is_excluded():
    net = rj.Ensemble.berlyand_slavin(15, 3).draw(3)
    found = rj.find_fixed_points(net)
    space = workspace(net.arrays, 2, 4)
    rng = np.random.default_rng(0)
    places = rng.uniform(-1, 1, (200, 2))
    gone = [excluded(net.arrays, space, _vertices(net, 0, np.array([x - 1e-4, x + 1e-4]))) for x in places]
    far = np.abs(places[:, None] - found.points[None]).max(axis=2).min(axis=1) > 0.02
    assert np.mean(np.array(gone)[far]) > 0.9


def test_numbers_that_overflow_are_kept():
    net = rj.Network([[[1e200]], [[1e200]]], activation="linear")
    points = np.array([[1e200, 1e200], [2e200, 2e200]])
    assert not excluded(net.arrays, workspace(net.arrays, 2, 0), points)
