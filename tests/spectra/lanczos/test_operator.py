import numpy as np
import pytest

import rmtjac as rj
from rmtjac.rng import as_seed_sequence
from rmtjac.spectra import sample_input, sample_network
from rmtjac.spectra.lanczos import operator
from rmtjac.spectra.lanczos.operator import survey


def _jacobian(ens, seed, sample):
    return sample_network(ens, seed, sample).jacobian(sample_input(ens, seed, sample))


@pytest.mark.parametrize("weights", [rj.Gaussian(1.3), rj.Rademacher(), rj.Orthogonal()])
@pytest.mark.parametrize("activation", ["relu", "tanh", ["hardtanh", "leaky_relu:0.1", "relu"]])
def test_the_layers_multiply_to_the_jacobian(monkeypatch, weights, activation):
    monkeypatch.setattr(operator, "_BLOCK", 1)  # blocks of 32 rows
    ens = rj.Ensemble([40, 70, 50, 45], activation, weights, rj.Gaussian(0.2))
    layers, rank = survey(ens, as_seed_sequence(5), 2, 1.0, None)
    exact = _jacobian(ens, 5, 2)
    alive = np.abs(exact).max(axis=1) > 0.0
    x, y = np.eye(40), np.eye(layers[-1].shape[0])
    for layer in layers:
        x = layer.product(x, map, transposed=False)
    for layer in reversed(layers):
        y = layer.product(y, map, transposed=True)
    scale = 2.0 ** sum(layer.exponent for layer in layers)
    # rounding of three products of about 60 terms
    np.testing.assert_allclose(scale * x.T, exact[alive], atol=1e-13 * np.abs(exact).max())
    np.testing.assert_allclose(y, x.T, atol=1e-13 * np.abs(x).max())
    assert rank == np.linalg.matrix_rank(exact) or weights != rj.Gaussian(1.3)


def test_kept_blocks_are_those_that_are_drawn_again():
    ens = rj.Ensemble([30, 40], "relu", rj.Cauchy())
    (layer,), _ = survey(ens, as_seed_sequence(1), 0, 1.0, None)
    drawn = layer.whole()
    layer.keep(map)
    np.testing.assert_array_equal(layer.whole(), drawn)
    assert drawn.shape == layer.shape


@pytest.mark.parametrize(("x", "expected"), [([0.0], 0), ([0.5], 0), ([1.0, -9.0], 4), ([np.inf], 0)])
def test_exponents(x, expected):
    assert operator._exponent(np.array(x)) == expected
