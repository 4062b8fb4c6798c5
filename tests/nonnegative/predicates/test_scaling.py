import numpy as np
import pytest

import rmtjac as rj
from rmtjac import nonnegative as nn


def _net(activation, bias=0.1, depth=2, n=4):
    rng = np.random.default_rng(1)
    weights = [rng.random((n, n)) for _ in range(depth)]
    return rj.Network(weights, [np.full(n, bias)] * depth, activation)


@pytest.mark.parametrize("activation", [name for name in rj.activations.names()])
def test_what_is_claimed_holds_at_random_points(activation):
    rng = np.random.default_rng(2)
    for bias in (0.0, 0.3):
        net = _net(activation, bias)
        for _ in range(200):
            x = rng.random(4) * 10.0 ** rng.uniform(-3, 2)
            y = x + rng.random(4) * 10.0 ** rng.uniform(-3, 2)
            r = 1.0 + 10.0 ** rng.uniform(-2, 2)
            room = 1e-12 * (1.0 + np.abs(net(r * y)).max())
            if nn.monotone(net):
                assert (net(x) <= net(y) + room).all()
            if nn.weakly_scalable(net):
                assert (net(r * x) <= r * net(x) + room).all()
            if nn.concave(net):
                assert (net(0.5 * (x + y)) >= 0.5 * (net(x) + net(y)) - room).all()
            if nn.scalable(net) and x.max() < 3.0:  # farther out softplus is linear up to rounding
                assert (net(r * x) < r * net(x)).all()
            if nn.positive(net):
                assert (net(x) > 0.0).all()


def test_which_are_claimed():
    claims = {
        # activation: weakly scalable, scalable with and without biases, concave
        "tanh": (True, True, False, True),
        "relu": (True, True, False, True),
        "sigmoid": (True, True, True, True),
        "softplus": (True, True, True, False),
        "silu": (False, False, False, False),
    }
    for name, (weak, strict, without, concave) in claims.items():
        assert nn.monotone(_net(name)), name
        assert bool(nn.weakly_scalable(_net(name))) == weak
        assert bool(nn.scalable(_net(name))) == strict
        assert bool(nn.scalable(_net(name, 0.0))) == without
        assert bool(nn.concave(_net(name))) == concave


def test_evidence_names_what_decides():
    bad = rj.Network([[[1.0, 0.0], [2.0, -0.25]]], activation="relu")
    assert nn.nonnegative_weights(bad) == nn.Answer(False, "weights[0][1, 1] = -0.25 is negative")
    assert nn.monotone(bad).value is None
    silu = rj.Network([np.eye(2)], [[0.0, -1.0]], "silu")
    assert "silu of layer 0 is nondecreasing from 0 on; neuron 1 may be at -1" in nn.monotone(silu).evidence
    assert "activation 'silu' of layer 0: phi(t)/t is not nonincreasing" in nn.weakly_scalable(_net("silu")).evidence
    assert "biases[0][1] = -1 is negative" in nn.weakly_scalable(silu).evidence
    unknown = rj.Network([np.eye(2)], activation=rj.Activation("mine", np.tanh, np.cos))
    assert "nothing is known of activation 'mine'" in nn.monotone(unknown).evidence
    assert nn.self_map(rj.Network([np.ones((3, 2))], activation="relu")).evidence == "the network maps R^2 to R^3"


def test_a_bias_reaches_outputs_through_the_weights():
    chain = [[[1.0, 0.0], [1.0, 0.0]], [[0.0, 1.0], [0.0, 1.0]]]
    assert nn.scalable(rj.Network(chain, [[0.1, 0.0], [0.0, 0.0]], "relu")).value is False
    assert nn.scalable(rj.Network(chain, [[0.0, 0.1], [0.0, 0.0]], "relu"))
    assert nn.positive(rj.Network(chain, [[0.1, 0.0], [0.0, 0.0]], "relu")).value is False


def test_a_bias_that_takes_several_steps():
    chain = rj.Network([np.eye(5, k=-1)], [[1.0, 0.0, 0.0, 0.0, 0.0]], "relu")
    assert nn.scalable(chain).value is False
    assert nn.eventually_scalable(chain)
    assert "within 5 steps of T" in nn.eventually_scalable(chain).evidence
    cut = rj.Network([np.eye(5, k=-1)], [[0.0, 1.0, 0.0, 0.0, 0.0]], "relu")
    assert nn.eventually_scalable(cut).evidence == "T^k(0) is 0 in entry 0 for all k: no positive bias reaches it"
    assert nn.eventually_scalable(rj.Network([np.eye(2)], activation="silu")).value is None
