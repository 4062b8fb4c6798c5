import itertools

import numpy as np
import pytest
from scipy.optimize import root

import rmtjac as rj
from rmtjac.fixed_points.certified.growth import fixed_point_box


def _roots(net, starts):
    """Solutions of F(x) = x that a general solver finds: an oracle of another kind."""
    found = []
    for start in starts:
        answer = root(lambda x: x - net(x), start, jac=lambda x: np.eye(x.size) - net.jacobian(x), tol=1e-13)
        if answer.success and np.abs(net(answer.x) - answer.x).max() < 1e-9 * (1.0 + np.abs(answer.x).max()):
            found.append(answer.x)
    return np.array(found).reshape(-1, net.widths[0])


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_a_bounded_hidden_layer_gives_a_domain(activation, n):
    rng = np.random.default_rng([n, activation == "tanh"])
    for _ in range(25):
        width, scale = rng.integers(1, 30), 10.0 ** rng.uniform(-2, 3)
        weights = [rng.normal(size=(width, n)) * scale, rng.standard_cauchy((n, width))]
        net = rj.Network(weights, [rng.normal(size=width), rng.normal(size=n)], [activation, "linear"])
        held = fixed_point_box(net)
        assert held is not None
        assert held.degree == 1
        # F of any x, and so any fixed point, is at most |W| + |b| in size.
        bound = np.abs(weights[1]).sum(axis=1) + np.abs(net.biases[1])
        assert (np.abs(held.box) <= bound * (1.0 + 1e-12)).all()
        x = net(rng.standard_cauchy((200, n)) * 10.0)
        for _ in range(100):
            x = net(x)
        settled = x[np.abs(net(x) - x).max(axis=1) < 1e-12]
        assert ((settled >= held.box[0] - 1e-11) & (settled <= held.box[1] + 1e-11)).all()


@pytest.mark.parametrize(
    ("weights", "bias", "activation", "box", "degree"),
    [
        # x = relu(3 - 5 x): 1/2. Signs bound it.
        ([[-5.0]], [3.0], "relu", [[0.0], [3.0]], 1),
        # A linear map has one fixed point, however steep: (I - A)^-1 b.
        ([[3.0]], [1.0], "linear", [[-0.5], [-0.5]], -1),
        ([[0.9, -0.5], [0.5, 0.9]], [1.0, 2.0], "linear", [[-9.9 / 2.6 + 9 / 26, 7 / 2.6]] * 2, 1),
        # Two points, 0 and 1; F is x -> 2 x - 1 with a rest of at most 1 on x >= 0.
        ([[2.0]], [-1.0], "relu", [[0.0], [2.0]], None),
        # 2 x + 1 > x on x >= 0: none at all.
        ([[2.0]], [1.0], "relu", [[-1.0], [1.0]], 0),
    ],
)
def test_small_maps_by_hand(weights, bias, activation, box, degree):
    held = fixed_point_box(rj.Network([weights], [bias], activation))
    assert held.degree == degree
    np.testing.assert_allclose(held.box, box, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "net",
    [
        rj.Network([[[2.0]]], [[0.0]], "relu"),  # every x >= 0 from 0 on repels: 0 alone, but no bound of this kind
        rj.Network([[[1.0]]], [[1.0]], "relu"),
        rj.Network([np.eye(2)], activation="linear"),
        rj.Network([[[1e308]], [[1e308]]], activation=["relu", "linear"]),
        rj.Network([[[1.0]]], activation=rj.Activation("sine", np.sin, np.cos)),
    ],
)
def test_none_is_made_up(net):
    held = fixed_point_box(net)
    assert held is None or (held.box[0] <= 0.0).all() <= (held.box[1] >= 0.0).all()


def test_a_contraction_in_the_euclidean_norm_only():
    # A rotation by 45 degrees times .9: sums of absolute values are 1.27, the norm is .9.
    turn = 0.9 * np.sqrt(0.5) * np.array([[1.0, -1.0], [1.0, 1.0]])
    for activation in ("relu", "softplus", "silu", "leaky_relu:0.3"):
        net = rj.Network([turn], [[1.0, -2.0]], activation)
        held = fixed_point_box(net)
        x = np.zeros(2)
        for _ in range(3000):
            x = net(x)
        assert (held.box[0] - 1e-12 <= x).all()
        assert (x <= held.box[1] + 1e-12).all()


def test_a_weighted_norm():
    # rho(|W|) = .9, but |W| is large in every usual norm.
    net = rj.Network([[[0.0, 900.0], [0.0009, 0.0]]], [[1.0, 1.0]], "leaky_relu:0.5")
    held = fixed_point_box(net)
    exact = np.linalg.solve(np.eye(2) - net.weights[0], net.biases[0])
    assert (held.box[0] <= exact * (1 + 1e-12)).all()
    assert (exact <= held.box[1] * (1 + 1e-12)).all()


def test_no_fixed_point_of_a_random_network_lies_outside():
    rng = np.random.default_rng(5)
    kinds = ["relu", "leaky_relu:0.2", "leaky_relu:-0.7", "softplus", "silu", "gelu", "mish", "linear", "tanh", "relu6"]
    boxes = points = 0
    for _ in range(250):
        n, depth = int(rng.integers(1, 4)), int(rng.integers(1, 4))
        widths = [n, *rng.integers(1, 6, depth - 1), n]
        scale = 10.0 ** rng.uniform(-1, 0.7)
        weights = [rng.normal(size=(b, a)) * scale / np.sqrt(a) for a, b in itertools.pairwise(widths)]
        biases = [rng.normal(size=b) * 10.0 ** rng.uniform(-3, 3) for b in widths[1:]]
        net = rj.Network(weights, biases, list(rng.choice(kinds, depth)))
        held = fixed_point_box(net)
        if held is None:
            continue
        boxes += 1
        reach = 10.0 ** rng.uniform(-2, 4, (12, 1))
        found = _roots(net, rng.normal(size=(12, n)) * reach)
        points += len(found)
        slack = 1e-7 * (1.0 + np.abs(found))  # what the solver is off by
        assert ((held.box[0] - slack <= found) & (found <= held.box[1] + slack)).all(), net
    assert boxes > 100
    assert points > 300


def test_the_degree_is_the_sum_of_the_indices():
    # Steep linear maps with a bounded disturbance, W x + tanh(V x): F is proper, of degree sign det(I - W).
    rng = np.random.default_rng(2)
    for _ in range(8):
        w, v = 3.0 * rng.normal(size=(2, 2)), 2.0 * rng.normal(size=(2, 2))
        first = np.vstack([np.eye(2), v])
        net = rj.Network(
            [first, np.eye(4), np.hstack([w, np.eye(2)])],
            None,
            ["leaky_relu:1.0", "linear", "linear"],
        )
        held = fixed_point_box(net)
        assert held.degree == np.sign(np.linalg.det(np.eye(2) - w - v))
    net = rj.Network([[[-3.0], [4.0]], [[1.0, 1.0]]], [[0.1, 0.0], [0.0]], ["linear", "linear"])
    assert fixed_point_box(net) is None  # x -> x + .1
