import numpy as np
import pytest

import rmtjac as rj
from rmtjac.fixed_points.enumeration import enumerate_fixed_points

BOX = np.array([[-1.002, -1.002], [1.002, 1.002]])


@pytest.mark.parametrize(("width", "depth", "seeds"), [(10, 2, 10), (30, 3, 5), (20, 5, 3)])
def test_it_proves_what_branch_and_bound_proves(width, depth, seeds):
    for seed in range(seeds):
        net = rj.Ensemble.berlyand_slavin(width, depth).draw(seed)
        listed, found = enumerate_fixed_points(net, BOX, 10**5), rj.find_fixed_points(net)
        assert listed is not None
        assert len(listed.undecided) == 0
        assert len(listed.points) == len(found)
        gaps = np.abs(listed.points[:, None] - found.points[None]).max(axis=2)
        assert gaps.min(axis=1).max() < 1e-11


def test_errors_hold_beyond_the_borders():
    # Within `distances` of a piece the map is right to `errors`; so it is a little outside, where others begin.
    from rmtjac.fixed_points import regions

    net = rj.Ensemble.berlyand_slavin(20, 3).draw(0)
    found = regions(net)
    rng = np.random.default_rng(0)
    for r in rng.choice(len(found), 50):
        polygon = found.polygon(r)
        mix = rng.dirichlet(np.ones(len(polygon)), 5) @ polygon
        x = np.concatenate([polygon, mix])
        gap = np.abs(net(x) - x @ found.matrices[r].T - found.shifts[r])
        # NumPy's own rounding of the network: a few units of the largest preactivation
        assert (gap <= found.errors[r] + 1e-13).all()
    assert found.errors.max() < 1e-9
    assert found.distances.max() < 1e-12


def test_a_singular_region_is_left_undecided():
    listed = enumerate_fixed_points(rj.Network([np.diag([1.0, 0.5])], activation="hardtanh"), BOX, 100)
    assert listed is not None
    assert len(listed.undecided)
    assert (listed.undecided[:, 0, 1] < 1e-9).any()


def test_more_regions_than_asked_for():
    assert enumerate_fixed_points(rj.Ensemble.berlyand_slavin(30, 3).draw(0), BOX, 50) is None
