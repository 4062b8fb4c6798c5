"""What all laws share, against sums in fractions and in numpy."""

import math
from fractions import Fraction

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory import DerivativeLaw, DiscreteLaw, derivative_law

NAMES = rj.activations.names()
POINTS = {0.0: 0.25, 0.5: 0.125, 1.0: 0.5, 4.0: 0.125}  # all floats exact
LAW = DiscreteLaw.from_points(list(POINTS), list(POINTS.values()))


def test_both_sides_of_the_cut():
    for name in NAMES:
        law = derivative_law(rj.activations.activation(name), 0.6)
        u = 1.5 / law.supremum + 0.8j / law.supremum
        assert complex(law.moment_transform(u)) == pytest.approx(
            complex(law.moment_transform(u.conjugate())).conjugate(), rel=1e-14
        )
    assert complex(law.moment_transform(0.0)) == 0.0


def _exact(u):
    """m_K(u) of the points above, in fractions: u = a + ib."""
    a, b = Fraction(u.real), Fraction(u.imag)
    real = imag = Fraction(0)
    for x, w in POINTS.items():
        y = Fraction(x)
        size = (1 - a * y) ** 2 + (b * y) ** 2
        # u y / (1 - u y) = (u y - |u y|^2) / |1 - u y|^2
        real += Fraction(w) * (a * y - (a * a + b * b) * y * y) / size
        imag += Fraction(w) * b * y / size
    return complex(real, imag)


@pytest.mark.parametrize(
    "u", [0.1, -3.0, -1e-300, -1e8, 0.7 - 1e-9j, 0.7 + 1e-9j, 5.0 - 2.0j, 1e-200j, 0.0, 1e6 - 1e3j]
)
def test_the_moment_transform_in_fractions(u):
    want = _exact(complex(u))
    # 1 - u x cancels next to a pole: the rounding of u x, over the distance
    near = min(abs(1 - u * x) for x in POINTS if x)
    assert complex(LAW.moment_transform(u)) == pytest.approx(want, rel=4e-15 * max(1.0, 1.0 / near), abs=1e-320)


def test_shapes():
    u = np.array([[0.1 - 0.2j, -4.0], [2.0 + 1.0j, 0.0]])
    assert LAW.moment_transform(u).shape == (2, 2)
    assert LAW.moment_transform([0.1, 0.2]).shape == (2,)  # a list of numbers
    for part in LAW.log_moment_transform(np.log(0.1) - 1j * np.ones((2, 3))):
        assert part.shape == (2, 3)
    assert LAW.log_potential(np.zeros((3, 1)) - 1j).shape == (3, 1)
    assert LAW.relative_error(np.zeros((2, 2))).tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_the_two_logarithms_and_the_potential():
    u = np.array([0.01 - 0.02j, -0.5 - 1e-3j, 3.0 - 4.0j, -200.0 - 1.0j])
    rest, ratio = LAW.log_moment_transform(np.log(u))
    m = np.array([_exact(complex(x)) for x in u])
    np.testing.assert_allclose(rest, np.log(1.0 + m / 0.75), rtol=1e-13)
    np.testing.assert_allclose(ratio, np.log(m / u), rtol=1e-13)
    want = sum(w * np.log(1.0 - u * x) for x, w in POINTS.items())
    np.testing.assert_allclose(LAW.log_potential(np.log(u)), want, rtol=1e-14)


def test_moments():
    assert [LAW.moment(k) for k in (1, 2, 3)] == [sum(w * x**k for x, w in POINTS.items()) for k in (1, 2, 3)]
    assert LAW.mean == LAW.moment(1)
    assert LAW.mass == 0.75
    assert LAW.atom == 0.25
    assert LAW.mean_log == pytest.approx(0.125 * math.log(0.5) + 0.125 * math.log(4.0), rel=1e-15)
    np.testing.assert_allclose(LAW.spectrum, np.log([[4.0, 4.0], [1.0, 1.0], [0.5, 0.5]]))
    assert (LAW.decay, LAW.resolved, LAW.constant) == (1.0, math.inf, False)


def test_equal_laws():
    again = DiscreteLaw.from_points([4.0, 1.0, 0.5, 0.0], [0.125, 0.5, 0.125, 0.25])
    assert LAW.equals(LAW)
    assert LAW.equals(again)
    tanh, erf = (derivative_law(rj.activations.activation(name), 0.5) for name in ("tanh", "erf"))
    others = [
        DiscreteLaw.from_points([0.0, 1.0], [0.25, 0.75]),
        DiscreteLaw.from_points([0.0, 0.5, 1.0, 4.0], [0.25, 0.125, 0.5 + 1e-13, 0.125 - 1e-13]),
        derivative_law(rj.activations.activation("tanh"), 0.5 + 1e-15),
    ]
    laws = [LAW, tanh, erf, *others]
    for i, one in enumerate(laws):
        assert [one.equals(other) for other in laws] == [i == j for j in range(len(laws))]


def test_the_arrays_are_read_only_and_mpmath_is_left_to_the_kinds():
    with pytest.raises(ValueError, match="read-only"):
        LAW.values[0] = 2.0
    bare = DerivativeLaw(np.ones(1), np.ones(1), 0.0, 1.0, None)
    with pytest.raises(NotImplementedError):
        bare.moment_transform_mp(0.5)
