"""The symmetric stable law against series in mpmath, closed forms, SciPy where it is right, and sampled networks."""

import math

import mpmath as mp
import numpy as np
import pytest
from scipy import stats

from rmtjac.propagation.stable_law import StableLaw, stable_law, stable_moment

# At 1.6 zeros of the moments lie on a contour and on a pole.
ALPHAS = (0.1, 0.3, 0.5, 0.7, 0.99, 1.01, 1.3, 1.5, 1.6, 1.9, 1.99)


def small_series(alpha, x, power):
    """sum (-1)^k Gamma((2k+1)/alpha) x^(2k) / (2k)! / (pi alpha), converges for alpha > 1; also integrated from 0."""
    with mp.workdps(120):
        a, x, total = mp.mpf(alpha), mp.mpf(x), mp.mpf(0)
        for k in range(600):
            term = (-1) ** k * mp.gamma((2 * k + 1) / a) / mp.factorial(2 * k) * x ** (2 * k)
            total += term * (x / (2 * k + 1)) ** power
            if k > 10 and abs(term) < mp.mpf(10) ** -40:
                return total / (mp.pi * a)
    raise AssertionError("the series needs more terms")


def large_series(alpha, x, power):
    """sum (-1)^(k+1) Gamma(k alpha + 1) sin(k pi alpha / 2) x^(-k alpha - 1) / k! / pi, converges for alpha < 1."""
    with mp.workdps(120):
        a, x, total = mp.mpf(alpha), mp.mpf(x), mp.mpf(0)
        for k in range(1, 1500):
            size = mp.gamma(k * a + 1) / mp.factorial(k) * x ** (-k * a - 1)
            total += (-1) ** (k + 1) * mp.sin(k * mp.pi * a / 2) * size * (x / (k * a)) ** power
            if k > 10 and size < mp.mpf(10) ** -40 * abs(total):
                return total / mp.pi
    raise AssertionError("the series needs more terms")


def rotated_integral(alpha, x):
    """(1/pi) Re int e^{-t^alpha + i x t} dt along a ray on which both factors decay."""
    with mp.workdps(25):
        a, x = mp.mpf(alpha), mp.mpf(x)
        ray = mp.expj(mp.pi / (4 * max(1, a)))
        end = min(mp.log(90) / a + 1, mp.log(120 / x))
        nodes = mp.linspace(-60, end, 60)
        return (
            mp.quad(lambda u: mp.re(ray * mp.exp(u - (mp.exp(u) * ray) ** a + 1j * x * ray * mp.exp(u))), nodes) / mp.pi
        )


def points(alpha):
    """Points where the series converges in few terms."""
    return (0.5, 2.0, 40.0, 1e5, 1e60) if alpha < 1.0 else (1e-9, 0.02, 0.6, 1.9)


@pytest.mark.parametrize("alpha", ALPHAS)
def test_density_and_masses_against_series(alpha):
    """1e-13: gamma functions and Horner sums of some 400 terms lose a factor 100 of rounding (measured 2e-14)."""
    law, series = stable_law(alpha), large_series if alpha < 1.0 else small_series
    for x in points(alpha):
        if (alpha == 0.99 and x < 1.0) or (alpha == 1.01 and x > 1.0):
            continue  # the series needs too many terms
        assert float(law.density(x)) == pytest.approx(float(series(alpha, x, 0)), rel=1e-13, abs=0.0)
        inside, outside = law.masses(np.log([x]))
        expected = 2.0 * float(series(alpha, x, 1))
        assert (outside if alpha < 1.0 else inside)[0] == pytest.approx(expected, rel=1e-13, abs=0.0)


@pytest.mark.parametrize(("alpha", "x"), [(0.1, 1e-6), (0.7, 0.05), (0.99, 0.1), (1.01, 9.0), (1.5, 30.0), (1.9, 12.0)])
def test_density_against_an_integral_along_a_ray(alpha, x):
    # where no series converges fast; mpmath with 25 digits
    assert float(stable_law(alpha).density(x)) == pytest.approx(float(rotated_integral(alpha, x)), rel=1e-13, abs=0.0)


@pytest.mark.parametrize("alpha", [0.1, 0.5, 1.2, 1.99])
def test_the_power_laws_at_both_ends(alpha):
    law = stable_law(alpha)
    at_zero = math.gamma(1.0 + 1.0 / alpha) / math.pi
    assert float(law.density(0.0)) == pytest.approx(at_zero, rel=1e-14)
    assert float(law.density(1e-290)) == pytest.approx(at_zero, rel=1e-12)
    # the next term is smaller by x^-alpha
    y = 60.0 / alpha
    tail = 2.0 / math.pi * math.gamma(alpha) * math.sin(0.5 * math.pi * alpha)
    assert law.masses(np.array([y]))[1][0] == pytest.approx(tail * math.exp(-60.0), rel=1e-12, abs=0.0)
    assert law.log_scale_density(np.array([y]))[0] == pytest.approx(alpha * tail * math.exp(-60.0), rel=1e-12, abs=0.0)


def test_closed_forms():
    x = np.array([-1e150, -3.0, -1e-3, 0.0, 0.4, 25.0, 1e150])
    assert stable_law(1.0).density(x[1:-1]) == pytest.approx(stats.cauchy.pdf(x[1:-1]), rel=1e-15)
    assert stable_law(1.0).cdf(x) == pytest.approx(stats.cauchy.cdf(x), rel=1e-14)
    assert stable_law(2.0).density(x[1:]) == pytest.approx(stats.norm.pdf(x[1:], scale=math.sqrt(2.0)), rel=1e-13)
    assert stable_law(2.0).cdf(x) == pytest.approx(stats.norm.cdf(x, scale=math.sqrt(2.0)), rel=1e-13)


def test_the_general_form_at_an_index_with_a_closed_form():
    """The contours themselves at alpha = 1, whose closed form the law would take; up to 1e300 in the tail."""
    law, y = StableLaw(1.0), np.array([-690.0, -30.0, -1.0, 0.0, 1.0, 30.0, 690.0])
    closed, masses = law.log_scale_density(y), law.masses(y)
    law.__init__(1.0 + 2.0**-52)  # type: ignore[misc]
    # the index differs by 2e-16, the exponent of the tail thus by 690 times that
    assert law.log_scale_density(y) == pytest.approx(closed, rel=1e-12, abs=0.0)
    for got, expected in zip(law.masses(y), masses, strict=True):
        assert got == pytest.approx(expected, rel=1e-12, abs=0.0)


@pytest.mark.parametrize("alpha", [0.3, 0.7, 1.3, 1.8])
def test_cdf_against_scipy(alpha):
    # SciPy integrates to 1e-8 or so, away from 0 and from alpha = 1
    x = np.array([-20.0, -1.5, -0.3, 0.2, 1.0, 8.0])
    assert stable_law(alpha).cdf(x) == pytest.approx(stats.levy_stable.cdf(x, alpha, 0.0), rel=1e-7)


@pytest.mark.parametrize("alpha", [0.05, 0.5, 1.0, 1.5, 1.99, 2.0])
def test_edges_of_the_floats(alpha):
    law = stable_law(alpha)
    x = np.array([-math.inf, -1.7e308, -5e-324, 0.0, 5e-324, 1.7e308, math.inf, math.nan])
    density, cdf = law.density(x), law.cdf(x)
    assert np.isfinite(density[:-1]).all()
    assert (density[:-1] >= 0.0).all()
    assert np.isnan(density[-1])
    assert np.isnan(cdf[-1])
    assert cdf[[0, 3, 6]].tolist() == [0.0, 0.5, 1.0]
    assert (np.diff(cdf[:-1]) >= 0.0).all()


@pytest.mark.parametrize("alpha", [0.1, 0.99, 1.5, 1.99])
def test_masses_rise_and_fall_without_steps_between_the_contours(alpha):
    y = np.linspace(-40.0, 40.0, 3001) / min(1.0, alpha)
    inside, outside = stable_law(alpha).masses(y)
    # relative noise of 1e-13 at most, where the law hardly changes from point to point
    assert (np.diff(inside) >= -1e-13 * inside[1:]).all()
    assert (np.diff(outside) <= 1e-13 * outside[1:]).all()


@pytest.mark.parametrize(("alpha", "power"), [(0.4, 0.3), (1.0, 0.5), (1.5, 1.2), (1.9, 1.0), (2.0, 2.5)])
def test_moments(alpha, power):
    if alpha == 1.0:
        expected = 1.0 / math.cos(0.5 * math.pi * power)
    elif alpha == 2.0:
        expected = 2.0**power * math.gamma(0.5 + 0.5 * power) / math.sqrt(math.pi)
    else:
        # E|X|^r = r C int (1 - Re E e^{itX}) t^(-1-r) dt for r < alpha < 2 by parts, with 1/C = Gamma(1-r) cos(pi r/2)
        r, a = mp.mpf(power), mp.mpf(alpha)
        constant = mp.gamma(1 + r) * mp.sin(mp.pi * r / 2) / mp.pi
        expected = float(2 * constant * mp.gamma(1 - r / a) / r)
    assert stable_moment(alpha, power) == pytest.approx(expected, rel=1e-13)
    assert alpha == 2.0 or stable_moment(alpha, alpha) == math.inf


@pytest.mark.parametrize(("alpha", "power"), [(0.2, 0.1), (1.0, 0.4), (1.6, 1.5)])
def test_moments_of_the_tail(alpha, power):
    # int_y^inf e^{r u} p(u) du, the tail of p in two terms: the third is smaller by e^{-2 alpha y}
    y = 18.0 / alpha
    terms = [
        2.0 * math.gamma(k * alpha + 1.0) * math.sin(0.5 * math.pi * k * alpha) / math.pi / math.factorial(k)
        * (-1.0) ** (k + 1) * math.exp((power - k * alpha) * y) / (k * alpha - power)
        for k in (1, 2)
    ]  # fmt: skip
    assert stable_law(alpha).tail_moment(y, power) == pytest.approx(sum(terms), rel=1e-13, abs=0.0)


@pytest.mark.parametrize("alpha", [0.0, -1.0, 2.1, math.nan, math.inf])
def test_an_index_that_does_not_exist(alpha):
    with pytest.raises(ValueError, match=r"alpha=.*must"):
        stable_law(alpha)
