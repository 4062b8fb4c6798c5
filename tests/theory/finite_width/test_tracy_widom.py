import math

import numpy as np
import pytest

from rmtjac.theory import TracyWidom

REAL, COMPLEX = TracyWidom(1), TracyWidom(2)


def test_published_moments():
    # Bornemann, On the numerical evaluation of distributions in random matrix theory, table 10
    assert REAL.mean == pytest.approx(-1.2065335745820, abs=1e-11)
    assert REAL.variance == pytest.approx(1.607781034581, abs=1e-11)
    assert REAL.skewness == pytest.approx(0.29346452408, abs=1e-10)
    assert REAL.excess_kurtosis == pytest.approx(0.1652429384, abs=1e-9)
    assert COMPLEX.mean == pytest.approx(-1.771086807411, abs=1e-11)
    assert COMPLEX.variance == pytest.approx(0.8131947928329, abs=1e-11)
    assert COMPLEX.skewness == pytest.approx(0.224084203610, abs=1e-9)
    assert COMPLEX.excess_kurtosis == pytest.approx(0.0934480876, abs=1e-9)


def test_published_values():
    assert float(COMPLEX.cdf(-2.0)) == pytest.approx(0.41322414250512257485, abs=1e-13)  # Bornemann
    # tables of Bejan (2005) and Johnstone (2001), rounded
    known = [-3.8954, -3.1804, -1.2686, 0.9793, 2.0234]
    np.testing.assert_allclose(REAL.quantile([0.01, 0.05, 0.5, 0.95, 0.99]), known, atol=1.1e-4)


def test_right_tail_is_the_trace():
    """1 - F_1(s) = tr B_s (1 + ...) for large s, with tr B_s the integral of Ai(2x + s)."""
    import mpmath as mp

    for s in (15.0, 30.0, 55.0):
        trace = mp.quad(lambda x, s=s: mp.airyai(2.0 * x + s), mp.linspace(0.0, 4.0, 33))
        assert float(REAL.sf(s)) == pytest.approx(float(trace), rel=1e-10)
    assert REAL.sf([120.0, 1e300, math.inf]).tolist() == [0.0, 0.0, 0.0]


def test_left_tail():
    """Tracy and Widom: F_2(s) ~ c e^(-|s|^3/12) |s|^(-1/8), and F_1^2 = F_2 e^(-integral of q), q ~ sqrt(|s|/2)."""
    s = np.array([-7.0001, -6.9999])
    for law in (REAL, COMPLEX):
        a, b = law.log_cdf(s)
        slope = float(law.pdf(-7.0) / law.cdf(-7.0))
        assert b - a == pytest.approx(2e-4 * slope, abs=2e-7)  # no jump between the two methods
    x = 50.0
    assert float(COMPLEX.log_cdf(-x)) == pytest.approx(-(x**3) / 12 - math.log(x) / 8 - 0.1365, abs=1e-3)
    assert REAL.cdf([-math.inf, math.inf]).tolist() == [0.0, 1.0]
    assert REAL.pdf([-math.inf, math.inf]).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("law", [REAL, COMPLEX])
def test_cdf_pdf_and_quantile_belong_together(law):
    s = np.array([-20.0, -8.0, -5.0, -4.5, -3.0, -1.0, 0.0, 2.0, 5.0, 9.0, 14.5])
    h = 1e-5
    slopes = (law.cdf(s + h) - law.cdf(s - h)) / (2.0 * h)
    np.testing.assert_allclose(law.pdf(s), slopes, rtol=1e-4, atol=1e-11)
    np.testing.assert_allclose(law.cdf(s) + law.sf(s), 1.0, atol=1e-15)
    p = np.array([1e-200, 1e-12, 0.3, 0.5, 0.999, 1.0 - 1e-12])
    q = law.quantile(p)
    np.testing.assert_allclose(law.log_cdf(q[:4]), np.log(p[:4]), rtol=1e-10)
    np.testing.assert_allclose(law.sf(q[4:]), 1.0 - p[4:], rtol=1e-9)
    assert law.quantile([0.0, 1.0]).tolist() == [-math.inf, math.inf]


def test_against_tridiagonal_matrices():
    """The largest eigenvalue of the Gaussian orthogonal ensemble, by its tridiagonal form (Dumitriu and Edelman)."""
    from scipy.linalg import eigh_tridiagonal

    rng, n, draws = np.random.default_rng(1), 1000, 400
    keep = 120  # the top eigenvector is concentrated in the first rows, some n^(1/3) of them
    found = []
    for _ in range(draws):
        off = np.sqrt(rng.chisquare(n - 1.0 - np.arange(keep - 1)))
        found.append(eigh_tridiagonal(math.sqrt(2.0) * rng.standard_normal(keep), off, select="i",
                                      select_range=(keep - 1, keep - 1))[0][0])  # fmt: skip
    x = (np.array(found) - 2.0 * math.sqrt(n)) * n ** (1 / 6)
    assert abs(x.mean() - REAL.mean) < 4.0 * REAL.std / math.sqrt(draws)
    assert abs(x.std() / REAL.std - 1.0) < 4.0 / math.sqrt(2.0 * draws)


@pytest.mark.parametrize("beta", [0, 4, 1.5, True, "1"])
def test_bad_beta(beta):
    with pytest.raises(ValueError, match="beta="):
        TracyWidom(beta)


def test_bad_points():
    for call in (REAL.cdf, REAL.sf, REAL.pdf, REAL.log_cdf):
        with pytest.raises(ValueError, match="NaN"):
            call([0.0, math.nan])
    with pytest.raises(ValueError, match="p="):
        REAL.quantile(1.5)
