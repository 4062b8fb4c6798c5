import itertools
import math

import numpy as np
import pytest

import rmtjac as rj
from tests.spectra.exact import exact_logs, layers, relative_errors

psv = rj.spectra.product_singular_values
CASES = list(itertools.product(["gaussian", "cauchy"], ["linear", "hardtanh", "tanh"], [2, 5, 10, 30]))


@pytest.mark.parametrize(("law", "activation", "depth"), CASES)
def test_every_value_against_exact_integers(law, activation, depth):
    pytest.importorskip("flint")
    worst = []
    for seed in range(3):
        factors = layers(np.random.default_rng([seed, depth]), 20, depth, law, activation)
        exact, zeros = exact_logs(factors)
        logs, error = psv(factors, check=True)
        assert np.isneginf(logs).sum() == zeros
        true = relative_errors(logs[: len(exact)], exact)
        assert (true <= error[: len(exact)]).all()
        assert (error[len(exact) :] == 0.0).all()
        # Both chains agree: an estimate of the error that is useless would pass the line above.
        assert error.max() < 1e-8
        worst.append(true.max(initial=0.0))
    # What the full study (benchmarks/product_accuracy.py) promises.
    assert np.median(worst) <= 2e-12
    assert max(worst) <= (1e-11 if activation == "hardtanh" else 1e-9)


@pytest.mark.parametrize("widths", [(7, 20, 12), (20, 7, 12), (12, 20, 7, 15), (1, 9, 1), (9, 1, 9), (1, 1)])
@pytest.mark.parametrize("heavy", [False, True])
def test_rectangular_factors(widths, heavy):
    pytest.importorskip("flint")
    rng = np.random.default_rng(5)
    draw = rng.standard_cauchy if heavy else rng.standard_normal
    factors = [draw((m, n)) for n, m in itertools.pairwise(widths)]
    exact, _ = exact_logs(factors)
    logs, error = psv(factors, check=True)
    assert logs.size == min(widths[0], widths[-1])
    rank = min(widths)
    assert np.isneginf(logs[rank:]).all()
    true = relative_errors(logs[:rank], exact[:rank])
    assert (true <= error[:rank]).all()
    assert true.max() < 1e-12  # shallow: a few hundred roundings


def test_graded_rows_and_columns_beyond_a_float():
    # 1200 decades in one product; D W D' with D and D' over 60 decades each: only the relative chain sees them.
    pytest.importorskip("flint")
    rng = np.random.default_rng(2)
    factors = [
        10.0 ** rng.uniform(-60, 0, (20, 1)) * rng.standard_normal((20, 20)) * 10.0 ** rng.uniform(-60, 0, 20)
        for _ in range(12)
    ]
    exact, _ = exact_logs(factors)
    logs, error = psv(factors, check=True)
    assert logs[0] - logs[-1] > 1000 * math.log(10.0)
    true = relative_errors(logs, exact)
    assert (true <= error).all()
    assert true.max() < 1e-9  # the promise for any seed


def test_one_matrix_is_svdvals():
    w = np.random.default_rng(0).standard_normal((30, 20))
    # Well conditioned: both are good to a few eps.
    np.testing.assert_allclose(np.exp(psv([w])), np.linalg.svd(w, compute_uv=False), rtol=1e-13)


def test_diagonal_product_is_exact_to_rounding():
    a, b = np.array([1e140, 1e-140, 1.0]), np.array([1e140, 1e-140, 3.0])
    expected = np.sort(np.log(a) + np.log(b))[::-1]
    np.testing.assert_allclose(psv([np.diag(a), np.diag(b)]), expected, rtol=4e-16, atol=1e-15)


def test_more_decades_than_a_factor_may_have():
    with pytest.raises(ValueError, match="more than 300 decades"):
        psv([np.diag([1e200, 1e-200])])


def test_sum_of_logarithms_is_the_determinant():
    # An LU factorisation per factor: an independent sum, good to N L eps.
    factors = layers(np.random.default_rng(4), 150, 20, "cauchy", "linear")
    expected = sum(np.linalg.slogdet(w)[1] for w in factors)
    assert psv(factors).sum() == pytest.approx(expected, abs=1e-9)


def test_scaling_by_powers_of_two_only_shifts():
    factors = layers(np.random.default_rng(3), 15, 6, "cauchy", "linear")
    scaled = [2.0**p * w for p, w in zip((900, -950, 800, 0, -1, 300), factors, strict=True)]
    shift = (900 - 950 + 800 - 1 + 300) * math.log(2.0)
    # Cauchy entries within 2**±40: nothing was rounded, so only the logarithm is.
    np.testing.assert_allclose(psv(scaled), psv(factors) + shift, rtol=1e-15)


def test_zeros_are_counted_through_the_layers():
    # Row 2 of the first falls, so column 2 of the second: its row 0 is then empty, so column 0 of the third.
    a = np.random.default_rng(1).standard_normal((3, 3))
    b = np.array([[0.0, 0.0, 5.0], [1.0, 2.0, 0.0], [3.0, 4.0, 1.0]])
    c = np.random.default_rng(2).standard_normal((3, 3))
    a[2] = 0.0
    logs, error = psv([a, b, c], check=True)
    assert np.isneginf(logs).tolist() == [False, False, True]
    assert error[2] == 0.0
    np.testing.assert_allclose(np.exp(logs), np.linalg.svd(c @ b @ a, compute_uv=False), atol=1e-13)


@pytest.mark.parametrize("where", [0, 1, 2])
def test_a_zero_matrix_leaves_nothing(where):
    factors = [np.ones((4, 3)), np.ones((5, 4)), np.ones((2, 5))]
    factors[where] = np.zeros_like(factors[where])
    logs, error = psv(factors, check=True)
    assert logs.shape == (2,)
    assert np.isneginf(logs).all()
    assert (error == 0.0).all()


@pytest.mark.parametrize("check", [False, True])
def test_copies_and_whole_numbers_have_exact_zeros(check):
    logs = psv([np.ones((6, 6)), np.ones((6, 6))], check=check)
    logs = logs[0] if check else logs
    assert logs[0] == pytest.approx(math.log(36.0), rel=1e-14)
    assert np.isneginf(logs[1:]).all()
    magic = np.array([[16, 2, 3, 13], [5, 11, 10, 8], [9, 7, 6, 12], [4, 14, 15, 1]])  # of rank 3, no two rows alike
    logs = psv([magic], check=check)
    logs = logs[0] if check else logs
    np.testing.assert_allclose(np.exp(logs[:3]), [34.0, math.sqrt(320.0), math.sqrt(20.0)], rtol=1e-13)
    assert np.isneginf(logs[3])


def test_what_rounding_hides_has_an_infinite_error():
    rng = np.random.default_rng(0)
    low = rng.standard_normal((6, 2)) @ rng.standard_normal((2, 6))
    _, error = psv([low], check=True)
    assert np.isinf(error).tolist() == [False] * 2 + [True] * 4


@pytest.mark.parametrize("transposed", [False, True])
def test_the_bound_sees_a_symmetric_factor(transposed):
    # The kernel of the report: claimed 1.3e-14, true .61, because the chain and its transpose were one computation.
    pytest.importorskip("flint")
    x = np.linspace(0.0, 1.0, 16)
    k = np.exp(-((x[:, None] - x) ** 2) / 2.0)
    factors = [np.vander(x), np.vander(x).T] if transposed else [k]
    exact, _ = exact_logs(factors)
    logs, error = psv(factors, check=True)
    assert (np.expm1(relative_errors(logs, exact)) <= error).all()
    assert (error[:4] < 1e-9).all()


def test_one_by_one():
    logs, error = psv([np.array([[-2.0]]), np.array([[3.0]])], check=True)
    assert logs == pytest.approx([math.log(6.0)], rel=1e-15)
    assert error < 1e-13
    assert psv([[[1]], [[4]]]) == pytest.approx([math.log(4.0)])


def test_arguments_are_not_changed():
    factors = layers(np.random.default_rng(0), 8, 3, "gaussian", "hardtanh")
    copies = [w.copy() for w in factors]
    psv(factors, check=True)
    for w, copy in zip(factors, copies, strict=True):
        np.testing.assert_array_equal(w, copy)


@pytest.mark.parametrize(
    ("factors", "error", "message"),
    [
        ([], ValueError, r"factors=\[\] must hold"),
        (3.0, TypeError, "factors=3.0 must be a list"),
        ([np.ones((2, 2)), np.ones((2, 3))], ValueError, r"factors\[1\] has 3 columns"),
        ([np.ones(3)], ValueError, r"factors\[0\] has shape \(3,\)"),
        ([np.ones((0, 3))], ValueError, r"factors\[0\] has shape \(0, 3\)"),
        ([np.ones((2, 2)), np.full((2, 2), np.nan)], ValueError, r"factors\[1\] holds NaN"),
        ([np.full((2, 2), np.inf)], ValueError, r"factors\[0\] holds NaN or infinite"),
        ([np.ones((2, 2), dtype=complex)], TypeError, r"factors\[0\] must be a matrix of real numbers, not of complex"),
        ([[[1.0, 2.0], [3.0]]], TypeError, r"factors\[0\] must be a matrix of real"),
    ],
)
def test_bad_arguments(factors, error, message):
    with pytest.raises(error, match=message):
        psv(factors)
