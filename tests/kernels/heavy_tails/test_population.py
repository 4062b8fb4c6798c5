"""Pools against closed forms: the law of h, one linear Cauchy layer, Gaussian layers."""

import numpy as np
import pytest
from scipy import stats

from benchmarks.population import linear_current
from rmtjac.kernels.activations import Code
from rmtjac.kernels.heavy_tails.population import run, signal
from rmtjac.propagation.stable_weights import StableWeights

_ANGLE = 0.4


def _arguments(weights, code, depth):
    """Return the arguments of the kernels that describe a network."""
    laws = np.tile([weights.alpha, weights.tail, weights.kappa, 1.0, -1.0, 0.0, 0.0], (depth, 1))
    phis = np.tile([-2.0 if code == Code.LINEAR else float(code), 0.0, float(code)], (depth, 1))
    return laws, phis, np.zeros((depth, 2, 1))


def _current(seed, weights, code, log_lam, depth=1, pool=200, ratios=None, stop=0, sweeps=20):
    laws, phis, tables = _arguments(weights, code, depth)
    ratios = np.ones(depth) if ratios is None else np.array(ratios)
    sizes = np.sort(np.abs(signal(np.random.default_rng(99), laws, phis, tables, np.zeros(0), 1.0, 5000, 40)), axis=1)
    return run(
        np.random.default_rng(seed), laws, ratios, phis, tables, np.zeros(0), 1.0, sizes, np.ones(depth + 1), log_lam,
        _ANGLE, pool, 40, 20, sweeps, np.array([stop], dtype=np.uint8),
    ).mean(axis=0)  # fmt: skip


def test_preactivations_are_stable():
    """Cauchy weights: h is Cauchy of scale gamma E|x|; two layers of alpha = 1.5: E cos(t h) = exp(-(s t)^1.5)."""
    laws, phis, tables = _arguments(StableWeights(1.0, 1.3), Code.HARDTANH, 1)
    h = signal(np.random.default_rng(1), laws, phis, tables, np.zeros(0), 2.0, 20000, 40)[0]
    assert stats.kstest(h, stats.cauchy(scale=1.3 * 2.0 * (2 / np.pi) ** 0.5).cdf).pvalue > 0.001
    laws, phis, tables = _arguments(StableWeights(1.5, 0.8), Code.TANH, 2)
    h = signal(np.random.default_rng(2), laws, phis, tables, np.array([1.0, -1.0]), 0.0, 20000, 40)
    scale = [0.8, 0.8 * np.mean(np.abs(np.tanh(h[0])) ** 1.5) ** (1 / 1.5)]
    for l in (0, 1):
        for t in (0.5, 1.0, 2.0):
            assert np.cos(t * h[l]).mean() == pytest.approx(np.exp(-((scale[l] * t) ** 1.5)), abs=4 * 0.71 / 20000**0.5)


def test_pools_of_one_linear_layer():
    """The scalar equation, solved in the test; four standard errors of six runs, and the bias of small pools."""
    log_lam = np.linspace(-8.0, 8.0, 9)
    runs = np.array([_current(seed, StableWeights(1.0, 1.0), Code.LINEAR, log_lam) for seed in range(6)])
    error = 4 * runs.imag.std(axis=0, ddof=1) / 6**0.5 + 0.002
    assert (np.abs(runs.imag.mean(axis=0) - linear_current(log_lam, _ANGLE).imag) < error).all()


@pytest.mark.parametrize("depth", [1, 3])
def test_gaussian_layers_follow_fuss_catalan(depth):
    """Pools of linear Gaussian layers have no noise: mu = 1 - eta E g solves eta^2 mu = (1 - mu)^(L + 1)."""
    log_lam = np.linspace(-3.0, 1.5, 7)
    mu = _current(0, StableWeights(2.0, 0.5**0.5), Code.LINEAR, log_lam, depth, pool=16, sweeps=400)
    right = (1.0 - mu) ** (depth + 1)
    # Half of a pool of equal members is renewed at a time; the iteration converges geometrically.
    assert np.abs(-np.exp(log_lam + 1j * _ANGLE) * mu - right).max() < 2e-3


def test_rectangular_gaussian_layer():
    """n_1 = n_0/2: eta^2 = mu/2 / (rho_0 rho_1) with rho_0 = mu/2 / (1 - mu/2), rho_1 = mu/(1 - mu)."""
    log_lam = np.linspace(-2.0, 2.0, 5)
    mu = _current(0, StableWeights(2.0, 0.5**0.5), Code.LINEAR, log_lam, pool=16, ratios=[0.5], sweeps=400)
    rho = [0.5 * mu / (1.0 - 0.5 * mu), mu / (1.0 - mu)]
    assert np.abs(-np.exp(log_lam + 1j * _ANGLE) * rho[0] * rho[1] / (0.5 * mu) - 1.0).max() < 5e-3


def test_stops():
    assert np.all(_current(0, StableWeights(1.0, 1.0), Code.LINEAR, np.zeros(1), stop=1) == 0.0)
