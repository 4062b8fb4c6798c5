import mpmath as mp
import numpy as np
import pytest

from rmtjac.kernels.limit.lerch import lerch_half


def _reference(z, a):
    """The defining integral in 30 digits, split where the integrand is steep."""
    with mp.workdps(30):
        z, a = mp.mpc(z), mp.mpf(a)

        def f(t):
            return mp.exp(-a * t * t) / (1 - z * mp.exp(-t * t))

        steep = abs(mp.re(mp.sqrt(mp.log(z))))
        points = sorted({mp.mpf(0), steep, mp.mpf(1), mp.mpf(3), mp.sqrt(max(mp.re(mp.log(z)), 0) + 80 / a)})
        return complex(2 * mp.quad(f, points, maxdegree=9) / mp.sqrt(mp.pi))


def _points():
    rng = np.random.default_rng(0)
    a = np.exp(rng.uniform(np.log(0.05), np.log(40), 40))
    size = np.exp(rng.uniform(-4, 14, 40))
    angle = -np.exp(rng.uniform(np.log(1e-2), np.log(3.14), 40))
    return [(complex(r * np.cos(t), r * np.sin(t)), x) for r, t, x in zip(size, angle, a, strict=True)]


@pytest.mark.parametrize(("z", "a"), _points())
def test_against_the_integral(z, a):
    # 4e-14 is the error of the scheme (docs/theory/lerch.md)
    assert lerch_half(z, a)[0] == pytest.approx(_reference(z, a), rel=4e-14)
    assert lerch_half(z.conjugate(), a)[0] == pytest.approx(_reference(z, a).conjugate(), rel=4e-14)


@pytest.mark.parametrize(
    ("z", "a"), [(0.5 - 0.3j, 0.6), (3 - 0.2j, 1.6), (1e4 - 2e3j, 2.0), (-5 + 0j, 0.7), (0.9 + 0j, 0.64)]
)
def test_derivative(z, a):
    # z dPhi/dz along the ray, by a central difference of step 1e-5: error 1e-10
    h = 1e-5
    numeric = (lerch_half(z * (1 + h), a)[0] - lerch_half(z * (1 - h), a)[0]) / (2 * h)
    assert lerch_half(z, a)[1] == pytest.approx(numeric, rel=1e-8)
    assert lerch_half.py_func(z, a) == pytest.approx(lerch_half(z, a), rel=1e-14)


@pytest.mark.parametrize("a", [0.05, 0.7, 3.0, 40.0])
def test_series_and_recurrence(a):
    # |z| = .5: 60 terms leave 1e-18
    n = np.arange(60)
    z = 0.5 * np.exp(-0.3j)
    assert lerch_half(z, a)[0] == pytest.approx(complex(np.sum(z**n / np.sqrt(n + a))), rel=1e-14)
    # Phi(z, s, a) = z Phi(z, s, a + 1) + a^-s, everywhere
    for z in (2 - 1e-9j, 1e6 - 1j, 1 - 1e-7j, -30 + 0j):
        assert lerch_half(z, a)[0] == pytest.approx(z * lerch_half(z, a + 1)[0] + a**-0.5, rel=2e-12)


def test_on_the_cut_the_value_is_the_one_from_below():
    for z in (1.5, 7.0, 1e5):
        assert lerch_half(complex(z), 1.3)[0] == pytest.approx(lerch_half(complex(z, -1e-12 * z), 1.3)[0], rel=1e-10)
        with mp.workdps(20):
            assert lerch_half(complex(z), 1.3)[0] == pytest.approx(complex(mp.lerchphi(z, 0.5, 1.3)), rel=1e-12)
