import numpy as np
import pytest

from rmtjac.spectra.largest.hidden_matrix import GivenMatrix, HiddenGaussian


@pytest.mark.parametrize("shape", [(5, 4), (1, 3), (3, 1), (1, 1)])
def test_all_products_belong_to_one_matrix(shape):
    rows, columns = shape
    rng = np.random.default_rng(0)
    hidden = HiddenGaussian(np.random.default_rng(1), rows, columns, 0.7)
    xs, ys, products, pulls = [], [], [], []
    for _ in range(2 * max(shape) + 2):  # more than the dimension
        xs.append(rng.standard_normal(columns))
        products.append(hidden.times(xs[-1]))
        ys.append(rng.standard_normal(rows))
        pulls.append(hidden.transposed_times(ys[-1]))
    w = np.array([hidden.times(e) for e in np.eye(columns)]).T
    for x, product in zip(xs, products, strict=True):
        np.testing.assert_allclose(w @ x, product, atol=1e-12)
    for y, pull in zip(ys, pulls, strict=True):
        np.testing.assert_allclose(w.T @ y, pull, atol=1e-12)
    np.testing.assert_array_equal(hidden.times(np.zeros(columns)), np.zeros(rows))


def test_entries_are_independent_and_normal():
    """Whatever was asked before, entries of the matrix have the law of independent normal numbers."""
    rng = np.random.default_rng(2)
    found = []
    for _ in range(4000):
        hidden = HiddenGaussian(rng, 3, 2, 1.0)
        y = hidden.times(np.array([0.6, 0.8]))
        hidden.transposed_times(np.tanh(y))  # depends on what came before
        found.append(np.concatenate([hidden.times(np.array([1.0, 0.0])), hidden.times(np.array([0.0, 1.0]))]))
    covariance = np.cov(np.array(found).T)
    np.testing.assert_allclose(covariance, np.eye(6), atol=4.0 * np.sqrt(2.0 / 4000))
    fourth = np.mean(np.array(found) ** 4, axis=0)
    np.testing.assert_allclose(fourth, 3.0, atol=4.0 * np.sqrt(96.0 / 4000))


def test_a_given_matrix():
    w = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(GivenMatrix(w).times(np.ones(3)), w.sum(axis=1))
    np.testing.assert_array_equal(GivenMatrix(w).transposed_times(np.ones(2)), w.sum(axis=0))
