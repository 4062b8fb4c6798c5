import dataclasses
import math
import pickle

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.activations import Facts, activation, names


def _tanh_prime(h):
    return np.cosh(np.clip(h, -300, 300)) ** -2.0


def test_own_activation_runs_on_the_numpy_path():
    sine = rj.Activation("sine", np.sin, np.cos)
    net = rj.Ensemble.square(6, 2, sine).draw(0)
    x = np.linspace(-1, 1, 6)
    w0, w1 = net.weights
    expected = np.diag(np.cos(w1 @ np.sin(w0 @ x))) @ w1 @ np.diag(np.cos(w0 @ x)) @ w0
    np.testing.assert_allclose(net.jacobian(x), expected, rtol=1e-13)


def test_wrong_kinds_are_refused():
    with pytest.raises(TypeError, match="activation=3"):
        rj.activations.activation(3)
    with pytest.raises(TypeError, match="callables"):
        rj.Activation("f", 1, np.cos)
    with pytest.raises(ValueError, match="ascending"):
        rj.Activation("f", np.sin, np.cos, breakpoints=(1.0, 0.0))
    with pytest.raises(ValueError, match="slopes"):
        rj.Activation("f", np.sin, np.cos, breakpoints=(1.0,), slopes=(1.0,))


def _own(name):
    return rj.Activation(name, lambda h: 0.5 * np.tanh(h), lambda h: 0.5 * np.cosh(h) ** -2.0)


@pytest.mark.parametrize("name", ["tanh", "linear", "leaky_relu", "relu"])
def test_one_s_own_activation_is_not_taken_for_the_registered_one_of_its_name(name, tmp_path):
    own = _own(name)
    assert own.spec == f"own:{name}"
    net = rj.Network([[[2.0]]], None, own)
    path = net.save(tmp_path / "net.npz")
    with pytest.raises(ValueError, match=f"'own:{name}' is not known"):
        rj.Network.load(path)
    # Not the mask of the identity, whatever it is called: D = .5 / cosh^2 of a preactivation is below .5.
    ens = rj.Ensemble.square(5, 1, own)
    masks = np.exp(rj.sample_spectrum(ens, 3, rng=0).log_singular_values)
    linear = np.exp(rj.sample_spectrum(rj.Ensemble.square(5, 1, "linear"), 3, rng=0).log_singular_values)
    assert (masks[:, -1] <= 0.5 * linear[:, -1]).all()
    with pytest.raises(ValueError, match="invariance=True needs linear layers"):
        rj.sample_spectrum(ens, 3, rng=0, invariance=True)
    assert not rj.Ensemble([3, 3, 3], [own, _own(name)]).identical_layers
    assert not rj.Ensemble([3, 3, 3], [own, name]).identical_layers
    assert rj.Ensemble([3, 3, 3], own).identical_layers


def test_a_name_of_one_s_own_is_kept():
    assert _own("soft").spec == "soft"


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"ratio": "yes"}, "ratio='yes'"),
        ({"concave": "no"}, "concave='no'"),
        ({"lower": math.nan}, "lower=nan"),
        ({"steepest": -1.0}, "steepest=-1.0"),
        ({"identity_up_to": -0.5}, "identity_up_to=-0.5"),
        ({"lower": 1.0, "upper": 0.0}, "is above upper"),
        ({"slope_at_infinity": "0"}, "slope_at_infinity='0'"),
        ({"slope_at_infinity": math.inf}, "slope_at_infinity=inf"),
    ],
)
def test_declarations_are_checked(facts, message):
    with pytest.raises((ValueError, TypeError), match=message):
        rj.Activation("own", np.tanh, _tanh_prime, **facts)


def test_facts_have_one_source():
    # What was stated is a part of the facts; the function itself has no second copy of them.
    own = rj.Activation("own", np.tanh, _tanh_prime, concave=True, slope_at_infinity=0.0)
    assert own.stated == Facts(concave=True, slope=0.0, declared=True)
    for fact in ("concave", "ratio", "slope_at_infinity", "monotone_from", "lower", "upper", "steepest"):
        assert not hasattr(own, fact)
    for name in names():
        phi = activation(name)
        assert phi.facts == dataclasses.replace(phi.stated, at_zero=phi.at_zero)


def test_stated_facts_in_one_object():
    known = Facts(concave=True, upper=2.0)
    one = rj.Activation("own", np.tanh, _tanh_prime, stated=known, upper=1.0)
    assert one.stated == Facts(concave=True, upper=1.0, declared=True)


def test_without_a_code_the_facts_count_as_declared():
    plain = dataclasses.replace(activation("tanh"), code=None)
    assert plain.facts == dataclasses.replace(activation("tanh").facts, declared=True)
    assert activation("tanh").facts.declared is False
    assert plain.spec == "own:tanh"


@pytest.mark.parametrize("spec", [*names(), "leaky_relu:0.25"])
def test_registered_functions_come_back_from_pickles(spec):
    assert pickle.loads(pickle.dumps(activation(spec))).spec == activation(spec).spec


def test_fields_cannot_be_set():
    with pytest.raises(dataclasses.FrozenInstanceError):
        activation("tanh").code = 1
