import numpy as np
import pytest
from scipy import sparse

from rmtjac.nonnegative.matrices.components import components
from rmtjac.nonnegative.matrices.resolvent import Resolvent, affordable, positive_solution
from rmtjac.nonnegative.matrices.scaled import Scaled


def _path(n):
    return sparse.diags_array([np.ones(n - 1), np.ones(n - 1)], offsets=[-1, 1]).tocsr()


@pytest.mark.parametrize("factors", [
    [np.random.default_rng(0).random((5, 5))], [_path(300)], [_path(200), _path(200) + sparse.eye_array(200)],
    [np.random.default_rng(1).random((6, 4)), np.random.default_rng(2).random((4, 6))],
])  # fmt: skip
def test_against_dense_solutions(factors):
    (block,) = components(factors)
    n = len(block.owners[0])
    scaled = Scaled(block, np.zeros(n), np.ones(n))
    product = np.eye(n)
    for one in scaled.factors:
        product = (one.toarray() if sparse.issparse(one) else one) @ product
    x = np.random.default_rng(3).random(n)
    shift = np.full(n, 1.2 * np.abs(np.linalg.eigvals(product)).max())
    inverse = Resolvent(scaled, shift)
    np.testing.assert_allclose(inverse.solve(x), np.linalg.solve(np.diag(shift) - product, x), rtol=1e-11)
    np.testing.assert_allclose(inverse.solve(x, True), np.linalg.solve(np.diag(shift) - product.T, x), rtol=1e-11)


def test_singular():
    for factors in ([np.array([[1.0, 1.0], [1.0, 1.0]])], [sparse.eye_array(200).tocsr()]):
        block = components(factors)[-1]
        n = len(block.owners[0])
        scaled = Scaled(block, np.zeros(n), np.ones(n))
        with pytest.raises(ZeroDivisionError):
            Resolvent(scaled, np.full(n, 2.0 if n == 2 else 1.0) / 2.0 ** scaled.power[0])


def test_what_is_affordable():
    def alone(matrix):
        return components([matrix])[0]

    rng = np.random.default_rng(4)
    assert affordable(alone(_path(50_000)))
    parents = np.minimum((rng.random(20_000) * np.arange(20_000)).astype(int), np.arange(20_000))[1:]
    child = np.arange(1, 20_000)
    tree = sparse.csr_array((np.ones(2 * len(child)), (np.r_[child, parents], np.r_[parents, child])))
    assert affordable(alone(tree))
    assert not affordable(alone(sparse.random_array((20_000, 20_000), density=3e-4, rng=rng).tocsr()))


def test_positive_solutions():
    rng = np.random.default_rng(5)
    factors = [np.triu(rng.random((6, 6))), np.triu(rng.random((6, 6)))]  # reducible
    radius = (np.diag(factors[0]) * np.diag(factors[1])).max()
    v = positive_solution(factors, radius * 1.01)
    np.testing.assert_allclose(1.01 * radius * v - factors[1] @ (factors[0] @ v), np.ones(6), atol=1e-9)
    assert positive_solution(factors, radius * 0.5) is None
