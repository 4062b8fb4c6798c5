import numpy as np
import pytest

import rmtjac as rj

Given = rj.EmpiricalEigenvalues


def test_matrices():
    rotation = [[0.0, -2.0], [2.0, 0.0]]
    emp = Given.from_matrices([rotation, np.eye(2), [[1.0, 1.0], [1.0, 1.0]]])
    assert emp.samples == 3
    np.testing.assert_allclose(emp.spectral_radii, [2.0, 1.0, 2.0])
    assert emp.zero_fractions.tolist() == [0.0, 0.0, 0.5]
    assert Given.from_matrices(np.diag([3, 0, 5])).zero_fractions.tolist() == [1.0 / 3.0]
    assert Given.from_matrices(np.float32([[2.0]])).spectral_radii.tolist() == [2.0]
    assert Given.from_matrices([[0.0, 1.0], [0.0, 0.0]]).atom == 1.0  # nilpotent
    assert Given.from_matrices(np.zeros((3, 3))).atom == 1.0
    graded = Given.from_matrices(np.diag([1e-100, 1.0, 1e100]))
    np.testing.assert_allclose(graded.log_moduli[0, -1], np.log(1e100))
    assert graded.atom == 0.0
    assert graded.unresolved == pytest.approx(2.0 / 3.0)


def test_a_low_rank_has_its_zeros():
    rng = np.random.default_rng(0)
    matrix = rng.integers(-3, 4, (8, 3)) @ rng.integers(-3, 4, (3, 8))
    emp = Given.from_matrices(matrix)
    assert emp.atom == 1.0 - np.linalg.matrix_rank(matrix) / 8.0


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (np.ones((2, 3)), ValueError, "eigenvalues need a square matrix"),
        (np.ones(3), ValueError, "shape"),
        ([np.eye(2), np.eye(3)], ValueError, r"matrices\[1\] has shape"),
        ([[np.nan]], ValueError, "NaN"),
        ([[1j]], TypeError, "real numbers"),
        ([], ValueError, "at least one"),
    ],
)
def test_refusals(given, error, words):
    with pytest.raises(error, match=words):
        Given.from_matrices(given)


def test_network():
    network = rj.Ensemble([6, 9, 6], ["relu", "tanh"]).draw(rng=3)
    inputs = np.random.default_rng(1).standard_normal((4, 6))
    emp = Given.from_network(network, inputs)
    for i, x in enumerate(inputs):
        values = np.linalg.eigvals(network.jacobian(x))
        np.testing.assert_allclose(np.sort(emp.moduli[i]), np.sort(np.abs(values)), atol=1e-7)
    assert Given.from_network(network, inputs[0]).samples == 1
    with pytest.raises(ValueError, match="square Jacobian"):
        Given.from_network(rj.Ensemble([3, 4]).draw(rng=0), np.zeros(3))
    with pytest.raises(ValueError, match="NaN or infinite"):
        Given.from_network(network, np.full(6, np.inf))
