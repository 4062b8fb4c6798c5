import numpy as np
import pytest

from rmtjac.kernels.samples.modular import LARGEST, modular_product, modular_rank, residues

P = 8388593  # the largest prime below 2**23


def test_the_prime_is_one_and_fits():
    assert LARGEST > P
    assert all(P % q for q in range(2, 2897))  # up to its root


@pytest.mark.parametrize("shape", [(1, 1), (3, 7), (7, 3), (40, 40)])
def test_residues_and_products_against_whole_numbers(shape):
    rng = np.random.default_rng(0)
    whole = rng.integers(-(2**53), 2**53, shape)
    exponents = rng.integers(0, 2000, shape)
    expected = [
        [int(w) * 2 ** int(e) % P for w, e in zip(*pair, strict=True)] for pair in zip(whole, exponents, strict=True)
    ]
    a = residues(whole, exponents, P)
    np.testing.assert_array_equal(a, expected)
    b = rng.integers(0, P, (shape[1], 300)).astype(float)  # 300: more than one chunk of a sum when transposed
    exact = np.array(expected, dtype=object) @ b.astype(int).astype(object) % P
    np.testing.assert_array_equal(modular_product(a, b, P) % P, exact.astype(float))
    long = (b.astype(int).astype(object) @ b.astype(int).astype(object).T) % P
    np.testing.assert_array_equal(modular_product(b, np.ascontiguousarray(b.T), P) % P, long.astype(float))


@pytest.mark.parametrize(("rows", "columns", "rank"), [(1, 1, 1), (1, 1, 0), (5, 9, 3), (9, 5, 5), (60, 60, 59)])
def test_rank_against_flint(rows, columns, rank):
    flint = pytest.importorskip("flint")
    rng = np.random.default_rng(rows)
    a = rng.integers(0, P, (rows, rank)).astype(object) @ rng.integers(0, P, (rank, columns)).astype(object) % P
    a = np.array(a, dtype=float).reshape(rows, columns)
    exact = flint.nmod_mat(rows, columns, [int(x) for x in a.ravel()], P).rank()
    assert modular_rank(a.copy(), P) == exact == rank


def test_a_minor_that_the_prime_divides():
    # Of rank 2 over the whole numbers, 1 modulo the prime: a rank modulo a prime is a lower bound only.
    assert modular_rank(np.array([[1.0, 0.0], [0.0, P % P]]), P) == 1
