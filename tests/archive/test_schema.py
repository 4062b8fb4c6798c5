import numpy as np
import pytest

from rmtjac.archive.schema import Schema

SCHEMA = Schema(
    "Thing",
    arrays={"points": "float q n", "flags?": "bool q", "axis_{n}": "float _", "cells": "int *", "three": "count 3"},
    facts={"radii": "[float] k", "k": "count k", "name": "text", "more?": "object", "share": "finite"},
)
FACTS = {"radii": [1.0, 2], "k": 2, "name": "a", "share": 0.5}
ARRAYS = {
    "points": ("f8", (4, 2)), "axis_0": ("f8", (3,)), "axis_1": ("f4", (9,)), "cells": ("i4", (3, 9, 1)),
    "three": ("u1", (3,)),
}  # fmt: skip


def _check(facts, arrays):
    SCHEMA.check(facts, {name: (np.dtype(kind), shape) for name, (kind, shape) in arrays.items()})


def test_what_is_declared_passes():
    _check(FACTS, ARRAYS)
    _check({**FACTS, "more": {}}, {**ARRAYS, "flags": ("?", (4,))})
    Schema("Free").check({"anything": 1}, {})


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"name": None}, "fact 'name' is not of type text"),
        ({"share": float("nan")}, "fact 'share' is not of type finite"),
        ({"share": True}, "fact 'share' is not of type finite"),
        ({"k": 2.0}, "fact 'k' is not of type count"),
        ({"k": -2}, "fact 'k' is not of type count"),
        ({"k": 3}, "fact 'k': k is 2 is needed, not 3"),
        ({"radii": 1.0}, r"fact 'radii' is no list of float"),
        ({"radii": [1.0, "a"]}, r"fact 'radii' is no list of float"),
        ({"more": []}, "fact 'more' is not of type object"),
        ({"other": 1}, "fact 'other' is not known"),
    ],
)
def test_other_facts(facts, message):
    with pytest.raises(ValueError, match=message):
        _check(FACTS | facts, ARRAYS)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"points": ("i8", (4, 2))}, "entry 'points' has dtype int64; float is needed"),
        ({"points": ("f2", (4, 2))}, "entry 'points' has dtype float16; float is needed"),
        ({"points": ("f8", (4,))}, r"entry 'points' has shape \(4,\); \(q, n\) is needed"),
        ({"points": ("f8", (4, 3))}, "the number of entries axis_0, axis_1, ...: n is 3 is needed, not 2"),
        ({"flags": ("?", (5,))}, r"entry 'flags' of shape \(5,\): q is 4 is needed, not 5"),
        ({"three": ("i8", (4,))}, "3 is needed, not 4"),
        ({"axis_3": ("f8", (4,))}, "entry 'axis_3' is not known"),
        ({"axis_2": ("f8", (4,))}, "n is 2 is needed, not 3"),
        ({"extra": ("f8", (4,))}, "entry 'extra' is not known"),
    ],
)
def test_other_arrays(arrays, message):
    with pytest.raises(ValueError, match=message):
        _check(FACTS, ARRAYS | arrays)


def test_what_is_missing():
    for name in FACTS:
        with pytest.raises(ValueError, match=f"fact '{name}' is missing"):
            _check({key: value for key, value in FACTS.items() if key != name}, ARRAYS)
    for name in ("points", "cells", "three"):
        with pytest.raises(ValueError, match=f"entry '{name}' is missing"):
            _check(FACTS, {key: value for key, value in ARRAYS.items() if key != name})


def test_values():
    schema = Schema("Thing", arrays={"a_{n}": "finite _", "b?": "count _"})
    schema.check_values({"a_0": np.ones(2), "b": np.arange(3)})
    with pytest.raises(ValueError, match="entry 'a_1' holds values that are not finite"):
        schema.check_values({"a_0": np.ones(2), "a_1": np.array([np.nan])})
    with pytest.raises(ValueError, match="entry 'b' holds negative numbers"):
        schema.check_values({"b": np.array([1, -1])})
