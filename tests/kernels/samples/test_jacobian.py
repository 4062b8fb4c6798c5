import numpy as np
import pytest

from rmtjac.kernels.samples.jacobian import OVERFLOW, compress, mask_moments, multiply


def _multiplied(layers):
    product, rows, exponent = np.empty((0, 0)), np.arange(layers[0][0].shape[1]), 0
    for weights, d in layers:
        block, rows = compress(rows, weights, d, np.empty(weights.size))
        product, taken = multiply(block, product)
        exponent += taken
    return product, rows, exponent


def test_compressed_product_is_the_product():
    rng = np.random.default_rng(0)
    layers = [
        (rng.standard_normal((6, 5)), (rng.random(6) > 0.3) * 1.7),
        (rng.standard_normal((4, 6)), (rng.random(4) > 0.3) * 0.2),
    ]
    product, rows, exponent = _multiplied(layers)
    full = np.diag(layers[1][1]) @ layers[1][0] @ np.diag(layers[0][1]) @ layers[0][0]
    np.testing.assert_allclose(2.0**exponent * product, full[rows], rtol=1e-14)
    assert not full[np.setdiff1d(np.arange(4), rows)].any()
    assert exponent == 0


@pytest.mark.parametrize("scale", [1e-200, 1e-305, 1e250])
def test_scales_beyond_a_float(scale):
    layers = [(np.full((2, 2), scale) * [[1, 0], [0, 1]], np.ones(2))] * 9
    product, _, exponent = _multiplied(layers)
    np.testing.assert_allclose(np.log(np.diag(product)) + exponent * np.log(2.0), 9 * np.log(scale), rtol=1e-13)


def test_infinite_entries_are_reported():
    block, _ = compress(np.arange(1), np.array([[1e300]]), np.array([1e300]), np.empty(1))
    assert multiply(block, np.empty((0, 0)))[1] == OVERFLOW


def test_a_denormal_product_is_scaled_up():
    product, exponent = multiply(np.array([[5e-324]]), np.empty((0, 0)))
    assert 0.5 <= product[0, 0] <= 1.0
    assert 2.0**exponent * product[0, 0] == 5e-324


def test_mask_moments():
    out = np.empty(3)
    mask_moments(np.array([0.0, -2.0, 1.0, 0.5]), out)
    np.testing.assert_allclose(out, [5.25 / 4, 17.0625 / 4, 0.0], atol=1e-16)
    mask_moments(np.zeros(4), out)
    np.testing.assert_array_equal(out, [0.0, 0.0, np.nan])
