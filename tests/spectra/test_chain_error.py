import math

import mpmath
import numpy as np
import pytest

from rmtjac.spectra.chain_error import chained


def exact_values(matrix, digits=420):
    """Singular values of one matrix, descending, by mpmath."""
    with mpmath.workdps(digits):
        values = mpmath.svd_r(mpmath.matrix(matrix.tolist()), compute_uv=False)
        return [mpmath.log(v) for v in sorted(values, reverse=True)]


def kernel(n):
    x = np.linspace(0.0, 1.0, n)
    return np.exp(-((x[:, None] - x) ** 2) / 2.0)


x = np.linspace(0.1, 1.0, 10)
CASES = {
    "kernel": kernel(12),
    "hilbert": 1.0 / (np.arange(10)[:, None] + np.arange(10) + 1.0),
    "vandermonde": np.vander(x),
    "graded": 10.0 ** -np.arange(0, 200, 20.0)[:, None] * np.random.default_rng(0).standard_normal((10, 10)),
    "symmetric": np.add(*(w := np.random.default_rng(1).standard_normal((10, 10)), w.T)[:2]),
    "exponential": np.exp(-np.abs(x[:, None] - x)),
    "ones off": np.triu(-np.ones((12, 12)), 1) + np.eye(12),
    "tiny": 1e-310 * np.random.default_rng(2).standard_normal((4, 4)),
    "huge": 1e300 * np.random.default_rng(2).standard_normal((4, 4)),
}


@pytest.mark.parametrize("name", CASES)
def test_the_bound_holds_for_one_matrix(name):
    matrix = CASES[name]
    found = chained([np.ascontiguousarray(matrix)], len(matrix))
    exact = exact_values(matrix)
    with mpmath.workdps(420):
        true = [abs(mpmath.expm1(mpmath.mpf(float(a)) - b)) for a, b in zip(found.logs, exact, strict=True)]
    assert all(t <= e for t, e in zip(true, found.error, strict=True))
    # And it says something: values that rounding leaves alone have digits.
    assert (found.error[:3] < 1e-9).all()
    np.testing.assert_array_equal(found.hidden, np.isinf(found.error))


def test_a_chain_that_is_its_own_transpose():
    # The old bound compared a chain with that of its transpose: for these the same computation.
    k = kernel(16)
    for factors in ([k], [k, k.T], [k, np.eye(16), k]):
        found = chained(factors, 16)
        assert found.hidden[-1]


def test_noise_is_hidden_and_what_stands_above_it_is_not():
    rng = np.random.default_rng(0)
    low = rng.standard_normal((30, 4)) @ rng.standard_normal((4, 30))
    found = chained([low], 30)
    assert found.hidden.tolist() == [False] * 4 + [True] * 26
    # In single precision the entries carry noise of 6e-8.
    single = (low.astype(np.float32)).astype(float)
    assert chained([single], 30, 2.0**-24).hidden.sum() == 26
    assert chained([single], 30).hidden.sum() == 0  # as given it has full rank


def test_many_layers_and_one_value():
    found = chained([np.array([[1.1]])] * 500, 1)
    assert found.logs[0] == pytest.approx(500 * math.log(1.1), rel=1e-13)
    assert found.error[0] < 1e-10
    assert not found.hidden[0]


def test_the_same_bits_each_time():
    factors = [np.random.default_rng(0).standard_normal((6, 6)) for _ in range(3)]
    first, second = chained(factors, 6), chained(factors, 6)
    np.testing.assert_array_equal(first.error, second.error)
