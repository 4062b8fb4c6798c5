import numpy as np
import pytest

import rmtjac as rj
from rmtjac import nonnegative as nn


def test_negative_biases_that_do_no_harm():
    # sigmoid of anything is at least 0; the second layer sees at least 2 * 0.26 - 0.3 > 0.
    net = rj.Network([np.eye(2), np.ones((2, 2))], [[-1.0, -1.0], [-0.3, -0.3]], ["sigmoid", "silu"])
    assert nn.monotone(net)
    assert nn.self_map(net)
    assert nn.positive(net)
    assert not nn.weakly_scalable(net)
    clipped = rj.Network([np.eye(2)], [[-1.0, 0.5]], "relu")
    assert nn.monotone(clipped)
    assert nn.self_map(clipped)
    lowered = rj.Network([np.eye(2)], [[-1.0, 0.5]], "tanh")
    assert nn.monotone(lowered)
    assert nn.self_map(lowered).value is None


@pytest.mark.parametrize("name", rj.activations.names())
@pytest.mark.parametrize("seed", range(4))
def test_claims_hold_at_random_points(name, seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 4))
    net = rj.Network([rng.random((3, n)), rng.random((n, 3))], [rng.normal(size=3), rng.normal(size=n)], name)
    x = rng.exponential(3.0, (300, n))
    y = x + rng.exponential(1.0, (300, n)) * (rng.random((300, n)) < 0.5)
    if nn.monotone(net):
        assert (net(x) <= net(y) + 1e-12).all()
    if nn.self_map(net):
        assert (net(x) >= 0.0).all()
        assert (net(np.zeros(n)) >= 0.0).all()


def test_a_claim_that_fails_names_the_place():
    assert nn.nonnegative_biases(rj.Network([np.eye(2)], [[0.0, -1e-310]], "relu")).value is False
    assert nn.nonnegative_weights(rj.Network([[[-0.0]]], activation="relu"))  # -0 is 0
    answer = nn.monotone(rj.Network([[[1.0]], [[-1e-300]]], activation="relu"))
    assert (answer.value, answer.evidence) == (None, "weights[1][0, 0] = -1e-300 is negative")


@pytest.mark.parametrize(
    "predicate",
    [
        nn.nonnegative_weights, nn.nonnegative_biases, nn.monotone, nn.self_map, nn.weakly_scalable, nn.scalable,
        nn.eventually_scalable, nn.concave, nn.positive,
    ],
)  # fmt: skip
def test_only_networks_are_taken(predicate):
    with pytest.raises(TypeError, match="network=3 must be a Network"):
        predicate(3)
