import numpy as np
import pytest
from scipy import sparse

from rmtjac.nonnegative.matrices.components import components
from rmtjac.nonnegative.matrices.potential import potential


@pytest.mark.parametrize("dense", [False, True])
def test_cycles_become_equal_and_trees_symmetric(dense):
    rng = np.random.default_rng(0)
    n = 80
    weights = 10.0 ** rng.uniform(-100, 100, n)
    cycle = sparse.csr_array((weights, (np.r_[1:n, 0], np.arange(n))), shape=(n, n))
    tree = sparse.diags_array([10.0 ** rng.uniform(-100, 100, n - 1) for _ in range(2)], offsets=[-1, 1]).tocsr()
    for matrix in (cycle, tree):
        (block,) = components([matrix])
        if dense:
            block = type(block)([one.toarray() for one in block.factors], block.owners)
        v = potential(block)
        i, j = matrix.tocoo().coords
        moved = np.log2(matrix.tocoo().data) + v[j] - v[i]
        if matrix is cycle:
            np.testing.assert_allclose(moved, np.log2(weights).mean(), atol=1e-8)
        else:
            both = sparse.csr_array((moved, (i, j)), shape=(n, n)).toarray()
            np.testing.assert_allclose(both, both.T, atol=1e-8)


def test_layers():
    rng = np.random.default_rng(1)
    grades = [10.0 ** rng.uniform(-50, 50, n) for n in (3, 4)]
    factors = [grades[1][:, None] / grades[0] * np.ones((4, 3)), grades[0][:, None] / grades[1] * np.ones((3, 4))]
    v = potential(components(factors)[0])
    difference = v - np.log2(grades[0])
    np.testing.assert_allclose(difference, difference[0], atol=1e-9)
