import numpy as np
import pytest

from rmtjac.kernels.lapack import gram_eigenvalues, singular_values


@pytest.mark.parametrize("shape", [(1, 1), (5, 5), (7, 3), (3, 7), (120, 80)])
def test_against_numpy(shape):
    a = np.random.default_rng(0).standard_normal(shape)
    expected = np.linalg.svd(a, compute_uv=False)
    np.testing.assert_allclose(singular_values(a.copy()), expected, rtol=1e-12, atol=1e-14 * expected[0])
    np.testing.assert_allclose(gram_eigenvalues(a), expected[::-1] ** 2, rtol=1e-9, atol=1e-13 * expected[0] ** 2)


@pytest.mark.parametrize("shape", [(0, 0), (0, 4), (4, 0)])
def test_empty(shape):
    assert singular_values(np.empty(shape)).size == 0
    assert gram_eigenvalues(np.empty(shape)).size == 0


def test_diagonal_matrix():
    np.testing.assert_array_equal(singular_values(np.diag([3.0, 0.0, -4.0])), [4.0, 3.0, 0.0])


def test_nan_is_refused():
    for f in (singular_values, gram_eigenvalues):
        with pytest.raises(ValueError, match="did not converge"):
            f(np.full((3, 3), np.nan))
