from fractions import Fraction

import numpy as np
import pytest
from scipy import sparse

from rmtjac.nonnegative.against_one import against_one


def test_rho_beside_one():
    # Exactly where the bracket cannot: halves are exact, thirds are rounded down.
    assert against_one(np.full((2, 2), 0.5)).below is False
    assert against_one(np.full((3, 3), 1 / 3)).below is True
    for shift, below in ((1e-12, False), (-1e-12, True), (2.0**-52, False), (-(2.0**-53), True)):
        assert against_one(np.full((4, 4), 0.25 * (1.0 + shift))).below is below
    assert against_one(np.array([[1.0, 5.0], [0.0, 0.5]])).below is False
    assert against_one(np.zeros((2, 2))).below is True
    # too large for rational arithmetic: sums of rows or columns, exactly 1 or not
    assert against_one(np.full((64, 64), 1 / 64)).below is False
    assert against_one(np.diag(np.arange(1.0, 65.0))[::-1] / np.arange(1.0, 65.0)[::-1]).below is not True
    assert against_one(sparse.eye_array(1000)).below is False
    columns = np.diag(np.full(100, 0.75)) + np.diag(np.full(99, 0.25), -1)
    columns[0, -1] = 0.25
    assert against_one(sparse.block_diag([columns, 0.5 * columns.T])).below is False
    assert against_one([np.full((64, 64), 1 / 64)] * 2).below in (None, False)


@pytest.mark.parametrize("gap", [1e-3, 1e-9, 1e-12, 1e-13])
def test_rho_beside_one_of_large_matrices(gap):
    n = 400
    path = sparse.diags_array([np.ones(n - 1), np.ones(n - 1)], offsets=[-1, 1]) / (2.0 * np.cos(np.pi / (n + 1)))
    weights = np.exp(np.random.default_rng(6).normal(size=n) * 0.3)
    weights /= np.exp(np.log(weights).mean())
    cycle = sparse.csr_array((weights, (np.r_[1:n, 0], np.arange(n))), shape=(n, n))
    dense = np.random.default_rng(7).random((n, n))
    dense /= dense.sum(axis=1)[:, None]
    for matrix in (path, cycle, dense):
        for sign in (1, -1):
            answer = against_one(matrix * (1.0 + sign * gap))
            assert answer.below is (sign < 0)
            assert answer.bracket[0] <= 1.0 + sign * gap + 1e-14
            assert 1.0 + sign * gap - 1e-14 <= answer.bracket[1]


def test_irreducible_means_all_neurons_of_the_first_layer():
    # Neuron 1 of the first layer takes no part; the hidden layer is as wide as the first.
    first, second = np.array([[0.5, 0.0], [0.5, 0.0]]), np.array([[1.0, 1.0], [0.0, 0.0]])
    answer = against_one([first, second])
    assert answer.below is False
    assert answer.vector is None
    swap = against_one([np.array([[0.5], [0.5]]), np.array([[1.0, 1.0]])])
    assert swap.below is False
    assert swap.vector == [1]


def test_the_vector_of_an_exact_radius_of_one():
    # [[1/2, 1/4], [1, 1/2]]: rho = 1 with v = (1/2, 1) exactly; the last entry is 1.
    answer = against_one(np.array([[0.5, 0.25], [1.0, 0.5]]))
    assert answer.below is False
    assert answer.vector == [Fraction(1, 2), 1]
    low, high = answer.bracket
    assert low <= 1.0 <= high


@pytest.mark.parametrize("exponent", [-1000, -600, 0, 600, 1000])
def test_products_of_layers_whose_scales_cancel(exponent):
    # Both eigenvalues of a nonnegative 2 x 2 matrix are real: rho < 1 if and only if p(1) > 0 and the trace is below 2.
    rng = np.random.default_rng(abs(exponent))
    seen = set()
    for _ in range(8):
        matrix = np.round(8 * rng.random((2, 2))) / 8
        (a, b), (c, d) = ([Fraction(x) for x in row] for row in matrix.tolist())
        below = 1 - (a + d) + (a * d - b * c) > 0 and a + d < 2
        seen.add(below)
        assert against_one([np.eye(2) * 2.0**exponent, np.eye(2) * 2.0**-exponent, matrix]).below is below
        assert against_one(matrix).below is below
    assert seen == {True, False}
