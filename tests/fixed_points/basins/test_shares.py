import numpy as np
import pytest

from rmtjac.fixed_points.basins.shares import Parts, parts_of_grid, random_points, share
from rmtjac.fixed_points.ends import Label


def test_cells_of_a_grid():
    axis = np.array([0.0, 0.3, 0.6, 0.9])
    labels = np.array([0, 0, 1, 1])
    parts = parts_of_grid(np.array([[0.0], [1.0]]), (axis,), labels)
    assert parts.labels.tolist() == [0, Label.OPEN, 1, Label.OPEN]  # the last piece lies beyond the grid
    np.testing.assert_allclose(parts.volumes, [0.3, 0.3, 0.3, 0.1])
    whole = parts_of_grid(np.array([[0.0, 0.0], [0.9, 0.9]]), (axis, axis), np.add.outer(labels, labels))
    assert whole.labels.shape == (3, 3)
    assert whole.labels[0, 0] == 0
    assert whole.labels[2, 2] == 2
    assert whole.labels[0, 2] == whole.labels[2, 0] == 1
    assert (whole.labels == Label.OPEN).sum() == 5


def test_random_points_fill_the_open_cells():
    rng = np.random.default_rng(0)
    edges = [np.array([0.0, 0.1, 0.5, 1.0]), np.array([0.0, 1.0, 3.0])]
    labels = np.array([[Label.OPEN, 0], [0, Label.OPEN], [Label.OPEN, Label.OPEN]])
    x = random_points(Parts(edges, labels), 1000, rng)
    i = np.searchsorted(edges[0], x[:, 0]) - 1
    j = np.searchsorted(edges[1], x[:, 1]) - 1
    assert (labels[i, j] == Label.OPEN).all()
    # strata: each cell has its number of points but for one at each of its two ends
    area = np.outer(np.diff(edges[0]), np.diff(edges[1])) * (labels == Label.OPEN)
    count = np.zeros(labels.shape)
    np.add.at(count, (i, j), 1)
    assert np.abs(count - 1000 * area / area.sum()).max() <= 2.0
    assert random_points(Parts(edges, np.zeros((3, 2), dtype=int)), 10, rng).shape == (0, 2)


@pytest.mark.parametrize("p", [0.0, 0.003, 0.3, 0.5, 1.0])
def test_errors_cover(p):
    rng = np.random.default_rng(1)
    off = []
    for _ in range(400):
        ends = (rng.random(300) < p).astype(int)
        part, error = share(np.array([0.2, 0.1]), ends, 1, 0.5)
        off.append((part - (0.3 + 0.5 * p)) / error)
    assert (np.abs(off) > 2.0).mean() <= 0.08  # 5 % for a normal law
    assert share(np.array([0.2, 0.8]), np.empty(0), 1, 0.0) == (1.0, 0.0)
