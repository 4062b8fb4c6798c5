"""Curves by population dynamics against closed forms and sampled spectra."""

from dataclasses import replace

import numpy as np
import pytest

import rmtjac as rj
from benchmarks.population import linear_current
from rmtjac.activations import activation
from rmtjac.propagation.stable_weights import StableWeights
from rmtjac.smoothing import smoothed_cdf
from rmtjac.theory.heavy_tails.population.options import PopulationOptions
from rmtjac.theory.heavy_tails.population.population_solver import PopulationSolver

QUICK = PopulationOptions(pool=100, replicas=4, sweeps=15, burn=20, angle=0.4, threads=2)
CAUCHY = StableWeights(1.0, 1.0)


def test_one_linear_layer():
    """Density and cdf of the scalar equation; at least 90 % of the points within two errors."""
    one = PopulationSolver([CAUCHY], [activation("linear")], [1, 1], options=QUICK)
    points = np.linspace(-10.0, 10.0, 41)
    density = linear_current(points, 0.4).imag / (np.pi - 0.4)
    found = one.log_density(points)
    assert np.mean(np.abs(found.value - density) <= 2.0 * found.error) >= 0.9
    assert np.abs(found.value - density).max() < 0.006
    # Half of the mass lies below sqrt(lambda) = 1: g_0 and g_L have one law, and s and 1/s too at gamma = 1.
    fine = np.arange(-60.0, 80.0, 0.1)
    table = linear_current(fine, 0.4).imag / (np.pi - 0.4)
    cdf = np.interp(points, fine + 0.05, np.cumsum(table) * 0.1)
    found = one.cdf(points)
    assert np.abs(found.value - cdf).max() < 0.006
    assert np.mean(np.abs(found.value - cdf) <= 2.0 * found.error) >= 0.9
    assert one.converged
    assert (one.atom.value, one.tail.exponent) == (0.0, 0.5)


@pytest.mark.parametrize(
    ("ensemble", "matrices"),
    [
        (rj.Ensemble.square(300, 2, "hardtanh", rj.Cauchy(1.0)), 40),
        (rj.Ensemble([300, 200, 150], "hardtanh", rj.Cauchy(1.0)), 60),
        (rj.Ensemble.square(300, 2, "tanh", [rj.Gaussian(1.5), rj.Cauchy(1.0)]), 40),
        (rj.Ensemble.square(300, 1, "hardtanh", rj.Stable(1.5), rj.Gaussian(0.3)), 60),
    ],
)
def test_against_samples(ensemble, matrices):
    """The noise of R matrices is 0.5/sqrt(N R) = 0.005; with the error of small pools the difference is below 0.02."""
    one = PopulationSolver.from_ensemble(ensemble, options=QUICK)
    values = np.asarray(rj.sample_spectrum(ensemble, matrices, rng=1).eigenvalues).ravel()
    positive = values[values > 0.0]
    points = np.linspace(-25.0, 8.0, 67)
    sampled = smoothed_cdf(points, np.log(positive), 0.4, 1.0 - positive.size / values.size)
    assert np.abs(one.cdf(points).value - sampled).max() < 0.02
    assert float(one.atom.error) < 0.01


def test_a_pool_too_small_for_the_target_is_flagged():
    options = replace(QUICK, pool=16, sweeps=2, burn=5, target=1e-5, most_replicas=8)
    one = PopulationSolver([CAUCHY], [activation("hardtanh")], [1, 1], options=options)
    assert not one.converged
    easy = PopulationSolver([CAUCHY], [activation("hardtanh")], [1, 1], options=replace(options, target=0.5))
    assert easy.converged


def test_activation_of_the_user_equals_the_compiled_one():
    """The same random numbers: the table of tanh, with its error of 2e-6, leads to the same curve."""
    own = rj.Activation("own", np.tanh, lambda h: 1.0 / np.cosh(np.clip(h, -300.0, 300.0)) ** 2)
    options = replace(QUICK, pool=32, replicas=2, sweeps=3, burn=5)
    points = np.linspace(-8.0, 6.0, 15)
    found = [PopulationSolver([CAUCHY], [phi], [1, 1], options=options).cdf(points).value
             for phi in (own, activation("tanh"))]  # fmt: skip
    assert np.allclose(found[0], found[1], atol=2e-2)


def test_values_as_inputs():
    """|x| = 1 gives the atom 1 - p, p = (2/pi) atan(1/gamma) = 1/2."""
    ensemble = rj.Ensemble.square(50, 1, "hardtanh", rj.Cauchy(1.0))
    one = PopulationSolver.from_ensemble(ensemble, inputs=[1, -1], options=QUICK)
    assert float(one.atom.value) == pytest.approx(0.5, abs=0.01)
    assert one.tail.exponent == 1.5
