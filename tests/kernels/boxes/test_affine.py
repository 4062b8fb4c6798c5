from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.fixed_points.packed import packed
from rmtjac.kernels.boxes.affine import hulls, image, orbit, slopes, workspace
from tests.kernels.boxes.test_activations import _mp_value

KINDS = ("hardtanh", "relu", "tanh", "gelu", "softplus")


def _network(activation, widths=(2, 12, 12, 2), seed=0, weights="cauchy:1.0"):
    return rj.Ensemble(widths, activation, weights, "gaussian:0.3").draw(seed)


def _exactly(net, x):
    """F(x) in 60 digits, from the floats as they are."""
    for matrix, bias, phi in zip(net.weights, net.biases, net.activations, strict=True):
        h = [
            sum((mp.mpf(w) * v for w, v in zip(row, x, strict=True)), mp.mpf(b))
            for row, b in zip(matrix, bias, strict=True)
        ]
        x = [_mp_value(phi.spec, one) for one in h]
    return x


def _load(space, centre, edges):
    n = len(centre)
    space[0][0, :n], space[2][0, :n] = centre, 0.0
    space[1][0, :, :n] = 0.0
    space[1][0, :n, :n] = edges.T


@pytest.mark.parametrize("activation", KINDS)
@pytest.mark.parametrize("size", [1e-9, 1e-3, 0.3, 3.0])
@pytest.mark.parametrize("more", [0, 3])
def test_the_image_holds_the_images_of_points(activation, size, more):
    rng = np.random.default_rng(1)
    net = _network(activation)
    arrays = packed(net)
    space = workspace(arrays, 2, more)
    with mp.workdps(60):
        for _ in range(4):
            centre, edges = rng.uniform(-1, 1, 2), size * rng.uniform(-1, 1, (2, 2))
            _load(space, centre, edges)
            side, verdict = image(arrays, space)
            assert verdict > 0
            for eps in (*rng.uniform(-1, 1, (4, 2)), np.array([1.0, -1.0]), np.array([1.0, 1.0])):
                x = [
                    mp.mpf(c) + sum(mp.mpf(a) * mp.mpf(e) for a, e in zip(row, eps, strict=True))
                    for c, row in zip(centre, edges, strict=True)
                ]
                exact = _exactly(net, x)
                for i in range(2):
                    form = mp.mpf(space[0][side, i])
                    form += sum(mp.mpf(space[1][side, k, i]) * mp.mpf(eps[k]) for k in range(2))
                    named = sum(abs(mp.mpf(space[1][side, k, i])) for k in range(2, 2 + more))
                    assert abs(exact[i] - form) <= space[2][side, i] + named


def test_a_piecewise_affine_network_is_followed_exactly_inside_a_region():
    # No neuron at a kink: the error is rounding only, and the verdict says so.
    net = _network("hardtanh")
    arrays = packed(net)
    space = workspace(arrays, 2, 0)
    _load(space, np.array([0.3, -0.2]), 1e-9 * np.eye(2))
    side, verdict = image(arrays, space)
    assert verdict == 2
    assert space[2][side, :2].max() < 1e-13
    np.testing.assert_allclose(space[1][side, :, :2].T / 1e-9, net.jacobian([0.3, -0.2]), atol=1e-4)
    assert Fraction(space[0][side, 0]) == pytest.approx(Fraction(net([0.3, -0.2])[0]), abs=1e-13)


@pytest.mark.parametrize("activation", KINDS)
def test_slopes_hold_the_jacobians_of_points(activation):
    rng = np.random.default_rng(2)
    net = _network(activation)
    arrays = packed(net)
    space = workspace(arrays, 2, 0)
    for size in (1e-12, 1e-4, 0.2):
        centre = rng.uniform(-1, 1, 2)
        _load(space, centre, size * np.eye(2))
        image(arrays, space)
        side = slopes(arrays, space)
        for x in centre + rng.uniform(-size, size, (20, 2)):
            gap = np.abs(net.jacobian(x) - space[5][side, :, :2].T)
            assert (gap <= space[6][side, :, :2].T + 1e-13).all()


@pytest.mark.parametrize("activation", ["hardtanh", "tanh"])
def test_an_orbit_of_a_box_holds_the_orbits_of_its_points(activation):
    net = _network(activation, weights="gaussian:1.0")
    arrays = packed(net)
    rng = np.random.default_rng(3)
    centre, edges = rng.uniform(-1, 1, 2), 0.05 * rng.uniform(-1, 1, (2, 2))
    good, middle, linear, error, matrix, radius, boxes = orbit(arrays, workspace(arrays, 2, 0), centre, edges, 4)
    assert good
    for eps in rng.uniform(-1, 1, (50, 2)):
        x = start = centre + edges @ eps
        jacobian = np.eye(2)
        for step in range(4):
            jacobian = net.jacobian(x) @ jacobian
            x = net(x)
            assert (boxes[step, 0] <= x).all()
            assert (x <= boxes[step, 1]).all()
        assert (np.abs(x - middle - linear @ eps) <= error + 1e-14).all()
        assert (np.abs(jacobian - matrix) <= radius + 1e-14).all()
        assert start.shape == (2,)
    low, high = centre - 0.02, centre + 0.02
    (found,) = hulls(arrays, low[None], high[None], 2)
    for x in rng.uniform(low, high, (50, 2)):
        assert (found[0, 0] <= net(x)).all()
        assert (net(x) <= found[0, 1]).all()
        assert (found[1, 0] <= net(net(x))).all()
        assert (net(net(x)) <= found[1, 1]).all()


def test_overflow_is_reported():
    net = rj.Network([[[1e200]], [[1e200]]], activation="linear")
    arrays = packed(net)
    space = workspace(arrays, 1, 0)
    _load(space, np.array([1.0]), np.array([[1.0]]))
    assert image(arrays, space)[1] == 0
    (found,) = hulls(arrays, np.array([[0.5]]), np.array([[1.0]]), 1)
    assert np.isinf(found).all()


def test_one_input_and_one_neuron():
    net = rj.Network([[[0.5]]], [[0.25]], "tanh")
    arrays = packed(net)
    space = workspace(arrays, 1, 0)
    _load(space, np.array([0.5]), np.array([[0.5]]))
    side, verdict = image(arrays, space)
    assert (side, verdict) == (1, 1)
    for x in (0.0, 0.3, 1.0):
        form = space[0][1, 0] + space[1][1, 0, 0] * (2 * x - 1)
        assert abs(np.tanh(0.5 * x + 0.25) - form) <= space[2][1, 0]


@pytest.mark.parametrize("activation", ["hardtanh", "tanh"])
def test_symbols_of_neurons_are_shared_by_the_outputs(activation):
    # Both outputs see the same error of a neuron: with symbols of their own the largest errors leave the box of what
    # is left, and what symbols say of the sum of the outputs holds.
    net = rj.Ensemble([2, 12, 12, 2], activation, "gaussian:1.0").draw(0)
    arrays = packed(net)
    found = []
    for more in (0, 6):
        space = workspace(arrays, 2, more)
        _load(space, np.array([0.2, -0.1]), 0.3 * np.eye(2))
        side, _ = image(arrays, space)
        found.append(space[2][side, :2].copy())
        total = space[1][side, :, :2].sum(axis=1)
        reach = np.abs(total).sum() + space[2][side, :2].sum()
        x = np.array([0.2, -0.1]) + np.random.default_rng(0).uniform(-0.3, 0.3, (500, 2))
        assert (np.abs(net(x).sum(axis=1) - space[0][side, :2].sum()) <= reach).all()
    assert (found[1] < 0.8 * found[0]).all()


def test_more_symbols_take_fewer_boxes():
    from rmtjac.kernels.boxes.search import search

    starts = np.array([[[-1.01, -1.01], [1.01, 1.01]]])
    nothing = np.empty((0, 2)), np.empty((0, 2)), np.empty((0, 2, 2)), np.empty((0, 2, 2))
    boxes, points = [], []
    for more in (0, 4):
        net = rj.Ensemble.berlyand_slavin(30, 5).draw(0)
        found = search(packed(net), starts, nothing, 1e-10, 10**6, 100, 1000, more, np.zeros(1, np.uint8))
        boxes.append(found[-1])
        points.append(np.sort(found[0][0], axis=0))
    assert boxes[1] < boxes[0]
    np.testing.assert_allclose(points[0], points[1], atol=1e-11)
