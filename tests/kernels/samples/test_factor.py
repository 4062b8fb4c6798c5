import math

import numpy as np
import pytest

from rmtjac.codes import Precision, Route
from rmtjac.kernels.samples.factor import TOLERANCE, factor
from rmtjac.spectra import one_sample
from rmtjac.spectra.one_sample import finish

AUTO, ACCURATE, FAST = (one.value for one in Precision)
NONE, SVD, CHAIN, GRAM = Route
EPS = np.finfo(float).eps


def _run(layers, precision, rank=None, exponent=0, single=False, size=None):
    product = np.linalg.multi_dot(layers[::-1]) if len(layers) > 1 else layers[0].copy()
    shapes = np.array([layer.shape for layer in layers])
    flat = np.concatenate([layer.ravel() for layer in layers])
    out = np.zeros(product.shape[0] if size is None else size)
    rank = min(product.shape) if rank is None else rank
    error, route = factor(product, exponent, rank, len(layers), precision, single, out)
    finish(route, flat, shapes, out)
    return out, error, route


def test_auto_takes_the_svd_while_it_is_good_enough():
    # the smallest value is 20 eps / TOLERANCE of the largest at the border
    border = 20.0 * EPS / TOLERANCE
    for small, route in ((2.0 * border, SVD), (0.5 * border, CHAIN)):
        out, error, taken = _run([np.diag([1.0, small])], AUTO)
        assert taken == route
        np.testing.assert_allclose(out, np.log([small, 1.0]), rtol=0, atol=TOLERANCE if route == SVD else 1e-14)
        assert error == pytest.approx(math.log(20.0 * EPS)) if route == SVD else error == -math.inf


def test_accurate_needs_no_product():
    layers = [np.diag([1e150, 1e-100]), np.diag([1e200, 1e-90])]
    with np.errstate(over="ignore"):
        out, error, route = _run(layers, ACCURATE)
    assert (error, route) == (-math.inf, CHAIN)
    np.testing.assert_allclose(out, np.log(10.0) * np.array([-190.0, 350.0]), rtol=1e-15)


def test_fast_clips_to_its_error():
    out, error, route = _run([np.diag([1.0, 1e-12])], FAST)
    assert route == GRAM
    assert error == pytest.approx(math.log(20.0 * EPS))
    np.testing.assert_allclose(2 * out, [error, 0.0], atol=1e-15)


@pytest.mark.parametrize("scale", [1.0, 1e25, 1e-25])
def test_single_precision(scale):
    a = np.random.default_rng(0).standard_normal((30, 20)) * scale
    double, _, _ = _run([a], FAST)
    single, error, _ = _run([a], FAST, single=True)
    assert error == pytest.approx(2 * double[-1] + math.log(20.0 * 2.0**-23), abs=1e-4)
    # dimension 20: a few units of rounding, far below the stated 20 of them
    assert np.abs(np.exp(2 * single - error) - np.exp(2 * double - error)).max() < 0.3


@pytest.mark.parametrize("precision", [AUTO, FAST, ACCURATE])
def test_zeros(precision):
    out, error, route = _run([np.zeros((2, 3))], precision, rank=0, size=3)
    assert (error, route) == (-math.inf, NONE)
    assert np.isneginf(out).all()
    out, _, _ = _run([np.array([[2.0, 0.0, 0.0]])], precision, size=3)
    np.testing.assert_allclose(out, [-np.inf, -np.inf, np.log(2.0)])


def test_the_tolerance_is_the_same_outside_of_compiled_code():
    assert one_sample.TOLERANCE == TOLERANCE


def test_the_exponent_is_added():
    for precision in (AUTO, FAST):
        np.testing.assert_allclose(_run([np.eye(2)], precision, exponent=-3000)[0], -3000 * np.log(2.0))
