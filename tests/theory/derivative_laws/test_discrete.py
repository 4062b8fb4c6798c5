import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.kernels.limit.moment_transform import log_moment_transform
from rmtjac.theory import DiscreteLaw, derivative_law


@pytest.mark.parametrize(
    ("name", "p"),
    [
        ("linear", 1.0),
        ("relu", 0.5),
        ("hardtanh", math.erf(1 / math.sqrt(1.0))),
        ("relu6", 0.5 * math.erf(6 / math.sqrt(1.0))),
    ],
)
def test_two_point_closed_forms(name, p):
    # q = 1/2, so 1/sqrt(2q) = 1
    law = derivative_law(rj.activations.activation(name), 0.5)
    u = np.array([0.3 - 0.2j, -7.0 + 0j, 40 - 1j, 0.9 + 0j, 2.0 + 1.0j])
    np.testing.assert_allclose(law.moment_transform(u), p * u / (1 - u), rtol=1e-14)
    assert law.atom == pytest.approx(1 - p, abs=1e-15)
    v = np.log(np.where(u.imag > 0, u.conj(), u)) - 0j
    v = v.real - 1j * np.abs(v.imag)
    np.testing.assert_allclose(law.log_potential(v), p * np.log(1 - np.exp(v)), rtol=1e-14)


def test_leaky_relu_has_two_values():
    law = derivative_law(rj.activations.activation("leaky_relu:0.3"), 2.0)
    u = np.array([0.3 - 0.2j, -7.0 + 0j, 40 - 1j])
    np.testing.assert_allclose(law.moment_transform(u), 0.5 * u / (1 - u) + 0.5 * 0.09 * u / (1 - 0.09 * u), rtol=1e-14)
    assert law.atom == 0.0


def test_atom_beside_several_values():
    # slopes 0, 1/2, 1: 1 + m_K = P(D = 0) + sum w / (1 - u x), and c is relative to P(D != 0)
    law = DiscreteLaw.from_points([0.0, 0.25, 1.0], [0.2, 0.3, 0.5])
    u = complex(0.7, -0.4)
    m = 0.3 * 0.25 * u / (1 - 0.25 * u) + 0.5 * u / (1 - u)
    assert complex(law.moment_transform(u)) == pytest.approx(m, rel=1e-14)
    assert log_moment_transform(*law.kernel, np.log(u))[0] == pytest.approx(1 + m / 0.8, rel=1e-14)


def test_user_defined_slopes():
    steps = rj.Activation("steps", lambda h: h, lambda h: h, (0.0, 1.0), (0.0, 2.0, -2.0))
    law = derivative_law(steps, 1.0)
    assert isinstance(law, DiscreteLaw)
    np.testing.assert_allclose([*law.values, *law.weights, law.atom], [4.0, 0.5, 0.5], rtol=1e-15)
    u = 0.1 - 0.05j
    assert complex(law.moment_transform(u)) == pytest.approx(0.5 * 4 * u / (1 - 4 * u), rel=1e-14)


@pytest.mark.parametrize(
    ("values", "weights", "message"),
    [
        ([0.0, 1.0], [0.5, 0.6], "add up to 1"),
        ([1.0, 2.0], [1.0, -0.5], "must be >= 0 and add up to 1"),
        ([1.0, 2.0], [1.0, math.nan], "must be >= 0 and add up to 1"),
        ([1.0, -2.0], [0.5, 0.5], "must be finite and >= 0"),
        ([1.0, math.nan], [1.0, 0.0], "must be finite and >= 0"),
        ([1.0, math.inf], [0.5, 0.5], "must be finite and >= 0"),
        ([1.0, 2.0], [1.0], r"values of shape \(2,\) and weights of shape \(1,\)"),
        ([], [], "not be empty"),
    ],
)
def test_points_that_are_no_law(values, weights, message):
    with pytest.raises(ValueError, match=message):
        DiscreteLaw.from_points(values, weights)


def test_points_in_any_order():
    law = DiscreteLaw.from_points([2, 0, 1, 2], np.array([0.125, 0.5, 0.25, 0.125], dtype=np.float32))
    assert repr(law) == "DiscreteLaw(0: 0.5, 1: 0.25, 2: 0.25)"
    assert (law.atom, law.supremum, law.mean) == (0.5, 2.0, 0.75)
    assert law.equals(DiscreteLaw.from_points([[2, 0], [1, 2]], [[0.125, 0.5], [0.25, 0.125]]))
    assert DiscreteLaw.from_points(2.0, 1.0).constant
    assert DiscreteLaw.from_points([3.0, 1.0], [0.0, 1.0]).supremum == 1.0  # a value of probability 0 is none
