import math

import numpy as np
import pytest
from numba import njit

from rmtjac.kernels.samples.chain import _column_exponents, _normalise, _scale, chain


def flat(*factors):
    return np.concatenate([f.ravel() for f in factors]), np.array([f.shape for f in factors], dtype=np.int64)


def test_well_conditioned_products_against_numpy():
    rng = np.random.default_rng(0)
    factors = [np.linalg.qr(rng.standard_normal((40, 40)))[0] * rng.uniform(1, 2, 40) for _ in range(6)]
    product = np.linalg.multi_dot(factors[::-1])
    # Condition number at most 2**6: svdvals is good to 64 * 20 L eps.
    np.testing.assert_allclose(np.exp(chain(*flat(*factors), 40)), np.linalg.svd(product, compute_uv=False), rtol=1e-12)


def test_more_values_than_the_rank_are_zeros():
    logs = chain(*flat(np.ones((1, 3)), np.full((4, 1), 2.0)), 5)
    assert logs[0] == pytest.approx(0.5 * math.log(3 * 16.0), rel=1e-15)
    assert np.isneginf(logs[1:]).all()
    assert chain(*flat(np.diag([2.0, 4.0])), 1) == pytest.approx([math.log(4.0)])


def test_empty_factor():
    flat_array, shapes = np.empty(0), np.array([[0, 3], [4, 0]])
    assert np.isneginf(chain(flat_array, shapes, 3)).all()


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_only_finite_entries(bad):
    w = np.eye(3)
    w[1, 2] = bad
    with pytest.raises(ValueError, match="NaN or infinite"):
        chain(*flat(np.eye(3), w), 3)


def test_zeros_that_nobody_removed():
    # the sampler removes them, but the kernel must not trip over them
    rng = np.random.default_rng(3)
    a, b = rng.standard_normal((4, 4)), rng.standard_normal((4, 4))
    a[1] = 0.0
    b[:, 2] = 0.0
    logs = chain(*flat(a, b), 4)
    expected = np.linalg.svd(b @ a, compute_uv=False)
    np.testing.assert_allclose(np.exp(logs[:2]), expected[:2], rtol=1e-13)
    assert (np.exp(logs[2:]) < 1e-14).all()


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize("step", [7.0, 30.0, 60.0])
def test_windows_agree_with_the_closed_form(times, step):
    # Blocks [[a, a], [0, a]] far apart, beyond 240 decades in all; their powers have a^k asinh(k/2) in closed form.
    a = 2.0 ** (-step * np.arange(15) / times)
    w = np.zeros((2 * a.size, 2 * a.size))
    for i, x in enumerate(a):
        w[2 * i : 2 * i + 2, 2 * i : 2 * i + 2] = [[x, x], [0.0, x]]
    logs, half = times * np.log(a), math.asinh(times / 2.0)
    expected = np.sort(np.concatenate([logs + half, logs - half]))[::-1]
    np.testing.assert_allclose(chain(*flat(*[w] * times), w.shape[0]), expected, rtol=3e-16, atol=1e-14)


def test_from_compiled_code_without_the_lock():
    @njit(nogil=True)
    def outer(flat_array, shapes):
        return chain(flat_array, shapes, 2)

    assert outer(*flat(np.diag([1.0, math.e]))) == pytest.approx([1.0, 0.0], abs=1e-15)


@pytest.mark.parametrize("power", [-3000, -1074, -1022, -1, 0, 1023, 1100])
def test_scale_is_ldexp(power):
    for x in (1.0, -0.75, 2.0**-500, 0.0):
        if abs(x) * 2.0 ** min(power, 0) == 0.0 or math.log2(abs(x) or 1.0) + power < 1024:
            assert _scale(x, power) == math.ldexp(x, power)


def test_column_exponents():
    factor = np.array([[1.0, 0.0, 0.25], [3.0, 0.0, -5.0]])
    # with rows 2**10 and 1: 1 -> 2**10, in [2**(e-1), 2**e) for e = 11; zeros take the least
    np.testing.assert_array_equal(_column_exponents(factor, np.array([10, 0])), [11, 9, 9])


def test_normalise_is_an_exact_change_of_scales():
    rng = np.random.default_rng(0)
    r = np.triu(rng.standard_normal((3, 5)))
    scales = np.array([7, -900, 3, 0, 850])
    a = np.ascontiguousarray(r.T)
    out = _normalise(a, scales, 3)
    s = np.triu(a.T)
    for i in range(3):
        for j in range(i, 5):
            # entries 2**-1074 below the largest of their row are lost, and may be
            moved = math.ldexp(s[i, j], int(out[i] - scales[j])) if s[i, j] else 0.0
            assert moved == r[i, j] or scales[j] - out[i] < -1000
        assert 0.5 <= np.abs(s[i]).max() < 1.0
