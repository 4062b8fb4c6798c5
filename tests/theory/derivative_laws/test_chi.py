import mpmath as mp
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.theory import DiscreteLaw, derivative_law
from rmtjac.theory.derivative_laws.chi import inverse_moment_transform as chi
from tests.oracles.activations import FUNCTIONS


def _law(name, q=0.5):
    return derivative_law(rj.activations.activation(name), q)


@pytest.mark.parametrize(("name", "q"), [("tanh", 0.5), ("erf", 0.3), ("gelu", 1.0), ("tanh", 5.0)])
def test_chi_is_the_inverse_of_m_k(name, q):
    law = _law(name, q)

    def m_k(u):
        def f(z):
            d = mp.diff(FUNCTIONS[name], mp.sqrt(mp.mpf(q)) * z) ** 2
            return mp.npdf(z) * u * d / (1 - u * d)

        return mp.quad(f, [-10, -4, -2, -1, 0, 1, 2, 4, 10], maxdegree=5)

    with mp.workdps(18):
        for m in (-0.8, -0.1, 0.05, 0.2 + 0.3j, 0.2 - 0.3j, -0.7 + 0.1j, -0.4 - 0.2j):
            u = complex(chi(law, m))
            if isinstance(m, complex):
                assert (u.imag > 0.0) == (m.imag > 0.0)  # m_K maps each half-plane into itself
            assert abs(complex(m_k(mp.mpmathify(u))) - m) < 1e-11 * abs(m)


def test_chi_in_closed_form():
    m = np.array([-0.5, -1e-3, 1e-9, 0.7, 30.0, 0.2 + 0.5j, -2.0 - 3.0j])
    p = _law("hardtanh").mass
    np.testing.assert_allclose(chi(_law("hardtanh"), m), m / (m + p), rtol=1e-14)
    assert chi(_law("tanh"), 0.0) == 0.0
    # Three values of D^2: u = chi solves a quadratic, here by numpy.
    law = DiscreteLaw.from_points([0.0, 0.5, 2.0], [0.2, 0.3, 0.5])
    for m in (-0.7, -0.01, 0.4, 50.0, 0.3 + 0.2j, -0.5 - 0.4j):
        u = complex(chi(law, m))
        assert abs(0.3 * 0.5 * u / (1 - 0.5 * u) + 0.5 * 2 * u / (1 - 2 * u) - m) < 1e-12 * max(abs(m), 1.0)
        if m == m.real:
            assert u.real < 0.5  # the branch through 0, below the first pole


def test_bad_input():
    with pytest.raises(ValueError, match="must lie above"):
        chi(_law("gelu"), 1e9)
    with pytest.raises(ArithmeticError, match="beyond a branch point"):
        chi(_law("gelu"), -1.3 - 0.4j)  # m_K leaves this part of the half-plane free
    with pytest.raises(ValueError, match="must not be"):
        chi(DiscreteLaw.from_points([0.0, 1.0], [0.5, 0.5]), -0.5)
