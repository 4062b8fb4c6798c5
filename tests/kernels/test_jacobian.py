import numpy as np
import pytest

from rmtjac.kernels.forward import activate
from rmtjac.kernels.jacobian import OVERFLOW, absorb, factor


def _chain(layers):
    product, rows, exponent = np.empty((0, 0)), np.arange(layers[0][0].shape[1]), 0
    for weights, d in layers:
        product, rows, taken = absorb(product, rows, weights, d)
        exponent += taken
    return product, rows, exponent


def test_compressed_product_is_the_product():
    rng = np.random.default_rng(0)
    layers = [
        (rng.standard_normal((6, 5)), (rng.random(6) > 0.3) * 1.7),
        (rng.standard_normal((4, 6)), (rng.random(4) > 0.3) * 0.2),
    ]
    product, rows, exponent = _chain(layers)
    full = np.diag(layers[1][1]) @ layers[1][0] @ np.diag(layers[0][1]) @ layers[0][0]
    np.testing.assert_allclose(2.0**exponent * product, full[rows], rtol=1e-14)
    assert not full[np.setdiff1d(np.arange(4), rows)].any()
    assert exponent == 0


@pytest.mark.parametrize("scale", [1e-200, 1e-305, 1e250])
def test_scales_beyond_a_float(scale):
    layers = [(np.full((2, 2), scale) * [[1, 0], [0, 1]], np.ones(2))] * 9
    product, _, exponent = _chain(layers)
    out = np.empty(2)
    error = factor(product, exponent, 2, 9, False, out)
    np.testing.assert_allclose(out, 9 * np.log(scale), rtol=1e-13)
    assert error == pytest.approx(out[0] + np.log(180 * np.finfo(float).eps))


def test_infinite_entries_are_reported():
    _, _, taken = absorb(np.empty((0, 0)), np.arange(1), np.array([[1e300]]), np.array([1e300]))
    assert taken == OVERFLOW


@pytest.mark.parametrize("fast", [False, True])
def test_zeros(fast):
    out = np.zeros(3)
    assert factor(np.empty((0, 3)), 0, 0, 1, fast, out) == -np.inf
    assert np.isneginf(out).all()
    assert factor(np.zeros((2, 3)), 0, 2, 1, fast, out) == -np.inf
    assert np.isneginf(out).all()
    factor(np.array([[2.0, 0.0, 0.0]]), 0, 1, 1, fast, out)
    np.testing.assert_allclose(out, [-np.inf, -np.inf, np.log(2.0)])


def test_a_denormal_product_is_scaled_up():
    product, _, exponent = absorb(np.empty((0, 0)), np.arange(1), np.array([[5e-324]]), np.ones(1))
    assert 0.5 <= product[0, 0] <= 1.0
    assert 2.0**exponent * product[0, 0] == 5e-324


def test_fast_clips_to_its_error():
    out = np.empty(2)
    error = factor(np.diag([1.0, 1e-12]), 0, 2, 1, True, out)
    np.testing.assert_allclose(2 * out, [error, 0.0], atol=1e-15)


def test_interpreted_activation():
    h = np.linspace(-2, 2, 9)
    np.testing.assert_array_equal(activate.py_func(3, 0.0, h), activate(3, 0.0, h))
