import json
import re

import numpy as np
import pytest

import rmtjac as rj
from rmtjac import nonnegative as nn
from rmtjac.nonnegative.certificates.certificate import few


def _certify(weights, biases=None, activation="relu"):
    return nn.certify(rj.Network(weights, biases, activation))


def test_text_and_json():
    found = _certify([[[0.5]]], [[1.0]])
    assert "rho(T_inf): [0.499999999999, 0.500000000001]" in found.table()
    assert json.loads(json.dumps(found.to_dict()))["unique"] is True
    with pytest.raises(ValueError, match=r"maps R\^2 to R\^3"):
        nn.certify(rj.Network([np.ones((3, 2))]))
    with pytest.raises(TypeError, match="network=None must be a Network"):
        nn.certify(None)


def test_the_bracket_is_rounded_outward_in_the_table():
    text = _certify([[[0.5, 0.5], [0.5, np.nextafter(0.5, 0.0)]]], [[1.0, 1.0]], "tanh").table()
    assert re.search(r"rho\(T_inf\): \[0, 0\]", text)
    low, high = map(float, re.search(r"rho\(T_inf\): \[(.*), (.*)\]", _certify([[[1 / 3]]], [[1.0]]).table()).groups())
    assert low < 1 / 3 < high


@pytest.mark.parametrize(
    ("weights", "biases", "activation"),
    [
        ([np.eye(2)], None, "relu6"),  # a product, with parts and rays
        ([[[0.5]]], [[1.0]], "tanh"),  # a point, with rates
        ([[[2.0]]], [[1.0]], "relu"),  # empty
        ([[[-1.0]]], None, "tanh"),  # undecided
        ([[[1.0]]], None, "linear"),  # a ray without end
    ],
)
def test_json_holds_every_attribute(weights, biases, activation):
    found = _certify(weights, biases, activation)
    told = json.loads(json.dumps(found.to_dict()))
    assert (told["shape"], told["theorem"], told["reason"]) == (found.shape, found.theorem, found.reason)
    assert set(told["hypotheses"]) == set(found.hypotheses)
    assert len(told["parts"]) == len(found.parts)
    if found.ray is not None:
        assert told["ray"] == {"vector": found.ray.vector.tolist(), "end": found.ray.end}
    if found.least is not None:
        assert told["least"]["lower"] == found.least.lower.tolist()
    table = found.table()
    assert all(name in table for name in found.hypotheses)
    assert repr(found) == f"Certificate({found.shape}: {found.theorem})"


def test_few():
    assert few(np.array([3])) == "3"
    assert few(np.arange(6)) == "0, 1, 2, 3, 4, 5"
    assert few(np.arange(7)) == "0, 1, 2, 3, 4, 5 ... (7 in all)"
