import mpmath
import numpy as np
import pytest

from rmtjac.propagation.normal import mean_size, normal_density, normal_mass


def test_density_against_mpmath():
    z = np.array([0.0, 1.3, -7.0, 36.0, 60.0, 1e200])
    with np.errstate(over="ignore"):
        found = normal_density(z)
    expected = [float(mpmath.npdf(mpmath.mpf(float(one)))) for one in z]
    # exp loses as many units as its argument has; beyond |z| = 37 the density counts as 1e-305.
    np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-300)


@pytest.mark.parametrize(
    ("low", "high"),
    [
        (-np.inf, 0.3), (0.3, np.inf), (30.0, np.inf), (-np.inf, -35.0), (1e-20, 2e-20), (-1e-16, 1e-16), (5.0, 5.0001),
        (-8.0, -7.999), (-1.0, 1.0), (0.2, 4.0), (20.0, 20.01), (2.0, 2.0),
    ],
)  # fmt: skip
def test_mass_against_mpmath(low, high):
    with mpmath.workdps(60):
        tails = [mpmath.erfc(mpmath.mpf(float(end)) / mpmath.sqrt(2)) / 2 for end in (low, high)]
        expected = float(tails[0] - tails[1])
    found = normal_mass(np.array([low]), np.array([high]))[0]
    assert found == pytest.approx(expected, rel=2e-13)  # ndtr in the tail has a few units times its argument


@pytest.mark.parametrize(
    ("mean", "std"), [(0.0, 1.0), (1.0, 0.5), (-4.0, 0.1), (1e-30, 1e-30), (3.0, 1e-200), (0.2, 0.0)]
)
def test_mean_size_against_mpmath(mean, std):
    with mpmath.workdps(40):
        m, s = mpmath.mpf(mean), mpmath.mpf(std)
        expected = abs(m)
        if std:
            expected = s * mpmath.sqrt(2 / mpmath.pi) * mpmath.exp(-((m / s) ** 2) / 2) + m * mpmath.erf(
                m / s / mpmath.sqrt(2)
            )
    assert mean_size(np.array([mean]), np.array([std]))[0] == pytest.approx(float(expected), rel=1e-14)
