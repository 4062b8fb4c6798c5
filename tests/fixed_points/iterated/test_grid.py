import numpy as np
import pytest

import rmtjac as rj
from rmtjac.status import Status


def _protocol(net, step=0.05, tol=1e-5, most=50):
    """The protocol of BS, as a script would have it: limits to three digits, and how many starts do not settle."""
    axis = np.arange(round(2 / step) + 1) * step - 1
    x = np.array(np.meshgrid(axis, axis)).reshape(2, -1).T
    limits = []
    for _ in range(most):
        y = net(x)
        rest = np.linalg.norm(y - x, axis=1) < tol
        limits.append(y[rest])
        x = y[~rest]
        if not len(x):
            break
    return np.concatenate(limits), len(x)


@pytest.mark.parametrize("activation", ["hardtanh", "tanh"])
@pytest.mark.parametrize("law", ["cauchy", "gaussian"])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_it_is_the_protocol(activation, law, depth):
    for seed in range(6):
        net = rj.Ensemble.berlyand_slavin(30, depth, law=law, activation=activation).draw(seed)
        found = rj.find_fixed_points(net, method="grid", follow=200)
        limits, unsettled = _protocol(net)
        assert len(found.starts) == 41 * 41
        assert 41 * 41 - found.outcomes[Status.CONVERGED] == unsettled
        for limit in limits:  # |x - F(x)| < 1e-5 is that close to a fixed point unless it nearly has eigenvalue 1
            assert np.abs(found.points - limit).max(axis=1).min() < 2e-3
        everything = rj.find_fixed_points(net)
        for point in found.points:
            assert np.abs(everything.points - point).max(axis=1).min() < 1e-9
        assert found.proved.all()
        assert not found.complete


def test_starts_of_ones_own_and_more_dimensions():
    net = rj.Ensemble([5, 30, 5], "tanh", rj.Gaussian(0.5), rj.Gaussian(0.1)).draw(0)
    found = rj.find_fixed_points(net, method="grid", starts=50, rng=1)
    assert found.starts.shape == (50, 5)
    assert (len(found), found.outcomes[Status.CONVERGED]) == (1, 50)
    np.testing.assert_allclose(net(found.points), found.points, atol=1e-14)
    given = rj.find_fixed_points(net, method="grid", starts=found.starts)
    np.testing.assert_array_equal(given.labels, found.labels)


@pytest.mark.parametrize(("depth", "seed", "radius"), [(1, 12, 0.996), (2, 34, 0.963), (2, 119, 0.994), (3, 17, 0.913)])
def test_networks_whose_stable_points_the_protocol_misses(depth, seed, radius):
    # Fifty steps are too few for a spectral radius near 1, and no start of the grid may be near at all.
    net = rj.Ensemble.berlyand_slavin(30, depth).draw(seed)
    everything, found = rj.find_fixed_points(net), rj.find_fixed_points(net, method="grid", follow=60)
    settled = found.points[np.unique(found.labels[found.settled])]
    missed = [
        k for k in np.flatnonzero(everything.stable)
        if np.abs(settled - everything.points[k]).max(axis=1).min(initial=np.inf) > 1e-6
    ]  # fmt: skip
    assert everything.spectral_radius[missed] == pytest.approx([radius], abs=5e-4)


@pytest.mark.parametrize(("seed", "radius"), [(3, 1.038), (22, 1.459), (139, 4.195)])
def test_networks_whose_protocol_counts_an_unstable_point(seed, radius):
    # An orbit comes within 1e-5 of it and moves on; the protocol has stopped by then.
    net = rj.Ensemble.berlyand_slavin(30, 3).draw(seed)
    found = rj.find_fixed_points(net, method="grid", follow=60)
    settled = np.unique(found.labels[found.settled])
    assert found.spectral_radius[settled].max() == pytest.approx(radius, abs=5e-4)
    assert found.outcomes[Status.CONVERGED] > 0
