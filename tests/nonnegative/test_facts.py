import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.nonnegative.facts import TABLE, facts

LOG1P = (np.log1p, "log1p")


def _function(name):
    return np.log1p if name == "log1p" else rj.activations.activation(name)


@pytest.mark.parametrize("name", TABLE)
def test_the_table_on_a_grid(name):
    # On t >= 0: second differences, phi(t)/t, phi(0), phi(t)/t far out; to rounding of the differences.
    phi, known = _function(name), TABLE[name]
    t = np.linspace(0.0, 12.0, 4001)
    y = phi(t)
    bend = np.diff(y, 2)
    assert bool((bend <= 1e-13).all()) == known.concave
    ratio = y[1:] / t[1:]
    falls = np.diff(ratio)
    assert bool((falls <= 1e-14).all()) == (known.ratio != "no")
    near = falls[: np.searchsorted(t, 4.0)]  # far out a saturated tanh falls as 1/t, well above rounding too
    assert bool((near < 0.0).all()) == (known.ratio == "strictly")
    assert float(phi(np.zeros(1))[0]) == pytest.approx(known.at_zero, abs=1e-16)
    far = 1e12
    assert float(phi(np.array([far]))[0]) / far == pytest.approx(known.slope, abs=1e-9)
    if math.isfinite(known.supremum):
        assert phi(np.array([1e18]))[0] == pytest.approx(known.supremum, rel=1e-15)
        assert (phi(np.linspace(-50, 50, 2001)) <= known.supremum * (1 + 1e-15)).all()


@pytest.mark.parametrize("name", [name for name in TABLE if name != "log1p"])
def test_the_whole_line_on_a_grid(name):
    phi, known = _function(name), TABLE[name]
    h = np.linspace(max(known.monotone_from, -20.0), 20.0, 8001)
    assert (np.diff(phi(h)) >= -1e-15).all()
    low = phi(np.linspace(-20.0, 20.0, 8001)).min()
    assert bool(low >= 0.0) == known.nonnegative
    registered = rj.activations.activation(name)
    if registered.concave is not None:
        assert (registered.concave, registered.ratio) == (known.concave, known.ratio)
        assert registered.slope_at_infinity == known.slope


def test_one_s_own_activations_are_unknown():
    assert facts(rj.Activation("tanh", np.tanh, lambda h: 1 - np.tanh(h) ** 2)) is None
    assert facts(rj.activations.activation("leaky_relu:0.2")).monotone_from == -math.inf
    assert facts(rj.activations.activation("leaky_relu:-0.2")).monotone_from == 0.0
