import mpmath as mp
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.activations.lookup import REGISTERED
from rmtjac.kernels.activations import derivative, value
from tests.oracles.activations import FACTS, FUNCTIONS

NAMES = rj.activations.names()
# No point is a breakpoint; the outer ones are where naive formulas overflow or cancel.
POINTS = np.array(
    [-700.0, -40.0, -19.5, -6.3, -1.7, -0.9, -1e-3, -1e-9, 1e-9, 1e-3, 0.9, 1.7, 5.9, 6.3, 19.5, 40.0, 700.0]
)


def _derivative(name, x):
    """Central difference in 400 digits: error about 1e-100."""
    with mp.workdps(400):
        f, h = FUNCTIONS[name], mp.mpf(10) ** -100
        return (f(mp.mpf(x) + h) - f(mp.mpf(x) - h)) / (2 * h)


def test_every_registered_activation_has_an_oracle():
    assert set(NAMES) == set(FUNCTIONS) == set(FACTS)


@pytest.mark.parametrize("name", NAMES)
def test_values_and_derivatives_against_mpmath(name):
    phi = rj.activations.activation(name)
    # gelu and silu at -700 are denormal products: absolute floor 1e-300.
    with mp.workdps(400):
        values = np.array([float(FUNCTIONS[name](mp.mpf(x))) for x in POINTS])
    slopes = np.array([float(_derivative(name, x)) for x in POINTS])
    np.testing.assert_allclose(phi(POINTS), values, rtol=4e-14, atol=1e-300)
    np.testing.assert_allclose(phi.derivative(POINTS), slopes, rtol=2e-13, atol=1e-300)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("compiled", [True, False])
def test_kernel_equals_numpy(name, compiled):
    phi = rj.activations.activation(name)
    h = np.concatenate([POINTS, phi.breakpoints])
    f, g = (value, derivative) if compiled else (value.py_func, derivative.py_func)
    np.testing.assert_allclose([f(phi.code, phi.parameter, x) for x in h], phi(h), rtol=4e-14, atol=1e-300)
    np.testing.assert_allclose([g(phi.code, phi.parameter, x) for x in h], phi.derivative(h), rtol=2e-13, atol=1e-300)


def test_unknown_code_is_nan():
    assert np.isnan(value.py_func(99, 0.0, 1.0))
    assert np.isnan(derivative.py_func(99, 0.0, 1.0))


@pytest.mark.parametrize("name", NAMES)
def test_facts(name):
    phi = rj.activations.activation(name)
    known = phi.facts
    assert (known.concave, known.ratio, known.slope) == (FACTS[name][0], FACTS[name][1], FACTS[name][3])
    assert phi.at_zero == pytest.approx(FACTS[name][2], abs=1e-16)
    # The facts themselves, on a grid of the half-line (rounding of second differences: 1e-12).
    t = np.linspace(0.01, 15.0, 3000)  # beyond, softplus(t)/t = 1 + 1e-9 is flat to rounding
    bends = np.diff(phi(t), 2).max()
    assert (bends <= 1e-12) == known.concave
    rises = np.diff(phi(t) / t)
    assert (rises <= 1e-15).all() == (known.ratio != "no")
    if known.ratio == "strictly":
        assert (rises < 0).all()
    assert float(phi(np.array([1e9]))[0] / 1e9) == pytest.approx(known.slope, abs=1e-8)


@pytest.mark.parametrize("name", [n for n in NAMES if rj.activations.activation(n).piecewise_affine])
def test_pieces_are_affine(name):
    phi = rj.activations.activation(name)
    ends = [-9.0, *phi.breakpoints, 9.0]
    for low, high, slope in zip(ends[:-1], ends[1:], phi.slopes, strict=True):
        inside = np.linspace(low, high, 11)[1:-1]
        np.testing.assert_array_equal(phi.derivative(inside), slope)
        np.testing.assert_allclose(np.diff(phi(inside)), slope * np.diff(inside), atol=1e-14)


def test_leaky_relu_takes_a_slope():
    phi = rj.activations.activation("leaky_relu:0.25")
    np.testing.assert_array_equal(phi(np.array([-4.0, 4.0])), [-1.0, 4.0])
    assert rj.activations.activation(phi.spec).slopes == (0.25, 1.0)


def test_register(monkeypatch):
    monkeypatch.setitem(REGISTERED, "cube", None)  # is taken out again at the end
    del REGISTERED["cube"]
    rj.activations.register(rj.Activation("cube", lambda h: h**3, lambda h: 3 * h**2, code=5))
    assert rj.activations.activation("cube").code is None
    with pytest.raises(ValueError, match="taken"):
        rj.activations.register(rj.Activation("cube", np.sin, np.cos))


def test_registered_under_a_name_of_one_s_own(monkeypatch):
    monkeypatch.setitem(REGISTERED, "soft", None)  # is taken out again at the end
    del REGISTERED["soft"]
    rj.activations.register(
        rj.Activation("soft", np.arctan, lambda h: 1 / (1 + h * h), concave=True, lower=-2, upper=2)
    )
    assert rj.activations.activation("soft").facts.declared
    assert rj.activations.activation("soft").facts.concave is True
