import numpy as np
import pytest

from rmtjac.spectra.largest.top_eigenvalue import top_eigenvalue


@pytest.mark.parametrize("n", [1, 2, 3, 7, 60, 400])
def test_random_matrices(n):
    rng = np.random.default_rng(n)
    a = rng.standard_normal((n, n))
    a = a @ a.T
    found = top_eigenvalue(lambda x: a @ x, rng.standard_normal(n))
    top = np.linalg.eigvalsh(a)[-1]
    assert abs(found.value / top - 1.0) <= found.error + 1e-14
    assert found.error < 1e-10


@pytest.mark.parametrize(
    "d",
    [
        np.ones(50),
        np.zeros(50),
        np.array([1.0, 1.0, *np.zeros(60)]),
        np.array([1e-100, *np.zeros(9)]),
        np.linspace(0.0, 1.0, 1000),
    ],
)
def test_clusters_and_zeros(d):
    found = top_eigenvalue(lambda x: d * x, np.random.default_rng(0).standard_normal(d.size))
    assert abs(found.value - d.max()) <= (found.error + 1e-14) * d.max() + 1e-320
    assert found.error < 1e-8


def test_two_eigenvalues_that_are_next_to_each_other():
    """What is found lies between them; the error does not know of the second one, which the docstring says."""
    d = np.array([1.0, 1.0 - 1e-9, *np.linspace(0.0, 0.9, 100)])
    found = top_eigenvalue(lambda x: d * x, np.random.default_rng(0).standard_normal(d.size))
    assert 1.0 - 1e-9 - 1e-13 <= found.value <= 1.0 + 1e-13


def test_too_few_steps_are_said():
    d = np.linspace(0.0, 1.0, 1000)
    found = top_eigenvalue(lambda x: d * x, np.random.default_rng(0).standard_normal(1000), most=12)
    assert found.error > 1e-6
    assert abs(found.value - 1.0) <= found.error
