from fractions import Fraction

import mpmath
import numpy as np
import pytest

from rmtjac.fixed_points.certified.definite import least_eigenvalue, norm_bound


def _norm(matrix):
    """Spectral norm with 40 digits."""
    with mpmath.workdps(40):
        a = mpmath.matrix(matrix.tolist())
        return mpmath.sqrt(max(mpmath.eigsy(a.T * a, eigvals_only=True)))


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (5, 5), (12, 9), (20, 20)])
@pytest.mark.parametrize("scale", [1e-300, 1e-5, 1.0, 1e200])
def test_the_bound_holds_and_is_tight(shape, scale):
    matrix = np.random.default_rng(shape[0]).standard_normal(shape) * scale
    true, bound = _norm(matrix), norm_bound(matrix)
    assert bound >= true
    # The slack is of the order n^3 units.
    assert bound <= true * (1 + 1e-10)


@pytest.mark.parametrize("shape", [(3, 5), (40, 40), (60, 20)])
def test_bounds_of_larger_matrices_against_their_singular_values(shape):
    rng = np.random.default_rng(1)
    for scale in (1e-300, 1e-3, 1.0, 1e200):
        matrix = rng.normal(size=shape) * scale
        exact = np.linalg.svd(matrix / scale, compute_uv=False)[0] * scale
        # LAPACK is right to n units; the slack is of the order n^3 units.
        assert exact * (1.0 - 1e-14) <= norm_bound(matrix) <= exact * (1.0 + 1e-9)


def test_graded_rank_one_and_extreme_matrices():
    rng = np.random.default_rng(0)
    for _ in range(10):
        graded = rng.standard_normal((8, 8)) * 10.0 ** rng.uniform(-150, 5, 8)
        assert norm_bound(graded) >= _norm(graded)
    u, v = np.arange(1.0, 7.0), np.arange(-3.0, 4.0)
    square = sum(Fraction(x) ** 2 for x in u) * sum(Fraction(x) ** 2 for x in v)
    assert Fraction(norm_bound(np.outer(u, v))) ** 2 >= square
    assert norm_bound(np.zeros((3, 2))) == 0.0
    assert norm_bound(np.zeros((0, 0))) == 0.0
    assert 5e-324 <= norm_bound(np.full((1, 1), 5e-324)) < 1e-200
    assert norm_bound(np.full((2, 2), 1.7e308)) == np.inf
    assert norm_bound(np.array([[np.nan]])) == np.inf
    assert norm_bound(np.array([[np.inf, 0.0]])) == np.inf


def test_least_eigenvalues():
    rng = np.random.default_rng(1)
    for n in (1, 2, 6, 15):
        a = rng.standard_normal((n, n))
        a = a + a.T
        with mpmath.workdps(40):
            true = min(mpmath.eigsy(mpmath.matrix(a.tolist()), eigvals_only=True))
        bound = least_eigenvalue(a)
        assert bound <= true
        assert bound >= true - 1e-10
        # What the matrix may be off by is taken off.
        assert least_eigenvalue(a, 0.5) <= true - mpmath.mpf("0.5")
    # A singular matrix is never called positive.
    gram = np.array([[1.0, 1.0], [1.0, 1.0]])
    assert not least_eigenvalue(gram) > 0.0
    assert least_eigenvalue(np.full((2, 2), np.nan)) == -np.inf
    assert least_eigenvalue(np.full((2, 2), 1e300)) == -np.inf
    assert least_eigenvalue(np.eye(2), np.inf) == -np.inf
