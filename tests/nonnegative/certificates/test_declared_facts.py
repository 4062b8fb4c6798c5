"""Certificates that rest on the facts that a user declares of an activation."""

import numpy as np
import pytest

import rmtjac as rj
from rmtjac import nonnegative as nn


def _own(name, **facts):
    phi = rj.activations.activation(name)
    return rj.Activation("own", phi.function, phi.derivative, phi.breakpoints, **facts)


MYTANH = {"concave": True, "ratio": "strictly", "slope_at_infinity": 0.0}
TWICE_TANH = rj.Activation("own", lambda h: 2 * np.tanh(h), lambda h: 2 / np.cosh(np.minimum(h, 300)) ** 2, **MYTANH)
CLIP = rj.Activation("own", lambda h: np.clip(h, 0, 2), lambda h: ((h > 0) & (h < 2)) * 1.0, (0.0, 2.0), (0, 1, 0))


@pytest.mark.parametrize(
    ("phi", "weights", "bias", "shape"),
    [
        # With biases: one point, as for tanh itself. The facts are those of the table, in other words.
        (_own("tanh", **MYTANH), [[2.0, 0.1], [0.3, 0.5]], [0.1, 0.2], "point"),
        (_own("tanh", **MYTANH, steepest=1.0), [[0.5, 0.1], [0.3, 0.5]], None, "point"),
        (_own("sigmoid", **MYTANH), [[5.0]], None, "point"),
        (_own("softplus", ratio="strictly", monotone_from=-np.inf, slope_at_infinity=1.0), [[0.5]], None, "point"),
        (_own("softplus", ratio="strictly", monotone_from=-np.inf, slope_at_infinity=1.0), [[1.5]], None, "empty"),
        # 2 tanh with a small weight: concave, so 0 is unique where its slope at 0 is below 1.
        (TWICE_TANH, [[0.3]], None, "point"),
        # Pieces alone say all that there is to say of min(t, 2) for t >= 0.
        (CLIP, [[0.0, 1.0], [1.0, 0.0]], None, "interval"),
        (rj.Activation("own", np.tanh, lambda h: np.cosh(h) ** -2.0), [[0.5]], [0.1], "undecided"),
    ],
)  # fmt: skip
def test_declared_facts_unlock_what_they_justify(phi, weights, bias, shape):
    net = rj.Network([weights], None if bias is None else [bias], phi)
    found = nn.certify(net)
    assert found.shape == shape
    if shape == "undecided":
        assert "monotone_from is not declared" in found.reason
        assert found.declared == ()
    else:
        assert found.declared == ("own",)
        assert "rests on the declared facts of 'own'" in found.reason
        assert found.to_dict()["declared"] == ["own"]


def test_a_certificate_of_the_table_rests_on_no_declaration():
    found = nn.certify(rj.Network([[[0.5]]], [[1.0]], "tanh"))
    assert found.declared == ()
    assert "declared" not in found.reason


def test_an_activation_above_the_identity_has_no_linear_bound():
    # 2 tanh(t) > t near 0: with W = .8, rho(W) < 1, and yet there are two fixed points, 0 and about 1.17.
    net = rj.Network([[[0.8]]], None, TWICE_TANH)
    assert nn.certify(net).unique is not True
    assert nn.greatest_fixed_point(net).lower[0] > 1.0


def test_what_exists_by_declared_facts_alone_says_so():
    own = rj.Activation("own", np.tanh, lambda h: 1.0 - np.tanh(h) ** 2, monotone_from=0.0)
    found = nn.certify(rj.Network([[[0.5]]], [[1.0]], own))
    assert (found.exists, found.shape) == (True, "undecided")
    assert found.declared == ("own",)
