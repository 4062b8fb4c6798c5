import numpy as np
import pytest

import rmtjac as rj
from rmtjac.fixed_points.certified.contraction import at_most_one
from rmtjac.fixed_points.certified.enclosure import slope_bounds
from rmtjac.fixed_points.certified.single import the_one


def _proved(net):
    slopes = slope_bounds(net)
    found = at_most_one(net, slopes)
    assert found is not None
    return the_one(net, found, slopes)


@pytest.mark.parametrize("n", [1, 5, 50, 320])
@pytest.mark.parametrize("rate", [0.5, 0.9])
def test_contractions(n, rate):
    rng = np.random.default_rng(n)
    a = rng.standard_normal((n, n))
    net = rj.Network([rate * a / np.linalg.norm(a, 2)], [0.3 * rng.standard_normal(n)], "tanh")
    x, proof, errors = _proved(net)
    assert errors.max() < 1e-9
    assert (proof is None) == (n == 320)
    # The iteration itself, to its end.
    y = np.zeros(n)
    for _ in range(500):
        y = net(y)
    assert (np.abs(x - y) <= errors + 1e-13).all()


@pytest.mark.parametrize("turn", [1.0, 10.0, 30.0])
@pytest.mark.parametrize("n", [3, 20, 60])
def test_monotone_layers_that_the_iteration_leaves(n, turn):
    rng = np.random.default_rng(1)
    a, b = rng.standard_normal((n, n)), rng.standard_normal((n, n))
    w = 0.9 * np.eye(n) - a.T @ a + turn * (b - b.T)
    bias = rng.standard_normal(n)
    x, proof, errors = _proved(rj.Network([w], [bias], "relu"))
    assert proof is not None
    assert errors.max() < 1e-9
    # Complementarity: x >= 0, x - Wx - b >= 0, one of them 0 in every coordinate.
    slack = x - w @ x - bias
    room = 1e-12 * (1.0 + turn)
    assert x.min() >= -room
    assert slack.min() >= -room
    assert np.minimum(np.abs(x), np.abs(slack)).max() <= room


def test_a_point_on_a_kink_and_points_at_the_ends_of_floats():
    x, _, errors = _proved(rj.Network([-0.5 * np.eye(6)], None, "relu"))
    assert (np.abs(x) <= errors).all()
    x, _, errors = _proved(rj.Network([0.5 * np.eye(2)], [[1e200, -1e-200]], "linear"))
    np.testing.assert_allclose(x[0], 2e200, rtol=1e-12)
    assert errors[0] <= 1e188
    assert abs(x[1] + 2e-200) <= errors[1]
