import math

import numpy as np
import pytest

from rmtjac.theory import ExtremeLaw, TracyWidom

TW = TracyWidom()


def law(spread=0.05, scale=0.05, upper=True, shift=-0.01, log_edge=0.3):
    return ExtremeLaw(100, log_edge, scale, spread, {"weights": shift}, upper)


@pytest.mark.parametrize("upper", [True, False])
@pytest.mark.parametrize("spread", [0.0, 1e-9, 0.01, 0.0499, 0.0501, 0.3, 30.0 * 0.05])
def test_cdf_is_the_convolution(upper, spread):
    one = law(spread, upper=upper)
    sign = 1.0 if upper else -1.0
    # by the trapezoid rule over the normal variable, which converges geometrically
    z = np.linspace(-12.0, 12.0, 2401)
    weights = 0.01 * np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    for y in (-3.0, -0.5, 0.7, 2.5):  # in standard deviations
        log_lam = one.log_mean + y * one.log_std

        x = (log_lam - one.log_edge - one.shift - spread * z) / one.scale
        expected = float(weights @ (TW.cdf(x) if upper else TW.sf(-x)))
        assert float(one.cdf(math.exp(log_lam))) == pytest.approx(expected, abs=2e-9)
        assert float(one.sf(math.exp(log_lam))) == pytest.approx(1.0 - expected, abs=2e-9)
    assert one.log_mean == pytest.approx(0.29 + sign * 0.05 * TW.mean)


@pytest.mark.parametrize("upper", [True, False])
@pytest.mark.parametrize("spread", [0.0, 0.03, 0.2])
def test_density_quantiles_and_moments(upper, spread):
    one = law(spread, upper=upper)
    low, high = one.log_quantile([1e-13, 1.0 - 1e-13])
    x, w = np.polynomial.legendre.leggauss(300)
    lam = np.exp(0.5 * (low + high) + 0.5 * (high - low) * x)
    w = 0.5 * (high - low) * w * lam * one.pdf(lam)
    np.testing.assert_allclose([w.sum(), w @ lam, w @ (lam - one.mean) ** 2], [1.0, one.mean, one.std**2], rtol=1e-8)
    p = np.array([1e-30, 1e-6, 0.1, 0.5, 0.9, 1.0 - 1e-6])
    np.testing.assert_allclose(one.cdf(one.quantile(p)), p, rtol=1e-8)
    assert one.quantile([0.0, 1.0]).tolist() == [0.0, math.inf]
    a, b = one.interval(0.9)
    assert float(one.cdf(b) - one.cdf(a)) == pytest.approx(0.9, abs=1e-10)
    assert one.probability(math.sqrt(b)) == pytest.approx(0.95, abs=1e-10)


def test_ends():
    one = law()
    assert one.cdf([-1.0, 0.0, math.inf]).tolist() == [0.0, 0.0, 1.0]
    assert one.sf([-1.0, 0.0, math.inf]).tolist() == [1.0, 1.0, 0.0]
    assert one.pdf([-1.0, 0.0, math.inf]).tolist() == [0.0, 0.0, 0.0]
    assert one.probability(0.0) == 0.0
    assert one.cdf(np.ones((2, 3))).shape == (2, 3)
    assert one.cdf([1]).dtype == float


def test_tails_keep_their_digits():
    """Far right the sf is that of the wider variable; it does not stop at 1e-16."""
    one = law(0.0)
    y = 20.0
    assert float(one.sf(math.exp(one.log_edge + one.shift + one.scale * y))) == pytest.approx(float(TW.sf(y)), rel=1e-6)
    assert 0.0 < float(law(0.2).sf(30.0)) < 1e-40


@pytest.mark.parametrize(("log_edge", "scale"), [(-800.0, 0.1), (900.0, 0.1), (0.0, 5.0), (0.0, 1e-12)])
def test_numbers_beyond_floats(log_edge, scale):
    one = law(0.1, scale, log_edge=log_edge)
    assert one.mean >= 0.0
    assert one.std >= 0.0
    assert 0.0 <= one.probability(1.0) <= 1.0
    assert np.isfinite(one.log_quantile([0.1, 0.9])).all()
    assert repr(one)


def test_bad_arguments():
    for call, message in (
        (lambda: law().cdf(math.nan), "NaN"),
        (lambda: law().pdf([1.0, math.nan]), "NaN"),
        (lambda: law().quantile(1.2), "p="),
        (lambda: law().interval(1.0), "p=1.0"),
        (lambda: law().interval(0.0), "p=0.0"),
        (lambda: law().probability(-1.0), "norm=-1.0"),
        (lambda: law().probability(math.inf), "norm=inf"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    with pytest.raises(TypeError, match="norm="):
        law().probability("1")


def test_range():
    assert law().in_range
    assert not law(scale=0.7).in_range
    assert "too small for the expansion" in repr(law(spread=0.9))


@pytest.mark.parametrize("scale", [1e-3, 1e-8, 1e-12, 1e-30, 1e-200])
def test_narrow_laws_keep_the_digits_of_their_deviation(scale):
    # To first order lambda - lambda_+ = lambda_+ (scale xi + spread Z).
    for spread in (0.0, 0.5 * scale, 3.0 * scale):
        want = math.e * math.hypot(scale * TracyWidom().std, spread)
        assert law(spread, scale, shift=0.0, log_edge=1.0).std == pytest.approx(want, rel=10.0 * scale + 1e-9)


def test_ends_of_the_range_of_floats():
    one = law(0.05, 0.1)
    assert np.array_equal(one.pdf([-1.0, 0.0, 5e-324, 1e-310, np.inf]), np.zeros(5))
    assert law(0.1, 1e200, log_edge=1.0).std in (0.0, math.inf)
    for call in (lambda: one.cdf("a"), lambda: one.pdf(1j), lambda: one.sf([[1], [1, 2]])):
        with pytest.raises((TypeError, ValueError), match="lam"):
            call()
    with pytest.raises(TypeError, match="s must be"):
        TracyWidom().cdf("a")
