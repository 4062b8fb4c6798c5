import numpy as np

import rmtjac as rj
from rmtjac.fixed_points.packed import packed
from rmtjac.kernels.boxes import AFFINE, BUDGET, SMALL, search

EVERYWHERE = (np.full(2, -1.01), np.full(2, 1.01))


def _search(
    net, low=EVERYWHERE[0], high=EVERYWHERE[1], smallest=1e-10, boxes=10**6, roots=100, still_open=1000, more=4
):
    return search(packed(net), low, high, smallest, boxes, roots, still_open, more, np.zeros(1, np.uint8))


def test_three_fixed_points_of_a_known_map():
    # x = tanh(2 x) in each coordinate: 0 and +-x*, so nine points, of index (-1)^(number of zeros).
    from scipy.optimize import brentq

    star = brentq(lambda x: np.tanh(2 * x) - x, 0.5, 1.0, xtol=1e-15)
    points, errors, jacobians, left, _, _ = _search(rj.Network([2 * np.eye(2)], activation="tanh"))
    assert len(left) == 0
    expected = sorted((a, b) for a in (-star, 0, star) for b in (-star, 0, star))
    found = points[np.lexsort(np.round(points, 9).T[::-1])]
    np.testing.assert_allclose(found, expected, atol=4e-15)
    assert (errors < 1e-13).all()
    diagonal = 2 * (1 - np.tanh(2 * points) ** 2)
    np.testing.assert_allclose(jacobians, [np.diag(d) for d in diagonal], atol=1e-10)


def test_a_box_without_a_fixed_point_is_excluded_at_once():
    net = rj.Network([0.1 * np.eye(2)], [[0.5, 0.5]], "linear")
    points, _, _, left, _, boxes = _search(net, np.array([-1.0, -1.0]), np.array([0.0, 0.0]))
    assert (len(points), len(left), boxes) == (0, 0, 1)


def test_a_continuum_stays_open_as_affine():
    *_, left, why, _ = _search(rj.Network([np.diag([1.0, 0.5])], activation="linear"))
    assert (why == AFFINE).all()
    assert len(left) == 1
    np.testing.assert_allclose(left[0][:, 1], 0.0, atol=1e-12)


def test_the_budget_ends_the_search_and_says_so():
    net = rj.Ensemble.berlyand_slavin(100, 5).draw(0)
    everything, *_ = _search(net)
    points, _, _, left, why, boxes = _search(net, boxes=50)
    assert boxes <= 51
    assert BUDGET in why
    # What is undecided and what was found together hold every point.
    for point in everything:
        held = ((left[:, 0] <= point) & (point <= left[:, 1])).all(axis=1).any()
        assert held or np.abs(points - point).max(axis=1, initial=0.0).min(initial=np.inf) < 1e-9


def test_a_tangency_is_too_small_to_decide():
    # x = x + x^2-like touch: tanh(x + b) - x touches 0 nowhere for a slope of 1 but at b = 0, where 0 is a triple root.
    net = rj.Network([[[1.0]]], activation="tanh")
    points, *_, left, why, _ = _search(net, np.array([-1.0]), np.array([1.0]), smallest=1e-6)
    assert len(points) == 0
    assert set(why) == {SMALL}
    assert (np.abs(left) < 1e-2).all()


def test_room_for_results_is_a_budget_too():
    *_, why, _ = _search(rj.Network([2 * np.eye(2)], activation="tanh"), roots=3)
    assert BUDGET in why


def test_three_dimensions():
    net = rj.Ensemble([3, 20, 3], "tanh", rj.Gaussian(2.0), rj.Gaussian(0.1)).draw(1)
    points, _, jacobians, left, _, _ = _search(net, np.full(3, -1.01), np.full(3, 1.01))
    assert len(left) == 0
    assert int(np.sign(np.linalg.det(np.eye(3) - jacobians)).sum()) == 1
    np.testing.assert_allclose(net(points), points, atol=1e-13)
