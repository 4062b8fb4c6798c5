import numpy as np
import pytest

import rmtjac as rj
from rmtjac.fixed_points.proved.branch_and_bound import Search

SQUARE = np.array([[-1.002, -1.002], [1.002, 1.002]])


def test_in_parts_it_finds_the_same():
    net = rj.Ensemble.berlyand_slavin(30, 3, activation="tanh").draw(0)
    whole, parts = Search(net, SQUARE), Search(net, SQUARE)
    whole.run(10**6)
    assert len(whole.open) == len(whole.stuck) == 0
    assert whole.boxes > 40
    for budget in range(20, whole.boxes + 20, 20):
        parts.advance(budget, 500)
        assert parts.boxes <= budget
    assert parts.boxes == whole.boxes
    for one, other in zip(parts.points(), whole.points(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("depth", [5, 12])
def test_no_box_is_looked_at_twice(depth, monkeypatch):
    import rmtjac.kernels.boxes.search as boxes

    looked, starts, kernel = [], [], boxes.search

    def counted(net, open_, *rest):
        found = kernel(net, open_, *rest)
        looked.append(found[-1])
        starts.append(open_)
        return found

    monkeypatch.setattr(boxes, "search", counted)
    net = rj.Ensemble.berlyand_slavin(30, depth).draw(1)
    found = rj.find_fixed_points(net, max_boxes=400)
    assert len(looked) > 1
    assert sum(looked) == found.facts["boxes"] <= 400
    # Each search takes up boxes that the last one left, and these shrink.
    areas = [np.ptp(open_, axis=1).prod(axis=1).sum() for open_ in starts]
    assert areas == sorted(areas, reverse=True)
    assert found.complete or "undecided" in found.reason


def test_what_is_open_at_the_end_is_said():
    net = rj.Ensemble.berlyand_slavin(100, 15).draw(0)
    found = rj.find_fixed_points(net, max_boxes=300)
    assert not found.complete
    assert found.reason.startswith(f"not proved complete: {len(found.undecided)} boxes undecided; a larger max_boxes")
    assert "at this pace the whole search needs about" in found.reason
    # Everything that F maps to itself lies in a box that is open, or is found; here an oracle in floats.
    grid = rj.find_fixed_points(net, method="grid", step=0.25, follow=50)
    for point in grid.points:
        near = np.abs(found.points - point).max(axis=1, initial=0.0).min(initial=np.inf) < 1e-9
        assert near or ((found.undecided[:, 0] <= point) & (point <= found.undecided[:, 1])).all(axis=1).any()


def test_boxes_that_others_exclude_are_given_up():
    net = rj.Network([2.0 * np.eye(2)], activation="tanh")
    search = Search(net, SQUARE)
    search.open = np.array([[[0.0, 0.0], [1.0, 1.0]], [[-1.0, -1.0], [-0.5, -0.5]]])
    search.keep(np.array([[[0.9, 0.9], [2.0, 2.0]]]))
    assert search.open.tolist() == [[[0.0, 0.0], [1.0, 1.0]]]
    search.keep(np.empty((0, 2, 2)))
    assert len(search.open) == 0
    search.forget()
    assert len(search.points()[0]) == 0


def test_a_cluster_on_the_face_of_what_is_searched():
    # 0, a triple root, lies on the face; what surrounds it leaves the domain, and is searched too.
    found = rj.find_fixed_points(rj.Network([[[1.0]]], activation="tanh"), domain=(0.0, 1.0))
    (cluster,) = found.clusters
    assert cluster.index == 1
    assert "max_boxes" not in found.reason
