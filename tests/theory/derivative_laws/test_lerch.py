"""The public Lerch transcendent against Arb, its series and its recurrence."""

import mpmath as mp
import numpy as np
import pytest

from rmtjac.theory import lerch_phi


def _ball(z, a):
    """Phi by Arb, z and a taken exactly."""
    from flint import acb, arb

    ball = acb(arb(z.real), arb(z.imag)).lerch_phi(acb(1) / 2, acb(arb(a)))
    return mp.mpc(*(mp.mpf(part.mid().str(60, radius=False)) for part in (ball.real, ball.imag)))


def _plane(count, largest):
    """Points on both sides of the cut, a tenth of them next to it, a quarter next to z = 1."""
    rng = np.random.default_rng(1)
    a = np.exp(rng.uniform(np.log(0.05), np.log(40), count))
    size = np.exp(rng.uniform(np.log(1e-3), np.log(largest), count))
    angle = rng.choice([-1, 1], count) * np.exp(rng.uniform(np.log(1e-10), np.log(np.pi), count))
    z = size * np.exp(1j * angle)
    z[::4] = 1.0 + 10.0 ** rng.uniform(-14, -1, z[::4].size) * np.exp(1j * rng.uniform(-3, 3, z[::4].size))
    return z, a


def test_against_arb():
    flint = pytest.importorskip("flint")
    z, a = _plane(200, 1e6)
    with flint.ctx.workprec(256):
        exact = np.array([complex(_ball(complex(x), y)) for x, y in zip(z, a, strict=True)])
    error = np.abs(lerch_phi(z, 0.5, a) / exact - 1.0)
    # the quarter next to z = 1 has |1 - z| down to 1e-14: Phi ~ (pi / (1 - z))^(1/2), nothing may be lost in log z
    assert error[::4].max() < 2e-15
    assert error.max() < 4e-14
    assert np.median(error) < 1e-15


@pytest.mark.parametrize("digits", [15, 40])
def test_any_number_of_digits_against_arb(digits):
    flint = pytest.importorskip("flint")
    z, a = _plane(24, 1e14)
    for x, y, value in zip(z, a, lerch_phi(z, 0.5, a, digits=digits), strict=True):
        with flint.ctx.workprec(400), mp.workdps(60):
            exact = _ball(complex(x), y)
            assert abs(value / exact - 1) < mp.mpf(10) ** -digits


def test_far_out():
    # more and more poles come close to the axis; for a next to 1 they are as large as the rest
    rng = np.random.default_rng(3)
    z = np.exp(rng.uniform(10, 640, 60) - 1j * np.exp(rng.uniform(-18, 1.14, 60)))
    a = np.concatenate([np.geomspace(1e-4, 1, 30), np.linspace(1, 1.2, 15), np.geomspace(1, 40, 15)])
    exact = lerch_phi(z, 0.5, a, digits=20).astype(complex)
    assert np.abs(lerch_phi(z, 0.5, a) / exact - 1.0).max() < 4e-13


def test_public_function_broadcasts_and_refuses():
    out = lerch_phi([[0.0], [0.5]], 0.5, [1.0, 4.0])
    assert out.shape == (2, 2)
    np.testing.assert_allclose(out[0], [1.0, 0.5])
    with pytest.raises(ValueError, match=r"s=1.0 must be 0.5; .* python-flint's acb.lerch_phi proves its error"):
        lerch_phi(0.0, 1.0, 1.0)
    assert lerch_phi(2.0, 0.5, 1.3, digits=30)[()].imag < 0  # from below, too


@pytest.mark.parametrize("digits", [None, 20])
def test_no_entry_disturbs_another(digits):
    # zeta(1/2, a) diverges at z = 1; a term is infinite at a = 0, -1, ...; the limit at infinity is 0
    z = [1.0, 1.0, 0.5, 0.5, 0.5, 0.0, 0.0, np.nan, 0.5, np.inf, complex(0.0, -np.inf), 3.0, np.inf, 0.5, 0.0]
    a = [0.5, -0.5, 0.0, -3.0, -1e5, 0.0, -4.0, 1.0, np.nan, 0.7, 0.7, np.inf, -0.5, -np.inf, 4.0]
    inf, nan = complex(np.inf, 0.0), complex(np.nan, np.nan)
    want = [inf, inf, inf, inf, nan, inf, -0.5j, nan, nan, 0.0, 0.0, 0.0, nan, nan, 0.5]
    out = lerch_phi(z, 0.5, a, digits=digits).astype(complex)
    np.testing.assert_array_equal(out, want)


def _sum(z, a, terms=400):
    """The series, |z| <= 1/2: 400 terms leave 1e-120."""
    return complex(sum(mp.mpc(z) ** n / mp.sqrt(mp.mpc(n + mp.mpf(a))) for n in range(terms)))


@pytest.mark.parametrize("a", [-0.5, -2.25, -7.3, -30.1, 5e-324, 1e-300, 1e-8, 1e-5, 9.9e-5, 1e-3, 1e5, 1e300])
@pytest.mark.parametrize("z", [0.5, -0.5, 0.3 + 0.4j, 0.3 - 0.4j, 1e-300])
def test_any_real_a(a, z):
    # rounding: |a| up to 1e300 once sent the grid of the rule away, or made it endless
    with mp.workdps(40):
        want = _sum(z, a)
    assert abs(lerch_phi(z, 0.5, a)[()] / want - 1.0) < 4e-15
    assert abs(complex(lerch_phi(z, 0.5, a, digits=25)[()]) / want - 1.0) < 4e-16


@pytest.mark.parametrize(
    ("z", "a"), [(3 - 1j, -1.5), (3 + 1j, -0.25), (-40 + 0j, -3.75), (2e3j, -6.125), (7 + 0j, -2.5)]
)
def test_negative_a_beyond_the_unit_disk(z, a):
    # Phi(z, s, a) = a^-s + z Phi(z, s, a + 1), from an a > 0 that the tests against Arb cover, in 40 digits
    with mp.workdps(40):
        want, x = lerch_phi(z, 0.5, a + 7.0, digits=40)[()], mp.mpc(z)
        for n in reversed(range(7)):
            want = 1 / mp.sqrt(mp.mpc(mp.mpf(a) + n)) + x * want
    assert abs(lerch_phi(z, 0.5, a)[()] / complex(want) - 1.0) < 4e-15
