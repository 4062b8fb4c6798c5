import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.smoothing import smoothed_cdf
from rmtjac.theory.heavy_tails.coupled.input_law import fixed_input, gaussian_input, stationary_input
from rmtjac.theory.heavy_tails.coupled.solver import CoupledSolver
from rmtjac.theory.heavy_tails.solver import Solver

N = 1000


def _sample(kind, gamma, bias, matrices, coupled=True, seed=11):
    """Return log s^2 of N x N layers with masks of their own forward pass, or independent ones, and the atom."""
    rng = np.random.default_rng(seed)
    logs, zeros = [], 0
    for _ in range(matrices):
        x = rng.choice([-1.0, 1.0], N) if kind == "fixed" else np.clip(0.596329956 * rng.standard_cauchy(N), -1.0, 1.0)
        weights = gamma / N * rng.standard_cauchy((N, N))
        if coupled:
            active = np.abs(weights @ x + bias * rng.standard_cauchy(N)) < 1.0
        else:
            active = rng.random(N) < 2.0 / math.pi * math.atan(1.0 / (gamma * np.abs(x).mean() + bias))
        logs.append(2.0 * np.log(np.linalg.svd(weights[active], compute_uv=False)))
        zeros += N - active.sum()
    return np.concatenate(logs), zeros / (N * matrices)


def _distance(solver, logs, atom):
    points = np.linspace(-10.0, 14.0, 300)
    found = solver.cdf(points)
    assert found.error.max() < 1e-8
    return np.abs(smoothed_cdf(points, logs, solver.angle, atom) - found.value).max()


def test_against_samples_and_independent_masks():
    # |x| = 1, gamma = 1, angle 0.15, ten matrices of 1000 rows: .01 is asked for (noise .005). Independent masks
    # must fail the same test.
    solver: Solver = CoupledSolver(1.0, fixed_input(), angle=0.15)
    assert _distance(solver, *_sample("fixed", 1.0, 0.0, 10)) < 0.01
    assert _distance(solver, *_sample("fixed", 1.0, 0.0, 1, coupled=False)) > 0.05


@pytest.mark.parametrize(
    ("kind", "gamma", "bias"),
    [("fixed", 3.0, 0.0), ("fixed", 0.5, 0.5), ("stationary", 1.0, 0.0), ("stationary", 2.0, 0.3)],
)
def test_more_laws_against_samples(kind, gamma, bias):
    # Ten matrices; the law itself, at angle 0, within the sampling noise 1.5/sqrt(10 N) = .015.
    law = fixed_input() if kind == "fixed" else stationary_input(0.596329956)
    sample = _sample(kind, gamma, bias, 10)
    assert _distance(CoupledSolver(gamma, law, bias, angle=0.15), *sample) < 0.01
    assert _distance(CoupledSolver(gamma, law, bias, angle=0.0), *sample) < 1.5 / math.sqrt(10 * N)
    assert _distance(CoupledSolver(gamma, law, bias, angle=0.15), *_sample(kind, gamma, bias, 2, coupled=False)) > 0.05


def test_the_input_that_sample_spectrum_draws():
    solver = CoupledSolver(1.0, gaussian_input(), angle=0.15)
    ensemble = rj.Ensemble.square(N, 1, "hardtanh", rj.Cauchy(1.0))
    for masks, within in (("network", True), ("independent", False)):
        logs = 2.0 * rj.sample_spectrum(ensemble, 10, rng=4, masks=masks).log_singular_values.ravel()
        finite = np.isfinite(logs)
        distance = _distance(solver, logs[finite], 1.0 - finite.mean())
        assert distance < 0.01 if within else distance > 0.05


@pytest.mark.parametrize(
    ("gamma", "law", "bias", "ratio", "angle"),
    [
        (1.0, gaussian_input(), 0.0, 3.0, 0.0),
        (10.0, fixed_input(), 0.0, 1.0, 0.2),
        (1.0, fixed_input(0.0), 0.5, 0.5, 0.0),
    ],
)
def test_mass(gamma, law, bias, ratio, angle):
    # Nothing is normalised: density, atom and tail add up to 1.
    mass = CoupledSolver(gamma, law, bias, ratio, angle).mass
    assert float(mass.value) == pytest.approx(1.0, abs=1e-9)
    assert mass.error < 1e-8


def test_atom_and_mean_field():
    # Oracle: p = (2/pi) arctan(1/q); the stationary input has q = gamma E|x| = scale.
    solver = CoupledSolver(1.0, stationary_input(0.596329956))
    assert float(solver.atom.value) == pytest.approx(1.0 - 2.0 / math.pi * math.atan(1.0 / 0.596329956), abs=1e-7)
    assert float(CoupledSolver(1.0, fixed_input(), ratio=4.0).atom.value) == pytest.approx(0.75, abs=1e-14)


def test_density_is_the_slope_of_the_cdf_and_the_tail_joins():
    solver = CoupledSolver(1.0, fixed_input())
    # Nothing is normalised.
    assert float(solver.mass.value) == pytest.approx(1.0, abs=1e-9)
    assert solver.angle == 0.0
    assert solver.method == "coupled"
    points = np.array([-3.0, -0.5, 1.0, 5.0, 11.0])
    h = 1e-3
    slope = (solver.cdf(points + h).value - solver.cdf(points - h).value) / (2.0 * h)
    density = solver.log_density(points)
    assert slope == pytest.approx(density.value, rel=1e-5, abs=1e-8)
    assert (density.error < 1e-10).all()
    far = solver.log_density(np.array([16.0, 30.0, 200.0, 2000.0]))
    exact = 1.5 * solver.tail.constant * np.exp(-1.5 * np.array([16.0, 30.0, 200.0, 2000.0]))
    assert far.value == pytest.approx(exact, rel=1e-4, abs=0.0)
    assert (far.error <= 1e-4 * far.value).all()
    ends = solver.cdf(np.array([-np.inf, -1e5, 1e5, np.inf]))
    assert ends.value == pytest.approx([0.5, 0.5, 1.0, 1.0], abs=1e-9)
    values = solver.cdf(np.linspace(-20.0, 40.0, 2000)).value
    assert (np.diff(values) >= -1e-10).all()


def test_points_that_cannot_be_resolved_say_so():
    # q = 1e-3 at angle 0 needs far more nodes than are allowed.
    found = CoupledSolver(1e-3, fixed_input(), angle=0.0)._two_grids(-14.0)
    assert found[1] == math.inf
    assert CoupledSolver(1e-3, fixed_input()).angle == 0.2


def test_empty_and_extreme_points():
    solver = CoupledSolver(1.0, fixed_input(), angle=0.3)
    assert solver.log_density(np.empty(0)).value.shape == (0,)
    found = solver.log_density(np.array([-2000.0, -60.0, 60.0, 2000.0]))
    assert (found.value >= 0.0).all()
    assert (found.value < 1e-9).all()
    assert (found.error < 1e-9).all()


def test_bad_input():
    for arguments in (
        (0.0, fixed_input()),
        (math.nan, fixed_input()),
        (1.0, fixed_input(), -1.0),
        (1.0, fixed_input(), 0.0, 0.0),
        (1.0, fixed_input(), 0.0, 1.0, 4.0),
        (1.0, fixed_input(), 0.0, 1.0, 2.5),
        (1.0, fixed_input(0.0)),
    ):
        with pytest.raises(ValueError, match=r"gamma|bias|ratio|angle|q="):
            CoupledSolver(*arguments)
    with pytest.raises(TypeError):
        CoupledSolver(1.0, 1.0)
