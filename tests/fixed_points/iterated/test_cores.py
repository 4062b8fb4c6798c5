import numpy as np
import pytest

import rmtjac as rj
from rmtjac.fixed_points.iterated.cores import find_core


@pytest.mark.parametrize("activation", ["hardtanh", "tanh", "softplus"])
def test_a_core_is_mapped_into_itself(activation):
    net = rj.Ensemble([2, 20, 2], activation, rj.Gaussian(0.6), rj.Gaussian(0.5)).draw(1)
    (point,) = rj.find_fixed_points(net, domain=(-5, 5)).points
    core = find_core(net, point[None], net.jacobian(point))
    assert core is not None
    z = np.random.default_rng(0).uniform(-1, 1, (200, 2)) * core.radius * (1 - 1e-8)
    x = start = core.centre + z @ np.linalg.inv(core.coordinates).T
    assert core.holds(start).all()
    for _ in range(core.steps):
        x = net(x)
    assert core.holds(x).all()
    before, after = (np.abs((y - core.centre) @ core.coordinates.T).max(axis=1) for y in (start, x))
    assert (after <= core.factor * before + 1e-12).all()
    assert find_core(net, point[None], 2 * np.eye(2)) is None


def test_a_core_of_a_cycle():
    # tanh(-2 x) has the cycle +-x*; a core around x* is mapped into itself by an even number of steps.
    net = rj.Network([[[-2.0]]], activation="tanh")
    star = 0.9575040240772687
    multiplier = (net.jacobian([star]) @ net.jacobian([-star])).reshape(1, 1)
    core = find_core(net, np.array([[star], [-star]]), multiplier)
    assert core.steps % 2 == 0
    assert core.holds(np.array([star]))
    assert not core.holds(np.array([0.0]))  # 0 is fixed, and repels
    x = np.linspace(-1, 1, 4001)[:, None]
    x = x[core.holds(x)]
    for _ in range(60):
        x = net(net(x))
    assert np.abs(x - star).max() < 1e-9
    assert core.volume == pytest.approx(2.0 * core.radius / abs(core.coordinates[0, 0]))


def test_boxes_lie_in_a_core_if_their_corners_do():
    net = rj.Network([[[0.5, 0.2], [-0.3, 0.4]]], activation="tanh")
    core = find_core(net, np.zeros((1, 2)), net.jacobian(np.zeros(2)))
    rng = np.random.default_rng(0)
    low = rng.uniform(-2.0, 1.0, (300, 2))
    high = low + rng.uniform(0.0, 1.0, low.shape)
    corners = np.stack([np.stack([a[:, 0], b[:, 1]], axis=1) for a in (low, high) for b in (low, high)])
    inside = core.holds_boxes(low, high)
    assert 0 < inside.sum() < len(low)
    assert (inside == core.holds(corners).all(axis=0)).all()
    assert not core.holds_boxes(np.array([-np.inf, 0.0]), np.array([0.0, 1.0]))


def test_nothing_is_certified_of_points_that_repel_or_of_unknown_activations():
    net = rj.Network([[[3.0]]], activation="tanh")
    assert find_core(net, np.zeros((1, 1)), net.jacobian([0.0])) is None
    own = rj.Network([[[0.5]]], activation=rj.Activation("own", np.sin, np.cos))
    assert find_core(own, np.zeros((1, 1)), own.jacobian([0.0])) is None
