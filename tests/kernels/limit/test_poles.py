"""The corrections next to the poles: without them the rule is wrong, with them it is right up to the cut."""

import cmath
import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.kernels.limit.moment_transform import log_moment_transform_array, log_potential
from rmtjac.kernels.limit.poles import Column, PanelKind, pole_correction
from rmtjac.theory import derivative_law


def _law(name, q=0.5):
    return derivative_law(rj.activations.activation(name), q)


@pytest.mark.parametrize("angle", [1e-2, 1e-5, 1e-9])
def test_the_jump_across_the_cut_is_the_density_of_d_squared(angle):
    # Im E 1/(1 - u D^2) -> -pi x p(x), x = 1/u, p the density of D^2: for tanh D^2 = sech(h)^4 in closed form.
    law, q = _law("tanh"), 0.5
    for x in (0.05, 0.3, 0.7, 0.95):
        h = math.acosh(x**-0.25)
        slope = 4 * x * math.tanh(h)  # |d D^2 / dh|
        density = 2 * math.exp(-0.5 * h * h / q) / math.sqrt(2 * math.pi * q) / slope
        v = np.array([-math.log(x) - 1j * angle])
        c = log_moment_transform_array(*law.kernel, v)[0][0]
        # the next order in the angle
        assert -c.imag == pytest.approx(math.pi * x * density, rel=20 * angle + 1e-7)


@pytest.mark.parametrize("name", ["tanh", "gelu", "silu", "softsign", "mish"])
def test_derivatives_are_differences(name):
    law = _law(name)
    v = -np.log(np.quantile(law.values, [0.2, 0.5, 0.8])) - 1e-2j
    h = 1e-6
    _, log_c, slope, log_ratio, ratio_slope = log_moment_transform_array(*law.kernel, v)
    _, up, _, up_ratio, _ = log_moment_transform_array(*law.kernel, v + h)
    _, down, _, down_ratio, _ = log_moment_transform_array(*law.kernel, v - h)
    # central differences over 1e-6 at an angle of 1e-2: (1e-4)^2, and rounding 1e-12/1e-6
    np.testing.assert_allclose((up - down) / (2 * h), slope, rtol=3e-6)
    np.testing.assert_allclose((up_ratio - down_ratio) / (2 * h), ratio_slope, rtol=3e-6)
    np.testing.assert_allclose(law.mass * (np.exp(log_c) - 1), np.exp(log_ratio + v), rtol=1e-12)


@pytest.mark.parametrize("name", ["tanh", "gelu", "erf", "softplus"])
def test_the_potential_has_minus_m_as_its_slope(name):
    # d/dv E log(1 - u D^2) = -m_K(u), u = e^v: the two corrections are written independently of each other.
    law = _law(name)
    v = -np.log(np.quantile(law.values, [0.2, 0.5, 0.8])) - 3e-2j
    h = 1e-4
    arrays = law.kernel.values, law.kernel.weights, law.kernel.panels
    difference = (log_potential(*arrays, v + h) - log_potential(*arrays, v - h)) / (2 * h)
    np.testing.assert_allclose(difference, -law.moment_transform(np.exp(v)), rtol=1e-4)  # (h/angle)^2 = 1e-5


def test_no_correction_far_from_the_poles():
    law = _law("tanh")
    total, slope = pole_correction(law.panels, complex(-8.0, -1.0))
    assert total == slope == 0.0
    # and a large one next to them: the bare rule is off by as much
    v = complex(-cmath.log(0.5).real, -1e-5)
    bare = (law.weights / (1 - cmath.exp(v) * law.values)).sum()
    total, _ = pole_correction(law.panels, v)
    assert abs(total) > 1e-3
    assert bare + total == pytest.approx(
        complex(log_moment_transform_array(*law.kernel, np.array([v]))[0][0]), rel=1e-12
    )


def test_kinds_of_panels():
    # log D^2 is monotone on most of the line for tanh; the zero of gelu' makes panels in D itself.
    assert PanelKind.LOG in _law("tanh").panels[:, Column.KIND]
    assert PanelKind.SIGNED in _law("gelu").panels[:, Column.KIND]
    assert PanelKind.SIGNED not in _law("tanh").panels[:, Column.KIND]
