import numpy as np
import pytest

from rmtjac.kernels.adam import adamw


def _formula(theta, gradients, rate, decay, floor, betas=(0.9, 0.999), small=1e-8):
    """The update as in the papers, step by step."""
    m, v = np.zeros_like(theta), np.zeros_like(theta)
    for t, g in enumerate(gradients, 1):
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        theta = theta - rate * decay * theta
        theta = theta - rate * (m / (1 - betas[0] ** t)) / (np.sqrt(v / (1 - betas[1] ** t)) + small)
        theta = np.maximum(theta, floor)
    return theta


@pytest.mark.parametrize("step", [adamw, adamw.py_func])
@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_against_the_formula(step, kind):
    rng = np.random.default_rng(0)
    theta = rng.normal(size=50)
    gradients = rng.normal(size=(30, 50)) * 10.0 ** rng.uniform(-6, 3, 50)
    floor = np.where(rng.random(50) < 0.5, -np.inf, -0.1)
    wanted = _formula(theta, gradients, 1e-2, 0.3, floor)
    moved, first, second = theta.astype(kind), np.zeros(50, kind), np.zeros(50, kind)
    for t, g in enumerate(gradients, 1):
        rates = np.array([0.1, 0.001, 1e-2 / (1 - 0.9**t), (1 - 0.999**t) ** -0.5], kind)
        step(moved, g.astype(kind), first, second, floor.astype(kind), rates, kind(1 - 1e-2 * 0.3), kind(1e-8))
    assert moved.dtype == kind
    # 30 steps of a few roundings each
    np.testing.assert_allclose(moved, wanted, atol=1e-13 if kind is np.float64 else 2e-5)
