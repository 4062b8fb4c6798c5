import numpy as np

import rmtjac as rj
from rmtjac.kernels.boxes.search import Known, Reason, search

EVERYWHERE = (np.full(2, -1.01), np.full(2, 1.01))


def _nothing(n):
    return Known(np.empty((0, n)), np.empty((0, n)), np.empty((0, n, n)), np.empty((0, 2, n)))


def _search(
    net, low=EVERYWHERE[0], high=EVERYWHERE[1], smallest=1e-10, boxes=10**6, roots=100, still_open=1000, more=4
):
    starts, stop = np.array([[low, high]]), np.zeros(1, np.uint8)
    known, left, why, looked = search(
        net.arrays, starts, _nothing(low.size), smallest, boxes, roots, still_open, more, stop
    )
    return *known[:3], left, why, looked


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
    assert (why == Reason.AFFINE).all()
    assert len(left) == 1
    np.testing.assert_allclose(left[0][:, 1], 0.0, atol=1e-12)


def test_the_budget_ends_the_search_and_says_so():
    net = rj.Ensemble.berlyand_slavin(100, 5).draw(0)
    everything, *_ = _search(net)
    points, _, _, left, why, boxes = _search(net, boxes=50)
    assert boxes <= 51
    assert Reason.BUDGET in why
    # What is undecided and what was found together hold every point.
    for point in everything:
        held = ((left[:, 0] <= point) & (point <= left[:, 1])).all(axis=1).any()
        assert held or np.abs(points - point).max(axis=1, initial=0.0).min(initial=np.inf) < 1e-9


def test_a_multiple_fixed_point_is_flat():
    # tanh(x) = x at 0, a triple root: x^3 / 3 is rounding for |x| < 1e-5, however small the box.
    net = rj.Network([[[1.0]]], activation="tanh")
    points, *_, left, why, boxes = _search(net, np.array([-1.0]), np.array([1.0]))
    assert len(points) == 0
    assert set(why) == {Reason.FLAT}
    assert (np.abs(left) < 1e-5).all()
    assert len(left) <= 4
    assert boxes < 200


def test_boxes_at_the_floor():
    # Slopes 2 above 0 and 0 below: a kink with a fixed point that no box around it shows to be one.
    points, *_, left, why, _ = _search(rj.Network([[[2.0]]], activation="relu"), np.array([-1.0]), np.array([1.5]))
    assert len(points) == 0
    assert set(why) == {Reason.SMALL}
    assert ((left[:, 0] <= 0.0) & (left[:, 1] >= 0.0)).any()


def test_a_search_goes_on_where_it_stopped():
    # In steps of 7 boxes: the same boxes in the same order, so the same numbers to the last bit.
    net = rj.Ensemble.berlyand_slavin(30, 3).draw(0)
    whole = _search(net)
    known, starts, total = _nothing(2), np.array([EVERYWHERE]), 0
    while len(starts):
        known, starts, why, looked = search(net.arrays, starts, known, 1e-10, 7, 100, 1000, 4, np.zeros(1, np.uint8))
        assert set(why) <= {Reason.BUDGET}
        total += looked
    assert total == whole[-1] > 20
    for one, other in zip(known, whole[:3], strict=False):
        np.testing.assert_array_equal(one, other)


def test_room_for_results_is_a_budget_too():
    *_, why, _ = _search(rj.Network([2 * np.eye(2)], activation="tanh"), roots=3)
    assert Reason.BUDGET in why


def test_three_dimensions():
    net = rj.Ensemble([3, 20, 3], "tanh", rj.Gaussian(2.0), rj.Gaussian(0.1)).draw(1)
    points, _, jacobians, left, _, _ = _search(net, np.full(3, -1.01), np.full(3, 1.01))
    assert len(left) == 0
    assert int(np.sign(np.linalg.det(np.eye(3) - jacobians)).sum()) == 1
    np.testing.assert_allclose(net(points), points, atol=1e-13)


def test_more_symbols_take_fewer_boxes():
    starts = np.array([[[-1.01, -1.01], [1.01, 1.01]]])
    nothing = _nothing(2)
    boxes, points = [], []
    for more in (0, 4):
        net = rj.Ensemble.berlyand_slavin(30, 5).draw(0)
        found = search(net.arrays, starts, nothing, 1e-10, 10**6, 100, 1000, more, np.zeros(1, np.uint8))
        boxes.append(found.looked)
        points.append(np.sort(found.known.points, axis=0))
    assert boxes[1] < boxes[0]
    np.testing.assert_allclose(points[0], points[1], atol=1e-11)
