from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.kernels.boxes.affine import Effect, image, load, slopes, workspace
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


@pytest.mark.parametrize("activation", KINDS)
@pytest.mark.parametrize("size", [1e-9, 1e-3, 0.3, 3.0])
@pytest.mark.parametrize("more", [0, 3])
def test_the_image_holds_the_images_of_points(activation, size, more):
    rng = np.random.default_rng(1)
    net = _network(activation)
    arrays = net.arrays
    space = workspace(arrays, 2, more)
    with mp.workdps(60):
        for _ in range(4):
            centre, edges = rng.uniform(-1, 1, 2), size * rng.uniform(-1, 1, (2, 2))
            load(space, centre, edges)
            side, effect = image(arrays, space)
            assert effect != Effect.OVERFLOW
            for eps in (*rng.uniform(-1, 1, (4, 2)), np.array([1.0, -1.0]), np.array([1.0, 1.0])):
                x = [
                    mp.mpf(c) + sum(mp.mpf(a) * mp.mpf(e) for a, e in zip(row, eps, strict=True))
                    for c, row in zip(centre, edges, strict=True)
                ]
                exact = _exactly(net, x)
                for i in range(2):
                    form = mp.mpf(space.centre[side, i])
                    form += sum(mp.mpf(space.linear[side, k, i]) * mp.mpf(eps[k]) for k in range(2))
                    named = sum(abs(mp.mpf(space.linear[side, k, i])) for k in range(2, 2 + more))
                    assert abs(exact[i] - form) <= space.error[side, i] + named


def test_a_piecewise_affine_network_is_followed_exactly_inside_a_region():
    # No neuron at a kink: the error is rounding only, and the effect says so.
    net = _network("hardtanh")
    arrays = net.arrays
    space = workspace(arrays, 2, 0)
    load(space, np.array([0.3, -0.2]), 1e-9 * np.eye(2))
    side, effect = image(arrays, space)
    assert effect == Effect.AFFINE
    assert space.error[side, :2].max() < 1e-13
    np.testing.assert_allclose(space.linear[side, :, :2].T / 1e-9, net.jacobian([0.3, -0.2]), atol=1e-4)
    assert Fraction(space.centre[side, 0]) == pytest.approx(Fraction(net([0.3, -0.2])[0]), abs=1e-13)


@pytest.mark.parametrize("activation", KINDS)
def test_slopes_hold_the_jacobians_of_points(activation):
    rng = np.random.default_rng(2)
    net = _network(activation)
    arrays = net.arrays
    space = workspace(arrays, 2, 0)
    for size in (1e-12, 1e-4, 0.2):
        centre = rng.uniform(-1, 1, 2)
        load(space, centre, size * np.eye(2))
        image(arrays, space)
        side = slopes(arrays, space)
        for x in centre + rng.uniform(-size, size, (20, 2)):
            gap = np.abs(net.jacobian(x) - space.slope_centre[side, :, :2].T)
            assert (gap <= space.slope_radius[side, :, :2].T + 1e-13).all()


def test_overflow_is_reported():
    net = rj.Network([[[1e200]], [[1e200]]], activation="linear")
    arrays = net.arrays
    space = workspace(arrays, 1, 0)
    load(space, np.array([1.0]), np.array([[1.0]]))
    assert image(arrays, space)[1] == Effect.OVERFLOW


def test_one_input_and_one_neuron():
    net = rj.Network([[[0.5]]], [[0.25]], "tanh")
    arrays = net.arrays
    space = workspace(arrays, 1, 0)
    load(space, np.array([0.5]), np.array([[0.5]]))
    side, effect = image(arrays, space)
    assert (side, effect) == (1, Effect.BENT)
    for x in (0.0, 0.3, 1.0):
        form = space.centre[1, 0] + space.linear[1, 0, 0] * (2 * x - 1)
        assert abs(np.tanh(0.5 * x + 0.25) - form) <= space.error[1, 0]


@pytest.mark.parametrize("activation", ["hardtanh", "tanh"])
def test_symbols_of_neurons_are_shared_by_the_outputs(activation):
    # Both outputs see the same error of a neuron: with symbols of their own the largest errors leave the box of what
    # is left, and what symbols say of the sum of the outputs holds.
    net = rj.Ensemble([2, 12, 12, 2], activation, "gaussian:1.0").draw(0)
    arrays = net.arrays
    found = []
    for more in (0, 6):
        space = workspace(arrays, 2, more)
        load(space, np.array([0.2, -0.1]), 0.3 * np.eye(2))
        side, _ = image(arrays, space)
        found.append(space.error[side, :2].copy())
        total = space.linear[side, :, :2].sum(axis=1)
        reach = np.abs(total).sum() + space.error[side, :2].sum()
        x = np.array([0.2, -0.1]) + np.random.default_rng(0).uniform(-0.3, 0.3, (500, 2))
        assert (np.abs(net(x).sum(axis=1) - space.centre[side, :2].sum()) <= reach).all()
    assert (found[1] < 0.8 * found[0]).all()
