import numpy as np
import pytest

import rmtjac as rj
from rmtjac.fixed_points.basins.cover import proved_cells
from rmtjac.fixed_points.ends import Label
from rmtjac.fixed_points.iterated.cores import find_core


@pytest.mark.parametrize("activation", ["hardtanh", "tanh"])
def test_proved_cells_end_where_they_should(activation):
    checked = 0
    for seed in range(8):
        net = rj.Ensemble.berlyand_slavin(30, 2, activation=activation).draw(seed)
        basins = rj.find_basins(net, prove=2)
        cells = basins.cells
        proved = np.argwhere(cells != Label.OPEN)
        if not len(proved):
            continue
        rng = np.random.default_rng(seed)
        chosen = proved[rng.choice(len(proved), 200)]
        side = (basins.domain[1] - basins.domain[0]) / cells.shape
        x = basins.domain[0] + (chosen + rng.uniform(0, 1, chosen.shape)) * side
        for _ in range(5000):
            x = net(x)
        labels = cells[tuple(chosen.T)]
        checked += len(labels)
        for k in np.unique(labels):
            ends = x[labels == k]
            count = len(basins.points)
            targets = basins.points[k : k + 1] if k < count else basins.cycles[k - count].points
            assert np.abs(ends[:, None] - targets[None]).max(axis=2).min(axis=1).max() < 1e-6
        low, high = basins.brackets.T
        assert (basins.fractions >= low).all()
        assert (basins.fractions <= high).all()
    assert checked > 500


@pytest.mark.parametrize("n", [1, 2])
def test_half_lines_and_quadrants(n):
    # tanh(2 x) in each coordinate: the basin of a stable point is its orthant, and 0 is on the border.
    net = rj.Network([2.0 * np.eye(n)], activation="tanh")
    star = np.full((1, n), 0.9575040240772687)
    cores = [find_core(net, sign * star, net.jacobian(star[0])) for sign in (1.0, -1.0)]
    box = np.array([np.full(n, -1.0), np.full(n, 1.0)])
    shares = []
    for halvings in (0, 2):
        cells = proved_cells(net, box, cores, halvings)
        middles = np.stack(
            np.meshgrid(*[(np.arange(s) + 0.5) / s * 2 - 1 for s in cells.shape], indexing="ij"), axis=-1
        )
        assert (middles[cells == 0] > 0.0).all()
        assert (middles[cells == 1] < 0.0).all()
        shares.append((cells == 0).mean())
    assert shares[0] < shares[1] <= 0.5**n
    assert shares[1] > 0.5**n - 0.02 * n


def test_without_cores_nothing_is_proved():
    net = rj.Network([2.0 * np.eye(2)], activation="tanh")
    cells = proved_cells(net, np.array([[-1.0, -1.0], [1.0, 1.0]]), [None, None], 0)
    assert (cells == Label.OPEN).all()
    assert cells.shape == (32, 32)
