import numpy as np
import pytest

from rmtjac.kernels.samples.lapack import (
    apply_reflectors,
    qr,
    qr_pivoted,
    singular_values,
    triangular_product,
)


@pytest.mark.parametrize("shape", [(1, 1), (5, 5), (7, 3), (3, 7), (120, 80)])
def test_against_numpy(shape):
    a = np.random.default_rng(0).standard_normal(shape)
    expected = np.linalg.svd(a, compute_uv=False)
    np.testing.assert_allclose(singular_values(a.copy()), expected, rtol=1e-12, atol=1e-14 * expected[0])


@pytest.mark.parametrize("shape", [(0, 0), (0, 4), (4, 0)])
def test_empty(shape):
    assert singular_values(np.empty(shape)).size == 0


def test_diagonal_matrix():
    np.testing.assert_array_equal(singular_values(np.diag([3.0, 0.0, -4.0])), [4.0, 3.0, 0.0])


def test_nan_is_refused():
    with pytest.raises(ValueError, match="did not converge"):
        singular_values(np.full((3, 3), np.nan))


def upper(a, rows):
    return np.triu(a.T)[:rows]


@pytest.mark.parametrize("shape", [(5, 5), (7, 3), (3, 7), (90, 70), (1, 1)])
def test_qr(shape):
    rng = np.random.default_rng(1)
    original = rng.standard_normal(shape)  # C-ordered: its transpose is factored
    for pivoted in (False, True):
        a, order = original.copy(), np.arange(shape[0])
        if pivoted:
            tau, order = qr_pivoted(a)
        else:
            tau = qr(a)
        r = upper(a, tau.size)
        b = np.ascontiguousarray(original)
        apply_reflectors(a, tau, b)  # original @ Q = (Q^T original^T)^T, so R^T with its columns in order
        np.testing.assert_allclose(b[order, : tau.size], r.T, atol=1e-13)
        np.testing.assert_allclose(b[:, tau.size :], 0.0, atol=1e-13)
        if pivoted:
            diagonal = np.abs(np.diag(r))
            assert (diagonal[1:] <= diagonal[:-1] * (1 + 1e-12)).all()


def test_reflectors_are_orthogonal():
    a = np.random.default_rng(2).standard_normal((6, 9))
    tau = qr(a)
    q = np.eye(9)
    apply_reflectors(a, tau, q)
    np.testing.assert_allclose(q @ q.T, np.eye(9), atol=1e-14)


def test_triangular_product():
    rng = np.random.default_rng(3)
    a, b = rng.standard_normal((7, 5)), rng.standard_normal((5, 4))
    expected = np.triu(a.T[:, :5]) @ b
    triangular_product(a, b)
    np.testing.assert_allclose(b, expected, atol=1e-14)


def test_qr_of_nothing():
    assert qr(np.empty((0, 3))).size == 0
    assert qr_pivoted(np.empty((3, 0)))[1].tolist() == [0, 1, 2]
    apply_reflectors(np.empty((0, 3)), np.empty(0), np.empty((2, 3)))
    triangular_product(np.empty((0, 0)), np.empty((0, 4)))
