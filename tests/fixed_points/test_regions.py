import numpy as np
import pytest

import rmtjac as rj
from rmtjac.fixed_points import regions


def test_hyperplane_arrangements():
    # Three lines in general position cut the plane into 7 pieces, four through one point into 8.
    three = rj.Network([[[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]], [[0.0, 0.0, 0.5]], "relu")
    assert regions(three, (-5, 5)).count == 7
    angles = np.arange(4) * np.pi / 4
    star = rj.Network([np.column_stack([np.cos(angles), np.sin(angles)])], activation="relu")
    assert regions(star, (-1, 1)).count == 8


@pytest.mark.parametrize("activation", ["hardtanh", "relu", "leaky_relu:0.2", "relu6", "linear"])
@pytest.mark.parametrize("n", [1, 2])
def test_pieces_tile_the_domain_and_carry_the_network(activation, n):
    net = rj.Ensemble([n, 15, 15, 3], activation, "cauchy:1.0", "gaussian:0.5").draw(4)
    found = regions(net, (-2, 2))
    assert found.complete
    assert found.areas.sum() == pytest.approx(4.0**n, rel=1e-9)
    rng = np.random.default_rng(0)
    for x in rng.uniform(-2, 2, (40, n)):
        r = found.find(x)
        np.testing.assert_allclose(found.matrices[r] @ x + found.shifts[r], net(x), atol=1e-9, rtol=1e-9)
    middles = np.array([found.polygon(r).mean(axis=0) for r in range(len(found))])
    values = np.einsum("rij,rj->ri", found.matrices, middles) + found.shifts
    np.testing.assert_allclose(values, net(middles), atol=1e-8, rtol=1e-8)


def test_pieces_are_convex_and_in_order():
    found = regions(rj.Ensemble.berlyand_slavin(20, 3).draw(1))
    for r in range(len(found)):
        step = np.diff(found.polygon(r), axis=0, append=found.polygon(r)[:1])
        following = np.roll(step, -1, axis=0)
        turns = step[:, 0] * following[:, 1] - step[:, 1] * following[:, 0]
        assert turns.min() >= -1e-9 or turns.max() <= 1e-9


def test_their_number_is_that_of_the_literature():
    # docs/theory/fixed_points.md: for N = 100, Cauchy, 3,400 at L = 2 and 13,000 at L = 3 in the mean. Here the median
    # of ten networks.
    for depth, expected in ((2, 3400), (3, 13000)):
        counts = [regions(rj.Ensemble.berlyand_slavin(100, depth).draw(seed)).count for seed in range(10)]
        assert np.median(counts) == pytest.approx(expected, rel=0.15)


def test_bad_arguments():
    net = rj.Ensemble.berlyand_slavin(10, 2).draw(0)
    with pytest.raises(TypeError, match="network=3 must be a Network"):
        regions(3)
    with pytest.raises(ValueError, match="network has 3 inputs; regions are listed for 1 or 2"):
        regions(rj.Ensemble([3, 5, 3], "relu").draw(0))
    with pytest.raises(ValueError, match="activation='tanh' is not piecewise affine"):
        regions(rj.Ensemble([2, 5, 2], "tanh").draw(0))
    with pytest.raises(ValueError, match="max_regions=0 must be a positive"):
        regions(net, max_regions=0)
    some = regions(net, max_regions=5)
    assert (some.count, some.complete) == (5, False)
    assert "and more" in repr(some)
    with pytest.raises(ValueError, match="lies in none of the regions"):
        regions(net).find([5.0, 5.0])
