import math

import numpy as np
import pytest

from rmtjac.theory.counts.determinants import determinants

DRAWS = 100_000


def _drawn(mean, factor, slopes, rng):
    """Plain Monte Carlo: |det|, stable, saddles, index, each with its standard error."""
    z = rng.standard_normal((DRAWS, *mean.shape))
    jacobian = slopes[:, None] * (mean + np.einsum("ijk,nik->nij", factor, z))
    inside = (np.abs(np.linalg.eigvals(jacobian)) < 1.0).sum(axis=1)
    det = np.linalg.det(np.eye(len(mean)) - jacobian)
    columns = np.abs(det)[:, None] * np.column_stack([np.ones(DRAWS), inside == len(mean), inside % len(mean) > 0])
    columns = np.column_stack([columns, det])
    return columns.mean(axis=0), columns.std(axis=0) / math.sqrt(DRAWS)


@pytest.mark.parametrize(
    ("size", "slopes"), [(0.3, (1.0, 1.0)), (1.0, (0.1, 1.3)), (1.0, (1.0, 1.0)), (3.0, (1.0, 0.0)), (3.0, (-0.5, 0.4))]
)
def test_two_by_two_against_draws(size, slopes):
    rng = np.random.default_rng(3)
    mean, factor = 0.5 * size * rng.standard_normal((2, 2)), size * rng.standard_normal((2, 2, 2))
    found = determinants(mean[None], factor[None], np.array([slopes]))
    drawn, error = _drawn(mean, factor, np.array(slopes), rng)
    # Four standard errors, and 1e-3 of the total for the quadrature of one matrix.
    assert np.all(np.abs(np.ravel(found) - drawn) <= 4.0 * error + 1e-3 * found.total)


@pytest.mark.parametrize(
    ("mean", "sd", "slope"), [(0.3, 0.7, 1.0), (-2.0, 1.5, 0.4), (0.9, 1e-3, 1.0), (1.0, 2.0, 0.0)]
)
def test_one_by_one_against_draws(mean, sd, slope):
    rng = np.random.default_rng(4)
    j = slope * (mean + sd * rng.standard_normal(DRAWS))
    found = determinants(np.full((1, 1, 1), mean), np.full((1, 1, 1, 1), sd), np.full((1, 1), slope))
    parts = np.abs(1.0 - j), np.abs(1.0 - j) * (np.abs(j) < 1.0), 0.0 * j, 1.0 - j
    for value, column in zip(found, parts, strict=True):
        assert abs(value[0] - column.mean()) <= 4.0 * column.std() / math.sqrt(DRAWS) + 1e-12


def test_certain_matrices():
    """Without randomness the kinds are those of the eigenvalues, and the expectation is the determinant."""
    rng = np.random.default_rng(5)
    mean = rng.standard_normal((200, 2, 2)) * rng.choice([0.3, 1.0, 3.0], 200)[:, None, None]
    found = determinants(mean, np.zeros((200, 2, 2, 2)), np.ones((200, 2)))
    det = np.linalg.det(np.eye(2) - mean)
    inside = (np.abs(np.linalg.eigvals(mean)) < 1.0).sum(axis=1)
    np.testing.assert_allclose(found.total, np.abs(det), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(found.stable, np.abs(det) * (inside == 2), atol=1e-8)
    np.testing.assert_allclose(found.saddles, np.abs(det) * (inside == 1), atol=1e-8)
    np.testing.assert_allclose(found.repellers, np.abs(det) * (inside == 0), atol=1e-8)


def test_ginibre_in_closed_form():
    """For independent N(0, v) entries E|det J| = v, so that E|det(J - I)| / v tends to 1."""
    found = determinants(np.zeros((1, 2, 2)), 1e6 * np.eye(2)[None, None].repeat(2, 1), np.ones((1, 2)))
    np.testing.assert_allclose(found.total / 1e12, 1.0, rtol=1e-9)


@pytest.mark.parametrize("scale", [1e-300, 1e-30, 1e30, 1e100])
def test_extreme_scales_stay_finite(scale):
    mean, factor = scale * np.ones((1, 2, 2)), scale * np.eye(2)[None, None].repeat(2, 1)
    found = determinants(mean, factor, np.array([[1.0, 0.5]]))
    assert np.isfinite(np.ravel(found)).all()
    if scale < 1.0:
        np.testing.assert_allclose(np.ravel(found), [1.0, 1.0, 0.0, 1.0], atol=1e-9)


def test_options_and_limits():
    mean, factor = np.zeros((2, 2, 2)), np.eye(2)[None, None].repeat(2, 0).repeat(2, 1)
    rough = determinants(mean, factor, np.ones((2, 2)), stable=False)
    assert np.isnan(rough.stable).all()
    assert np.isfinite(rough.saddles).all()
    with pytest.raises(ValueError, match="n=3"):
        determinants(np.zeros((1, 3, 3)), np.zeros((1, 3, 3, 3)), np.ones((1, 3)))
