import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.spectra.rank import entry_rounding, exact_rank, without_copies


def rational_rank(matrix):
    """Gauss in fractions: no rounding, and nothing of the package."""
    rows = [[Fraction(float(x)) for x in row] for row in matrix]
    rank = 0
    for c in range(len(rows[0])):
        pivot = next((i for i in range(rank, len(rows)) if rows[i][c]), None)
        if pivot is None:
            continue
        rows[rank], rows[pivot] = rows[pivot], rows[rank]
        for i in range(rank + 1, len(rows)):
            factor = rows[i][c] / rows[rank][c]
            rows[i] = [a - factor * b for a, b in zip(rows[i], rows[rank], strict=True)]
        rank += 1
    return rank


@pytest.mark.parametrize("seed", range(12))
def test_one_matrix_against_fractions(seed):
    rng = np.random.default_rng(seed)
    m, n = rng.integers(1, 10, 2)
    r = rng.integers(1, 10)
    low = (rng.integers(-9, 10, (m, r)) @ rng.integers(-9, 10, (r, n))).astype(float)
    sums = rng.standard_normal((m, n)).round(6)
    sums[-1] = np.ldexp(np.rint(np.ldexp(sums[0], 20)), -20)  # of few bits, so that a sum is exact
    graded = low * 2.0 ** rng.integers(-500, 500, (m, 1)) * 2.0 ** rng.integers(-400, 400, n)
    for matrix in (low, low / 7.0, low * math.pi, sums, graded, np.sign(low) / 3.0):
        expected = rational_rank(matrix)
        assert exact_rank([matrix]) == (expected, expected)


def test_a_dependence_that_no_two_rows_show():
    # Full mantissas, and a row that is the exact sum of two: no structure, the primes must find it.
    rng = np.random.default_rng(3)
    a = np.ldexp(np.rint(np.ldexp(rng.uniform(-1, 1, (12, 12)), 51)), -51)
    a[-1] = a[0] + a[1]
    assert rational_rank(a) == 11
    assert exact_rank([a]) == (11, 11)


def test_zeros_in_the_way_need_no_primes():
    # A block of zeros of 150 x 150 in 200 x 200: no more than 100 rows and columns carry a rank, whatever the entries.
    a = np.random.default_rng(0).standard_normal((200, 200))
    a[50:, 50:] = 0.0
    assert exact_rank([a]) == (100, 100)


def test_products_against_fractions():
    rng = np.random.default_rng(1)
    for _ in range(10):
        widths = rng.integers(1, 7, 4)
        factors = [rng.integers(-1, 2, (m, n)).astype(float) for n, m in itertools.pairwise(widths)]
        product = np.eye(widths[0], dtype=int).astype(object)
        for w in factors:
            product = w.astype(int).astype(object) @ product
        expected = rational_rank(product)
        assert exact_rank(factors) == (expected, expected)


def test_a_product_that_is_zero_though_no_factor_is():
    a = np.array([[1.0, 1.0], [-1.0, -1.0]])
    assert exact_rank([a, np.array([[1.0, 1.0], [2.0, 2.0]])]) == (0, 0)


def test_what_would_take_long_stays_open():
    # Full mantissas over 2000 powers of two, 80 wide: more primes than the budget has.
    rng = np.random.default_rng(0)
    a = rng.standard_normal((80, 80)) * 2.0 ** rng.integers(-400, 400, (80, 80))
    a[-1] = 3.0 * a[0]
    low, high = exact_rank([a, rng.standard_normal((80, 80)), a])
    assert low <= 80 == high


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        (np.array([[1, 2], [3, 2**53]]), 0.0),
        (np.array([[True, False]]), 0.0),
        (np.arange(9.0).reshape(3, 3) - 4.0, 0.0),
        (np.arange(9.0).reshape(3, 3).astype(np.float32), 0.0),
        (np.array([[1e9, 3e9, 7.0], [1.0, 2.0, 5e12], [0.0, 1.0, 1.0]]), 0.0),
        (np.full((3, 4), 1.0 / 7.0), 0.0),
        (np.array([[1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]) / math.sqrt(3.0), 0.0),
        (np.arange(12.0).reshape(3, 4) / 1024.0, 0.0),
        (np.zeros((2, 2)), 0.0),
        (np.random.default_rng(0).standard_normal((3, 3)), 2.0**-53),
        (np.random.default_rng(0).standard_normal((3, 3)).astype(np.float32), 2.0**-24),
        (np.random.default_rng(0).standard_normal((3, 3)).astype(np.float32).astype(float), 2.0**-24),
        (np.random.default_rng(0).standard_normal((4, 4)).astype(np.float16), 2.0**-11),
        (np.array([[1.0, 1.0 / 3.0], [1.0 / 3.0, 1.0 / 9.0]]), 2.0**-53),
        (np.array([[2**60, 2**60 + 1]]), 2.0**-53),
        (np.array([[1e300, 1.1], [2.0, 1.3]]), 2.0**-53),
    ],
)
def test_which_entries_are_rounded(matrix, expected):
    assert entry_rounding(matrix) == expected


@pytest.mark.parametrize("scale", [1.0, 1e-200, 1e300, 1e-310])
def test_copies_are_set_apart_exactly(scale):
    rng = np.random.default_rng(0)
    a = rng.standard_normal((6, 5))
    a[3], a[5], a[:, 4] = -a[0], 4.0 * a[0], -0.5 * a[:, 1]
    a[4] = 0.0
    a *= scale
    parts = without_copies([a, np.ones((2, 6))])
    if scale >= 1e-200:  # below there is no exact multiple to take out of a row
        assert min(min(w.shape) for w in parts[:-1]) <= 4
    product = [[Fraction(float(x)) for x in row] for row in np.eye(5)]
    for w in parts:
        product = [
            [
                sum((Fraction(float(x)) * row[j] for x, row in zip(line, product, strict=True)), Fraction(0))
                for j in range(5)
            ]
            for line in w
        ]
    expected = [sum(Fraction(float(a[i, j])) for i in range(6)) for j in range(5)]
    assert product == [expected, expected]


def test_nothing_is_done_where_there_are_no_copies():
    a = np.random.default_rng(0).standard_normal((4, 6))
    (only,) = without_copies([a])
    np.testing.assert_array_equal(only, a)


@pytest.mark.parametrize("scale", [1e-308, 1e-310, 1e-312, 1e-315, 1e-318, 1e-320])
def test_entries_below_the_normal_numbers_are_rounded(scale):
    # Of rank 3 but for rounding, which is absolute there: nothing beyond 3 is certain.
    rng = np.random.default_rng(0)
    a = rng.standard_normal((20, 3)) @ rng.standard_normal((3, 20)) * scale
    assert entry_rounding(a) > 0.0
    low, high = rj.EmpiricalSpectrum.from_matrices(a).rank_bounds[0]
    assert low <= 3 <= high
    if scale < 1e-312:  # and more of it than elsewhere
        assert entry_rounding(a) >= 0.4 * 2.0**-1074 / np.abs(a).min()


@pytest.mark.parametrize("scale", [1e-310, 1e-318, 5e-324])
def test_small_whole_numbers_times_a_subnormal_number_are_exact(scale):
    rng = np.random.default_rng(0)
    a = rng.integers(-3, 4, (12, 3)) @ rng.integers(-3, 4, (3, 12)) * scale
    low, high = rj.EmpiricalSpectrum.from_matrices(a).rank_bounds[0]
    assert low <= rational_rank(a) <= high
    assert entry_rounding(np.ones((4, 4)) * scale) == entry_rounding(np.eye(4)[::-1] * scale) == 0.0


def test_half_precision_below_its_normal_numbers():
    rng = np.random.default_rng(0)
    a = (rng.standard_normal((20, 3)) @ rng.standard_normal((3, 20)) * 1e-5).astype(np.float16)
    low, high = rj.EmpiricalSpectrum.from_matrices(a).rank_bounds[0]
    assert low <= 3 <= high


def test_powers_of_two_are_exact_whatever_their_range():
    a = 2.0 ** -np.random.default_rng(0).integers(0, 40, (12, 12))
    assert entry_rounding(a) == 0.0


@pytest.mark.parametrize("bits", [8, 11, 24])
def test_narrow_types_stored_in_wide_ones(bits):
    rng = np.random.default_rng(bits)
    fractions, exponents = np.frexp(rng.standard_normal((40, 3)) @ rng.standard_normal((3, 40)))
    a = np.ldexp(np.rint(np.ldexp(fractions, bits)), exponents - bits)  # of rank 3 but for this
    assert entry_rounding(a) == 2.0**-bits
    low, high = rj.EmpiricalSpectrum.from_matrices(a).rank_bounds[0]
    assert low <= 3 <= high
