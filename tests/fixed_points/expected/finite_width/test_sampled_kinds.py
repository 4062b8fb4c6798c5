"""Kinds of fixed points by the signs of determinants, against eigenvalues."""

import numpy as np
import pytest

from rmtjac.fixed_points.expected.finite_width.sampled_kinds import kind_weights


def _by_eigenvalues(matrix):
    values = np.linalg.eigvals(matrix)
    inside = (np.abs(values) < 1).sum()
    kind = 0 if inside == len(matrix) else 1 if inside else 2
    det = np.linalg.det(np.eye(len(matrix)) - matrix)
    out = np.zeros(4)
    out[kind], out[3] = abs(det), det
    return out


@pytest.mark.parametrize("size", [0.3, 1.0, 3.0])
@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_against_eigenvalues(n, size):
    rng = np.random.default_rng(n)
    matrices = size * rng.standard_normal((n, n, 300))
    log_rows = rng.uniform(-1, 1, (n, 300))
    weights, unit = kind_weights(matrices, log_rows)
    scaled = matrices * np.exp(log_rows)[:, None, :]
    expected = np.stack([_by_eigenvalues(scaled[:, :, p]) for p in range(300)], axis=1)
    np.testing.assert_allclose(weights * np.exp(unit), expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(weights[:3].sum(axis=0), np.abs(weights[3]))


@pytest.mark.parametrize("n", [1, 2, 3])
def test_rows_beyond_the_range_of_a_float(n):
    rng = np.random.default_rng(0)
    matrices = rng.standard_normal((n, n, 50))
    weights, unit = kind_weights(matrices, np.full((n, 50), 900.0))
    assert np.isfinite(weights).all()
    assert not weights[:2].any()  # all eigenvalues are far outside
    det = np.abs(np.linalg.det(np.moveaxis(matrices, 2, 0)))
    np.testing.assert_allclose(np.log(weights[2]) + unit, n * 900.0 + np.log(det), rtol=1e-12)


def test_saturated_rows_are_stable():
    weights, unit = kind_weights(np.ones((2, 2, 1)), np.full((2, 1), -np.inf))
    np.testing.assert_array_equal(weights[:, 0], [1.0, 0.0, 0.0, 1.0])
    assert unit[0] == 0.0


def test_one_saturated_row_leaves_the_slope_of_the_other():
    rows = np.array([[[0.5, 1.5, -1.5]] * 2, [[7.0] * 3] * 2])
    weights, unit = kind_weights(rows, np.stack([np.zeros(3), np.full(3, -np.inf)]))
    np.testing.assert_allclose(weights * np.exp(unit), [[0.5, 0, 0], [0, 0.5, 2.5], [0, 0, 0], [0.5, -0.5, 2.5]])
