import numpy as np
import pytest

import rmtjac as rj
from rmtjac.spectra import weight_spectra


def test_matrices_against_numpy():
    stack = np.random.default_rng(0).standard_normal((4, 6, 9))
    expected = np.sort(np.linalg.svd(stack, compute_uv=False), axis=1)
    for precision in ("auto", "accurate", "fast"):
        emp = rj.EmpiricalSpectrum.from_matrices(stack, precision)
        np.testing.assert_allclose(np.exp(emp.log_singular_values), expected, rtol=1e-9)
        assert emp.samples == 4
    one = rj.EmpiricalSpectrum.from_matrices(stack[0])
    np.testing.assert_allclose(np.exp(one.log_singular_values), expected[:1], rtol=1e-12)
    tall = rj.EmpiricalSpectrum.from_matrices(stack.transpose(0, 2, 1))
    assert tall.atom == pytest.approx(1 / 3)


def test_a_graded_matrix_keeps_its_digits():
    rows = 10.0 ** -np.arange(0, 300, 30.0)
    q = np.linalg.qr(np.random.default_rng(1).standard_normal((10, 10)))[0]
    emp = rj.EmpiricalSpectrum.from_matrices(rows[:, None] * q)
    np.testing.assert_allclose(emp.log_singular_values[0], np.log(rows[::-1]), rtol=1e-13, atol=1e-14)
    assert emp.log_floor == -np.inf


@pytest.mark.parametrize("activation", ["hardtanh", "tanh", "relu"])
def test_jacobians_of_a_network(activation):
    net = rj.Ensemble([5, 8, 6], activation, biases=rj.Gaussian(0.3)).draw(rng=3)
    inputs = np.random.default_rng(2).standard_normal((2, 3, 5))
    emp = rj.EmpiricalSpectrum.from_network(net, inputs)
    expected = np.linalg.svd(net.jacobian(inputs.reshape(6, 5)), compute_uv=False)
    padded = np.sort(np.pad(expected, ((0, 0), (0, 1))), axis=1)
    np.testing.assert_allclose(np.exp(emp.log_singular_values), padded, atol=1e-13)
    d = net.activations[0].derivative(net.preactivations(inputs.reshape(6, 5))[0])
    np.testing.assert_allclose(emp.mask_moments[:, 0, 0], (d**2).mean(axis=1), rtol=1e-14)


def test_weights():
    net = rj.Ensemble([5, 8, 6], "tanh").draw(rng=3)
    for matrix, emp in zip(net.weights, weight_spectra(net), strict=True):
        values = np.linalg.svd(matrix, compute_uv=False)
        np.testing.assert_allclose(emp.eigenvalues[0, -values.size :], values[::-1] ** 2, rtol=1e-12)


def test_zero_and_tiny_matrices():
    assert rj.EmpiricalSpectrum.from_matrices([[[0.0]]]).atom == 1.0
    emp = rj.EmpiricalSpectrum.from_matrices([[[5e-324]]])
    assert emp.log_singular_values[0, 0] == pytest.approx(np.log(5e-324))


@pytest.mark.parametrize(
    ("matrices", "message"),
    [
        ([], "at least one matrix"),
        ([np.ones((2, 2)), np.ones((3, 2))], "3 rows, the first 2"),
        ([np.ones(2)], r"matrices\[0\] has shape \(2,\)"),
        ([[[np.nan]]], "NaN or infinite"),
        ([np.empty((0, 2))], "at least 1 x 1"),
    ],
)
def test_bad_input(matrices, message):
    with pytest.raises(ValueError, match=message):
        rj.EmpiricalSpectrum.from_matrices(matrices)


def test_bad_precision():
    with pytest.raises(ValueError, match="precision="):
        rj.EmpiricalSpectrum.from_matrices([[[1.0]]], "exact")
