import numpy as np
import pytest

import rmtjac as rj
from rmtjac.fixed_points.expected.infinite_width import many_inputs
from rmtjac.fixed_points.expected.infinite_width.of_ensemble import gaussian_map
from rmtjac.theory.counts.origin import origin


def _net(n, name="tanh"):
    return gaussian_map(rj.Ensemble([n, 9, n], name, rj.Gaussian(1.5), rj.Gaussian(0.3)))


@pytest.mark.parametrize("name", ["tanh", "hardtanh"])
def test_draws_against_quadrature(name):
    """The draws that n > 3 uses, at n = 2, where the quadrature is known."""
    net = _net(2, name)
    radius = many_inputs._Radius(net, np.random.default_rng(0))
    rows = np.array([many_inputs._sampled(net, radius, 1024, np.random.default_rng(i)) for i in range(16)])
    ens = rj.Ensemble([2, 9, 2], name, rj.Gaussian(1.5), rj.Gaussian(0.3))
    found = rj.expected_fixed_points(ens)
    exact = [one.value for one in (found.total, found.stable, found.saddles, found.index)]
    assert np.all(np.abs(rows.mean(axis=0) - exact) <= 4.0 * rows.std(axis=0) / 4.0 + 1e-3)


def test_shape_and_streams():
    root = np.random.SeedSequence(1)
    rows = many_inputs.sums_by_draws(_net(4), root, 64)
    assert rows.shape == (many_inputs.REPLICATES, 4)
    assert np.array_equal(rows, many_inputs.sums_by_draws(_net(4), root, 64))


def test_origin_by_draws():
    rows = many_inputs.origin_by_draws(2, 0.5, np.random.SeedSequence(2), 2000)
    exact = [1.0, *origin(2, 0.5)]
    assert np.all(np.abs(rows.mean(axis=0) - exact) <= 4.0 * rows.std(axis=0) / 4.0 + 1e-12)
