import hashlib
import json

import numpy as np
import pytest

from rmtjac.sweep.plans.cells import Cell, canonical

ENSEMBLE = {"widths": [2, 3, 2], "activations": ["tanh", "tanh"], "weights": [], "biases": None}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [1, 2.5, None]}, '{"a":[1,2.5,null],"b":1}'),
        ({"a": {"y": 0, "x": "é"}}, '{"a":{"x":"\\u00e9","y":0}}'),
        (1e300, "1e+300"),
    ],
)
def test_canonical_json(value, text):
    assert canonical(value) == text
    assert json.loads(text) == value


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": -float("inf")}])
def test_what_json_does_not_have_is_refused(value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical(value)


def test_roots_depend_on_seed_and_ensemble_only():
    word = int.from_bytes(hashlib.sha256(canonical(ENSEMBLE).encode()).digest()[:8], "big")
    expected = np.random.SeedSequence(5, spawn_key=(word,)).generate_state(4).tolist()
    for cell in (Cell("a", 3, 2, ENSEMBLE, 1), Cell("b", 4, 1, dict(reversed(ENSEMBLE.items())), 7)):
        assert cell.root(5).generate_state(4).tolist() == expected
        assert cell.root(np.random.SeedSequence(5)).generate_state(4).tolist() == expected
    other = {**ENSEMBLE, "widths": [2, 4, 2]}
    assert Cell("a", 3, 2, other, 1).root(5).generate_state(4).tolist() != expected
    assert Cell("a", 3, 2, ENSEMBLE, 1).root(6).generate_state(4).tolist() != expected
