import mpmath
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.fixed_points.certified.local import local_proof, residual_bound
from rmtjac.fixed_points.iterated.newton import settle_newton

MP = {
    "tanh": mpmath.tanh,
    "sigmoid": lambda h: 1 / (1 + mpmath.exp(-h)),
    "softplus": lambda h: mpmath.log1p(mpmath.exp(h)),
}


def _true(net, x, activation):
    """The fixed point near x with 40 digits, by Newton's method of mpmath."""

    def gap(*point):
        y = mpmath.matrix(point)
        for matrix, bias in zip(net.weights, net.biases, strict=True):
            y = (mpmath.matrix(matrix.tolist()) * y + mpmath.matrix(bias.tolist())).apply(MP[activation])
        return [y[i] - point[i] for i in range(len(point))]

    return mpmath.findroot(gap, tuple(x.tolist()), tol=1e-60)


@pytest.mark.parametrize("activation", sorted(MP))
@pytest.mark.parametrize("widths", [(1, 1), (4, 4), (6, 9, 6), (3, 5, 7, 3)])
def test_the_fixed_point_lies_within_the_errors(activation, widths):
    rng = np.random.default_rng(sum(widths))
    shapes = list(zip(widths[1:], widths[:-1], strict=True))
    net = rj.Network(
        [0.6 * rng.standard_normal(s) for s in shapes], [rng.standard_normal(s[0]) for s in shapes], activation
    )
    x = settle_newton(net, rng.uniform(-1.0, 1.0, (20, widths[0])))
    x = x[np.abs(net(x) - x).max(axis=1) < 1e-12][0]
    proof = local_proof(net, x)
    with mpmath.workdps(40):
        true = _true(net, x, activation)
        assert all(abs(true[i] - proof.place[i]) <= proof.errors[i] for i in range(x.size))
    assert proof.errors.max() < 1e-11
    assert (np.abs(proof.place - proof.centre) + proof.errors <= proof.reach).all()


def test_a_candidate_that_is_off_is_proved_all_the_same():
    net = rj.Network([np.diag([3.0, 0.5])], None, "tanh")
    with mpmath.workdps(40):
        true = float(mpmath.findroot(lambda t: mpmath.tanh(3 * t) - t, 0.99))
    for off in (1e-4, 1e-8, 1e-14):
        proof = local_proof(net, np.array([true + off, -off]))
        assert abs(proof.place[0] - true) <= proof.errors[0] + 1e-16
        assert proof.errors.max() < 1e-13


def test_nothing_is_proved_where_nothing_can_be():
    # A triple root, a continuum, no fixed point nearby, a kink with slopes on both sides of 1.
    assert local_proof(rj.Network([np.eye(2)], None, "tanh"), np.zeros(2)) is None
    assert local_proof(rj.Network([np.eye(2)], None, "hardtanh"), np.full(2, 0.5)) is None
    assert local_proof(rj.Network([np.eye(3)], [np.ones(3)], "linear"), np.zeros(3)) is None
    assert local_proof(rj.Network([np.diag([2.0, 0.5])], None, "relu"), np.zeros(2)) is None
    assert local_proof(rj.Network([np.eye(2)], None, rj.Activation("mine", np.sin, np.cos)), np.zeros(2)) is None
    assert local_proof(rj.Network([np.full((2, 2), 1e308)] * 2, None, "relu"), np.ones(2)) is None
    assert local_proof(rj.Network([np.eye(2) * 0.5], None, "tanh"), np.full(2, np.nan)) is None
    # Two points 2e-9 apart: a box that holds both is no proof.
    net = rj.Network([[[1.0], [-1.0]], [[-1.0, -1.5]]], [[0.0, 0.0], [1e-9]], ["relu", "linear"])
    proof = local_proof(net, np.array([-2e-9]))
    assert proof is None or proof.reach[0] < 2e-9


def test_points_on_kinks():
    proof = local_proof(rj.Network([-0.5 * np.eye(6)], None, "relu"), np.zeros(6))
    assert (np.abs(proof.place) <= proof.errors).all()
    proof = local_proof(rj.Network([np.eye(3) * 5.0], None, "hardtanh"), np.array([1.0, -1.0, 1.0]))
    assert (np.abs(proof.place - [1.0, -1.0, 1.0]) <= proof.errors).all()


def test_residuals_are_bounded_from_above():
    with mpmath.workdps(40):
        for seed in range(5):
            rng = np.random.default_rng(seed)
            net = rj.Network([rng.standard_normal((7, 7))], [rng.standard_normal(7)], "tanh")
            x = net(net(rng.standard_normal(7)))
            h = mpmath.matrix(net.weights[0].tolist()) * mpmath.matrix(x.tolist()) + mpmath.matrix(
                net.biases[0].tolist()
            )
            bound = residual_bound(net, x)
            assert all(abs(mpmath.tanh(h[i]) - x[i]) <= bound[i] for i in range(7))
