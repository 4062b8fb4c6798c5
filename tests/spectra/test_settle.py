import math

import numpy as np
import pytest

from rmtjac.spectra.chain_error import UNIT, flattened
from rmtjac.spectra.settle import product_noise, settle, settle_exact, unflattened


def test_exact_entries_keep_what_rounding_hides():
    # Pascal's triangle: determinant 1, condition 1e25. The smallest value is 1e-13, and below every error of a float.
    n = 20
    pascal = np.ones((n, n))
    for i in range(1, n):
        for j in range(1, n):
            pascal[i, j] = pascal[i - 1, j] + pascal[i, j - 1]
    exact = settle([pascal], n, 0.0)
    assert np.isfinite(exact.logs).all()
    assert exact.undecided == 0
    assert exact.log_error > exact.logs[0]
    rounded = settle([pascal], n, UNIT)
    assert rounded.undecided == np.isneginf(rounded.logs).sum() > 0


def test_certain_zeros_and_undecided_ones_side_by_side():
    rng = np.random.default_rng(0)
    low = rng.standard_normal((8, 3)) @ rng.standard_normal((3, 8))
    low[7] = low[6]  # one certain zero, four that rounding may have hidden
    found = settle([low], 8, UNIT)
    assert np.isfinite(found.logs).sum() == 3
    assert found.undecided == 4
    np.testing.assert_allclose(found.logs[-3:], np.log(np.linalg.svd(low, compute_uv=False)[2::-1]), rtol=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_noise_of_differences_of_large_numbers(seed):
    # Doubly centred squares lose one rank, softmax one, the identity minus a reflection all but one.
    rng = np.random.default_rng(seed)
    n = int(rng.integers(20, 70))
    squares = (rng.standard_normal((n, 4)) @ rng.standard_normal((4, n))) ** 2 + rng.standard_normal((n, n))
    centred = squares - squares.mean(axis=0) - squares.mean(axis=1, keepdims=True) + squares.mean()
    p = rng.dirichlet(np.ones(n))
    u = rng.standard_normal(n)
    reflection = np.eye(n) - 2.0 * np.outer(u, u) / (u @ u)
    for matrix, rank in ((centred, n - 1), (np.diag(p) - np.outer(p, p), n - 1), (np.eye(n) - reflection, 1)):
        assert np.isfinite(settle([matrix], n, UNIT).logs).sum() == rank


def test_small_values_beside_copies():
    # A copied row of size 1 leaves noise of 1e-16 in a QR, far above the true values of 1e-60.
    rng = np.random.default_rng(0)
    w = rng.standard_normal((6, 6)) * 10.0 ** -np.array([0.0, 0.0, 20.0, 40.0, 60.0, 0.0])[:, None]
    w[5] = w[0]
    found = settle([w], 6, UNIT)
    assert found.undecided == 0
    assert found.log_error == -math.inf
    assert np.isneginf(found.logs).tolist() == [True] + [False] * 5
    # Oracle: the product of the nonzero values is the root of the Gram determinant of five rows with weight 2 on one.
    five = w[:5] * np.sqrt([2.0, 1.0, 1.0, 1.0, 1.0])[:, None]
    scale = np.abs(five).max(axis=1)
    log_det = np.log(scale).sum() + 0.5 * np.linalg.slogdet((five / scale[:, None]) @ (five / scale[:, None]).T)[1]
    assert abs(found.logs[1:].sum() - log_det) < 1e-12 * abs(log_det)


def test_discrete_factors():
    signs = np.array([[1.0, 1.0, 1.0], [1.0, -1.0, 1.0], [-1.0, 1.0, -1.0]]) / math.sqrt(3.0)
    out = np.empty(3)
    assert settle_exact(*flattened([signs, signs]), out) == 0
    product = np.rint(3.0 * signs @ signs)
    expected = np.linalg.svd(product / 3.0, compute_uv=False)
    np.testing.assert_allclose(np.exp(out[1:]), expected[1::-1], rtol=1e-13)
    assert np.isneginf(out[0])


def test_neurons_alike_but_for_rounding_are_undecided():
    # Sizes of rows that differ by one rounding: (a, a) against (a', -a') and the like.
    signs = np.array([[1.0, 1.0], [1.0, 1.0]])
    d = np.array([0.3, np.nextafter(0.3, 1.0)])
    second = np.array([[1.0, -1.0], [1.0, -1.0]])
    out = np.empty(2)
    assert settle_exact(*flattened([d[:, None] * signs, second]), out) == 1
    assert np.isneginf(out).all()


def test_shapes():
    assert settle([np.zeros((3, 2))], 3, UNIT).logs.tolist() == [-math.inf] * 3
    out = np.empty(2)
    assert settle_exact(np.empty(0), np.array([[0, 4], [2, 0]]), out) == 0
    assert np.isneginf(out).all()
    a, b = np.ones((2, 3)), np.zeros((4, 2))
    for one, two in zip(unflattened(*flattened([a, b])), (a, b), strict=True):
        np.testing.assert_array_equal(one, two)


def test_noise_of_a_product_follows_the_factors():
    rng = np.random.default_rng(0)
    q = np.linalg.qr(rng.standard_normal((20, 20)))[0]
    p = q[:, :10] @ q[:, :10].T
    factors = [1e100 * p, 1e-100 * (np.eye(20) - p)]
    # Norms 1 and 1: the product is nothing but rounding.
    assert math.exp(product_noise(factors)) > np.linalg.norm(factors[1] @ factors[0], 2)
    assert math.exp(product_noise(factors)) < 1e-13
    assert product_noise([p]) == -math.inf
    assert product_noise([p, np.zeros((20, 20))]) == -math.inf
