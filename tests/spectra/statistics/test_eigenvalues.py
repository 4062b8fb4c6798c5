import math

import numpy as np
import pytest

import rmtjac as rj
from tests.spectra.made import spectrum


@pytest.fixture
def small():
    return spectrum([[0.0, 1.0, 4.0], [0.0, 0.0, 9.0]])


def test_by_hand(small):
    np.testing.assert_allclose(small.eigenvalues, [[0, 1, 4], [0, 0, 9]], rtol=1e-14)
    assert small.atom == pytest.approx(0.5)
    assert small.atom_error == pytest.approx(1 / 6)
    assert small.moment(1) == pytest.approx(((5 + 9) / 6, (9 - 5) / 6))
    assert small.moment(2).value == pytest.approx((17 + 81) / 6)
    assert small.quantile(1.0) == pytest.approx((6.5, 2.5))
    assert small.quantile(0.5).value == pytest.approx(0.5)
    assert small.log_moment().value == pytest.approx((math.log(2) + math.log(9)) / 2)
    np.testing.assert_allclose(small.cdf([-1.0, 0.0, 0.99, 1.01, 4.01, 8.9, 9.1]), np.array([0, 3, 3, 4, 5, 5, 6]) / 6)
    assert "atom 0.5" in repr(small)


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_histogram_counts_every_nonzero_eigenvalue(scale):
    emp = rj.sample_spectrum(rj.Ensemble.square(30, 2, "relu"), 20, rng=0)
    histogram = emp.histogram(17, scale, low=1e-30 if scale == "log" else None)
    assert histogram.fraction.sum() == pytest.approx(1.0 - emp.atom, rel=1e-13)
    assert (histogram.density * np.diff(histogram.edges)).sum() == pytest.approx(1.0 - emp.atom, rel=1e-13)
    counts = [np.histogram(row[row > 0], histogram.edges)[0] / 30 for row in emp.eigenvalues]
    np.testing.assert_allclose(histogram.fraction, np.mean(counts, axis=0), atol=1e-14)
    np.testing.assert_allclose(histogram.error, np.std(counts, axis=0, ddof=1) / math.sqrt(20), atol=1e-14)
    assert ((histogram.centers > histogram.edges[:-1]) & (histogram.centers < histogram.edges[1:])).all()
    assert len(histogram.to_pandas()) == 17


def test_histogram_on_given_edges(small):
    histogram = small.histogram([0.5, 2.0, 20.0])
    np.testing.assert_allclose(histogram.fraction, [1 / 6, 2 / 6])


def test_error_is_between_matrices_not_between_eigenvalues():
    # identical matrices: no spread, whatever the number of eigenvalues
    emp = spectrum([[1.0, 2.0, 3.0]] * 5)
    assert emp.moment(1).error == 0.0
    assert (emp.histogram(4).error == 0.0).all()
    one = spectrum([[1.0, 2.0]])
    assert math.isnan(one.moment(1).error)
    assert np.isnan(one.histogram(4).error).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda e: e.moment(0), "k=0"),
        (lambda e: e.quantile(1.5), "p=1.5"),
        (lambda e: e.log_quantile(-0.1), "p=-0.1"),
        (lambda e: e.cdf([0.0, math.nan]), "lam holds NaN"),
        (lambda e: e.histogram(0), "bins=0"),
        (lambda e: e.histogram([1.0, 1.0]), "ascending"),
        (lambda e: e.histogram(5, "cubic"), "scale='cubic'"),
        (lambda e: e.histogram(5, "log", low=0.0), "low=0.0"),
    ],
)
def test_bad_arguments(small, call, message):
    with pytest.raises(ValueError, match=message):
        call(small)


def test_nothing_but_zeros():
    emp = spectrum([[0.0, 0.0], [0.0, 0.0]])
    assert emp.atom == 1.0
    assert emp.moment(1) == (0.0, 0.0)
    with pytest.raises(ValueError, match="all eigenvalues are zero"):
        emp.histogram(5)
    with pytest.raises(ValueError, match="no sample has a nonzero eigenvalue"):
        emp.log_moment()
