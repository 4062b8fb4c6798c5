import numpy as np
import pytest

import rmtjac as rj
from rmtjac.activations import activation, names

TRUE_OF_TANH = {
    "concave": True, "ratio": "strictly", "slope_at_infinity": 0.0, "monotone_from": -np.inf, "lower": -1.0,
    "upper": 1.0, "steepest": 1.0, "identity_up_to": 0.0,
}  # fmt: skip


def _prime(h):
    return 1.0 - np.tanh(h) ** 2


@pytest.mark.parametrize("name", [*names(), "leaky_relu:-0.5", "leaky_relu:1.5"])
def test_the_facts_of_the_table_are_not_contradicted(name):
    found = activation(name).check()
    assert "derivative" in found
    assert all("agrees at" in one for one in found.values())


def test_true_declarations_and_the_share_proved_over_balls():
    pytest.importorskip("flint")
    found = rj.Activation("own", np.tanh, _prime, **TRUE_OF_TANH).check()
    assert set(found) == {"derivative", *TRUE_OF_TANH}
    # phi'' <= 0 and the slope are decided on every cell but those at 0, where they vanish or reach their bound.
    assert "proved on 100%" in found["concave"]
    assert "proved on 100%" in found["steepest"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lower": -0.999}, "bounded below"),
        ({"upper": 0.999999}, "bounded above"),
        ({"steepest": 0.999}, "slopes up to"),
        ({"slope_at_infinity": 1.0}, "of slope 1 at infinity"),
        ({"identity_up_to": 0.5}, "the identity up to 0.5"),
    ],
)
def test_false_declarations_are_found(change, message):
    with pytest.raises(ValueError, match=message):
        rj.Activation("own", np.tanh, _prime, **(TRUE_OF_TANH | change)).check()


FALSE = {
    "cubic is not concave": (lambda h: h**3, lambda h: 3 * h**2, {"concave": True}, "concave"),
    "silu is not concave": (activation("silu").function, activation("silu").derivative, {"concave": True}, "concave"),
    "gelu has no falling ratio": (
        activation("gelu").function, activation("gelu").derivative, {"ratio": "weakly"}, "ratio",
    ),
    "a ripple of 1e-6": (
        lambda h: np.tanh(h) + 1e-6 * np.sin(3 * h), lambda h: _prime(h) + 3e-6 * np.cos(3 * h), {"concave": True},
        "concave",
    ),
    "relu is not strict": (
        activation("relu").function, activation("relu").derivative, {"ratio": "strictly"}, "strictly",
    ),
    "softplus is not below t": (
        activation("softplus").function, activation("softplus").derivative, {"identity_up_to": 0.0}, "identity",
    ),
    "sine falls": (np.sin, np.cos, {"monotone_from": 0.0}, "nondecreasing"),
    "swish falls below zero": (
        activation("silu").function, activation("silu").derivative, {"monotone_from": -2.0}, "nondecreasing",
    ),
    "a wrong derivative": (np.tanh, lambda h: 1.0 / (1.0 + h * h), {}, "integral of its derivative"),
    "a derivative of the wrong sign": (np.tanh, lambda h: -_prime(h), {}, "integral of its derivative"),
    "overflow": (np.sinh, np.cosh, {"monotone_from": 0.0}, "finite"),
}  # fmt: skip


@pytest.mark.parametrize("what", FALSE)
def test_false_facts_of_other_functions(what):
    function, derivative, facts, message = FALSE[what]
    with pytest.raises(ValueError, match=message):
        rj.Activation("own", function, derivative, **facts).check()


def test_reach_is_checked():
    with pytest.raises(ValueError, match="reach=0"):
        activation("tanh").check(0.0)


@pytest.mark.parametrize(
    ("function", "derivative", "facts", "message"),
    [
        (lambda h: 1.05 * h, lambda h: 1.05 + 0.0 * h, {"identity_up_to": np.inf}, "identity up to inf"),
        (lambda h: np.sign(h) * np.log1p(np.abs(h)), lambda h: 1.0 / (1.0 + np.abs(h)), {"upper": 20.0}, "by 20: phi"),
        (lambda h: np.sign(h) * np.log1p(np.abs(h)), lambda h: 1.0 / (1.0 + np.abs(h)), {"lower": -90.0}, "by -90"),
        (np.tanh, _prime, {"upper": 0.999999999}, "by 0.999999999: phi"),
    ],
)
def test_facts_that_fail_everywhere_or_only_far_out(function, derivative, facts, message):
    with pytest.raises(ValueError, match=message):
        rj.Activation("own", function, derivative, **facts).check()
