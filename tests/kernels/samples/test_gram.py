import numpy as np
import pytest

from rmtjac.kernels.samples.gram import gram_eigenvalues, triangular_gram_eigenvalues


@pytest.mark.parametrize("shape", [(1, 1), (5, 5), (7, 3), (3, 7), (120, 80)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_against_numpy(shape, dtype):
    a = np.random.default_rng(0).standard_normal(shape).astype(dtype)
    expected = np.linalg.svd(a.astype(float), compute_uv=False)[::-1] ** 2
    found = gram_eigenvalues(a)
    assert found.dtype == dtype
    # LAPACK: a few eps times the largest eigenvalue
    np.testing.assert_allclose(found, expected, rtol=0, atol=20 * np.finfo(dtype).eps * expected[-1])


@pytest.mark.parametrize("shape", [(0, 0), (0, 4), (4, 0)])
def test_empty(shape):
    assert gram_eigenvalues(np.empty(shape)).size == 0


@pytest.mark.parametrize("n", [1, 2, 50])
def test_triangles(n):
    a = np.triu(np.random.default_rng(0).standard_normal((n, n)))
    expected = np.linalg.svd(a, compute_uv=False)[::-1] ** 2
    np.testing.assert_allclose(triangular_gram_eigenvalues(a.copy()), expected, rtol=0, atol=4e-15 * expected[-1])


def test_nan_is_refused():
    with pytest.raises(ValueError, match="did not converge"):
        gram_eigenvalues(np.full((3, 3), np.nan))
