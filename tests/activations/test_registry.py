import mpmath as mp
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.activations import registry
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
    assert (phi.concave, phi.ratio, phi.slope_at_infinity) == (FACTS[name][0], FACTS[name][1], FACTS[name][3])
    assert phi.at_zero == pytest.approx(FACTS[name][2], abs=1e-16)
    # The facts themselves, on a grid of the half-line (rounding of second differences: 1e-12).
    t = np.linspace(0.01, 15.0, 3000)  # beyond, softplus(t)/t = 1 + 1e-9 is flat to rounding
    bends = np.diff(phi(t), 2).max()
    assert (bends <= 1e-12) == phi.concave
    rises = np.diff(phi(t) / t)
    assert (rises <= 1e-15).all() == (phi.ratio != "no")
    if phi.ratio == "strictly":
        assert (rises < 0).all()
    assert float(phi(np.array([1e9]))[0] / 1e9) == pytest.approx(phi.slope_at_infinity, abs=1e-8)


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


def test_own_activation_runs_on_the_numpy_path():
    sine = rj.Activation("sine", np.sin, np.cos)
    net = rj.Ensemble.square(6, 2, sine).draw(0)
    x = np.linspace(-1, 1, 6)
    w0, w1 = net.weights
    expected = np.diag(np.cos(w1 @ np.sin(w0 @ x))) @ w1 @ np.diag(np.cos(w0 @ x)) @ w0
    np.testing.assert_allclose(net.jacobian(x), expected, rtol=1e-13)


def test_register(monkeypatch):
    monkeypatch.setattr(registry, "_REGISTRY", dict(registry._REGISTRY))
    rj.activations.register(rj.Activation("cube", lambda h: h**3, lambda h: 3 * h**2, code=5))
    assert rj.activations.activation("cube").code is None
    with pytest.raises(ValueError, match="taken"):
        rj.activations.register(rj.Activation("cube", np.sin, np.cos))


@pytest.mark.parametrize("spec", ["tanhh", "tanh:1", ""])
def test_unknown_name_lists_the_known_ones(spec):
    with pytest.raises(ValueError, match=r"is not known; known: .*hardtanh"):
        rj.activations.activation(spec)


def test_bad_slope():
    with pytest.raises(ValueError, match="the slope must be a finite number"):
        rj.activations.activation("leaky_relu:x")


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
