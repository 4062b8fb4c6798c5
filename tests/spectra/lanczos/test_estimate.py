import dataclasses
import math

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.rng import as_seed_sequence
from rmtjac.spectra import sample_input, sample_network
from rmtjac.spectra.lanczos import estimate as lanczos
from rmtjac.spectra.lanczos import operator as implicit
from rmtjac.spectra.lanczos.estimate import lanczos_spectrum
from rmtjac.spectra.lanczos.quadrature import smoothed_density
from tests.oracles.closed_forms import finite_moments
from tests.spectra.made import ensemble

# A two-sided level of 1e-4 for each statistical statement below, the seed being fixed.
SIGMAS = 3.9


def measure(ens, seed, sample, probe, masks="network"):
    """Eigenvalues and squared components of a probe, by dense algebra, in the space that is worked in."""
    jacobian = sample_network(ens, seed, sample).jacobian(sample_input(ens, seed, sample))
    alive = jacobian[np.abs(jacobian).max(axis=1) > 0.0]
    m = alive.T @ alive if alive.shape[1] < alive.shape[0] else alive @ alive.T
    values, vectors = np.linalg.eigh(m)
    v = lanczos._probe(as_seed_sequence(seed), sample, probe, m.shape[0])
    return np.maximum(values, 0.0), (vectors.T @ v) ** 2 * (m.shape[0] / ens.widths[-1])


@pytest.mark.parametrize("widths", [(60, 60, 60, 60), (20, 70, 50, 40), (70, 40, 50, 30), (50, 90, 8, 60)])
def test_moments_are_exact_up_to_degree_2m_minus_1(widths):
    ens, steps = ensemble(widths), 3
    slq = lanczos_spectrum(ens, 2, rng=4, probes=3, steps=steps)
    for s in range(2):
        for p in range(3):
            values, squares = measure(ens, 4, s, p)
            for k in range(2 * steps):
                # 2m - 1 = 5 products with M: a few hundred roundings
                expected = (squares * values**k).sum()
                assert (slq.weights[s, p] * slq.nodes[s, p] ** k).sum() == pytest.approx(expected, rel=1e-12)
            # and no further, by a factor: the error of m-point quadrature is positive there
            beyond = (squares * values ** (2 * steps)).sum()
            assert (slq.weights[s, p] * slq.nodes[s, p] ** (2 * steps)).sum() < beyond * (1 - 1e-6)


@pytest.mark.parametrize("widths", [(60, 60, 60, 60), (20, 70, 50, 40), (70, 40, 50, 30)])
def test_bounds_hold_the_measure_of_the_probe(widths):
    ens = ensemble(widths)
    lam = np.concatenate([[-1.0, 0.0], np.geomspace(1e-8, 20.0, 200)])
    slq = lanczos_spectrum(ens, rng=2, probes=1, steps=9)
    low, high = slq.cdf_bounds(lam)
    values, squares = measure(ens, 2, 0, 0)
    exact = np.array([(squares * (values <= x)).sum() for x in lam]) + np.where(lam >= 0.0, 1.0 - squares.sum(), 0.0)
    # zeros of M come out of eigh as something of order 1e-16, which the least positive lam is far above
    exact[1] = exact[2]
    assert (low <= exact + 1e-12).all()
    assert (exact <= high + 1e-12).all()
    # two neighbouring nodes are all that is left open
    assert (high - low).max() <= 2.0 * slq.weights.max() + 1e-12


def test_all_steps_give_all_eigenvalues():
    ens = ensemble((25, 12, 30, 20), "tanh")
    slq = lanczos_spectrum(ens, 3, rng=0, steps=1000)
    emp = rj.sample_spectrum(ens, 3, rng=0)
    assert slq.steps == 20
    for s in range(3):
        for p in range(slq.probes):
            top = emp.eigenvalues[s].max()
            # rank 12: 8 zeros of M make one node; eigenvalues below 1e-13 of the largest may be lost
            nodes = slq.nodes[s, p][slq.nodes[s, p] > 1e-10 * top]
            seen = emp.eigenvalues[s][emp.eigenvalues[s] > 1e-10 * top]
            np.testing.assert_allclose(nodes, seen, atol=1e-12 * top)
    np.testing.assert_array_equal(slq.zero_fractions, emp.zero_fractions)


@pytest.mark.parametrize("masks", ["network", "independent"])
@pytest.mark.parametrize("weights", [rj.Gaussian(), rj.Cauchy(0.2), rj.Stable(0.2, alpha=1.4)])
def test_same_bits_for_any_number_of_threads_with_weights_kept_or_not(monkeypatch, masks, weights):
    monkeypatch.setattr(implicit, "_BLOCK", 1)  # blocks of 32 rows
    ens = rj.Ensemble([90, 130, 110], "hardtanh", weights, weights)
    runs = [
        lanczos_spectrum(ens, 2, rng=7, probes=3, steps=12, masks=masks, threads=t, keep_weights=keep)
        for t, keep in [(1, True), (4, True), (1, False), (4, False), (2, "auto")]
    ]
    for run in runs[1:]:
        assert run.nodes.tobytes() == runs[0].nodes.tobytes()
        assert run.weights.tobytes() == runs[0].weights.tobytes()
    # the blocks are no part of the result, up to rounding
    monkeypatch.undo()
    whole = lanczos_spectrum(ens, 2, rng=7, probes=3, steps=12, masks=masks)
    np.testing.assert_allclose(whole.nodes, runs[0].nodes, atol=1e-9 * whole.nodes.max())


def test_independent_masks_are_those_of_sample_spectrum_for_stable_weights():
    ens = rj.Ensemble.square(50, 2, "hardtanh", [rj.StudentT(1.2), rj.Stable(alpha=0.8)])
    slq = lanczos_spectrum(ens, 3, rng=7, probes=1, steps=2, masks="independent")
    emp = rj.sample_spectrum(ens, 3, rng=7, masks="independent")
    np.testing.assert_array_equal(slq.zero_fractions, emp.zero_fractions)


def test_more_samples_and_probes_keep_the_first_ones():
    few, many = (lanczos_spectrum(ensemble(), s, rng=0, probes=p, steps=8) for s, p in ((1, 2), (2, 5)))
    # products of other shapes round otherwise
    np.testing.assert_allclose(many.nodes[:1, :2], few.nodes, atol=1e-11)


@pytest.mark.parametrize("masks", ["network", "independent"])
@pytest.mark.parametrize("widths", [(200, 200, 200, 200), (150, 300, 120, 200)])
def test_one_network_against_its_eigenvalues(masks, widths):
    ens = ensemble(widths)
    slq = lanczos_spectrum(ens, rng=3, probes=40, steps=60, masks=masks)
    emp = rj.sample_spectrum(ens, 1, rng=3, masks=masks)
    assert slq.atom == emp.atom
    for k in range(1, 5):
        value, error = slq.moment(k)
        assert abs(value - emp.moment(k).value) < SIGMAS * error
    lam = emp.quantile(1.0).value * np.array([0.01, 0.03, 0.1, 0.2, 0.4, 0.7])
    value, error = slq.cdf(lam), slq.cdf_error(lam)
    # the interpolation between nodes may be off by half of an eigenvalue beyond the noise of the probes
    assert (np.abs(value - emp.cdf(lam)) < SIGMAS * error + 0.5 / widths[-1]).all()
    value, error = slq.density(lam), slq.density_error(lam)
    exact = smoothed_density(
        emp.eigenvalues[0], np.full(widths[-1], 1.0 / widths[-1]) * (emp.eigenvalues[0] > 0.0), lam,
        width=2.0 / slq.steps, top=slq.top,
    )  # fmt: skip
    # the quadrature of the kernel: see the test of its coefficients below
    assert (np.abs(value - exact) < SIGMAS * error + 2e-3 * exact).all()


def test_mask_moments_are_those_of_d():
    ens = ensemble()
    slq = lanczos_spectrum(ens, 2, rng=6, steps=2)
    for i in range(2):
        hs = sample_network(ens, 6, i).preactivations(sample_input(ens, 6, i))
        for l, (phi, h) in enumerate(zip(ens.activations, hs, strict=True)):
            d = phi.derivative(h)
            expected = [np.mean(d**2), np.mean(d**4), np.log(d[d > 0.0] ** 2).mean()]
            np.testing.assert_allclose(slq.mask_moments[i, l], expected, rtol=1e-12, atol=1e-13)


def test_error_between_probes_is_that_of_signs():
    # Var v^T A v = 2 sum_{i != j} A_ij^2 / n^2 for unit vectors v of n independent signs
    ens = ensemble(activation="tanh")
    slq = lanczos_spectrum(ens, rng=1, probes=400, steps=2)
    j = sample_network(ens, 1, 0).jacobian(sample_input(ens, 1, 0))
    m = j @ j.T
    variance = 2.0 * (np.square(m).sum() - np.square(np.diag(m)).sum()) / 60**2
    # relative error of a variance from 400 values, kurtosis of a quadratic form below 6: sqrt(5 / 400) = .11
    assert slq.moment(1).error ** 2 * 400 == pytest.approx(variance, rel=4 * 0.11)
    assert abs(slq.moment(1).value - np.trace(m) / 60) < SIGMAS * slq.moment(1).error


def test_independent_masks_have_the_exact_finite_moments():
    width, q = 50, 0.8
    ens = rj.Ensemble.square(width, 2, "erf", rj.Gaussian(1.0), rj.Gaussian(0.2))
    slq = lanczos_spectrum(ens, 300, rng=3, probes=4, steps=4, masks="independent", input_variance=q, threads=1)
    # E D^2k = (1 + pi q k)^(-1/2) for the erf activation
    mus = [tuple((1 + math.pi * v * k) ** -0.5 for k in (1, 2)) for v in rj.mean_field(ens, q).preactivation_variances]
    for k, expected in enumerate(finite_moments(width, mus), 1):
        value, error = slq.moment(k)
        assert abs(value - expected) < SIGMAS * error


@pytest.mark.parametrize("widths", [(600, 600, 600), (300, 600, 450)])
def test_against_the_limit(widths):
    ens = rj.Ensemble(widths, "hardtanh", biases=rj.Gaussian(0.1))
    slq, lim = lanczos_spectrum(ens, 12, rng=8, probes=4, steps=40), rj.limit_spectrum(ens)
    for k in range(1, 4):
        value, error = slq.moment(k)
        # between networks; the bias is of order 1/N, k (k + 1) / N being generous (exact for k = 2, L = 1: 1/N)
        assert abs(value - lim.moment(k)) < SIGMAS * error + k * (k + 1) / widths[-1] * lim.moment(k)
    lam = lim.support[-1, 1] * np.array([0.02, 0.1, 0.3, 0.6])
    value, error = slq.cdf(lam), slq.cdf_error(lam)
    assert (np.abs(value - lim.cdf(lam)) < SIGMAS * error + 2.0 / widths[-1]).all()


@pytest.mark.parametrize("keep", [True, False])
def test_numpy_activations_equal_the_kernel(keep):
    for name in ("hardtanh", "gelu"):
        phi = dataclasses.replace(rj.activations.activation(name), code=None)
        one, other = (lanczos_spectrum(ensemble(activation=a), rng=2, steps=10, keep_weights=keep) for a in (name, phi))
        np.testing.assert_allclose(one.nodes, other.nodes, atol=1e-10)


def test_orthogonal_linear_ends_after_one_step():
    slq = lanczos_spectrum(rj.Ensemble.square(30, 5, "linear", rj.Orthogonal(2.0)), rng=0)
    used = slq.weights > 0.0
    assert (used.sum(axis=2) == 1).all()
    np.testing.assert_allclose(slq.nodes[used], 4.0**5, rtol=1e-13)
    np.testing.assert_allclose(slq.weights[used], 1.0, rtol=1e-13)


@pytest.mark.parametrize("std", [1e-2, 1e2])
def test_products_beyond_a_float_on_the_way(std):
    # lambda of order 1e240 or 1e-240: neither its square nor the signal of relu need fit
    plain, scaled = (
        lanczos_spectrum(rj.Ensemble.square(40, 60, "relu", rj.Gaussian(s)), rng=0, probes=2, steps=10).nodes
        for s in (1.0, std)
    )
    seen = plain > 1e-6 * plain.max()
    np.testing.assert_allclose(scaled[seen] / std**120, plain[seen], rtol=1e-6)


def test_eigenvalues_and_signals_beyond_a_float_are_refused():
    with pytest.raises(OverflowError, match="eigenvalues leave the range of a float"):
        lanczos_spectrum(rj.Ensemble.square(10, 200, "linear", rj.Gaussian(1e2)), rng=0, steps=3)
    ens = rj.Ensemble.square(5, 300, ["linear"] * 299 + ["softsign"], rj.Gaussian(1e3))
    with pytest.raises(OverflowError, match="in layer 299"):
        lanczos_spectrum(ens, rng=0)


@pytest.mark.parametrize("widths", [[1, 1], [1, 1, 1], [1, 5, 1], [3, 1, 3], [7, 4], [4, 7], [2] * 30])
def test_odd_shapes(widths):
    ens = rj.Ensemble(widths, "tanh")
    slq, emp = lanczos_spectrum(ens, 2, rng=0), rj.sample_spectrum(ens, 2, rng=0)
    np.testing.assert_array_equal(slq.zero_fractions, emp.zero_fractions)
    # as many steps as dimensions; equal traces for signs only in one dimension
    np.testing.assert_allclose(slq.nodes.max(axis=(1, 2)), emp.eigenvalues.max(axis=1), rtol=1e-11)
    if min(widths[0], widths[-1]) == 1:
        assert slq.moment(1).value == pytest.approx(emp.moment(1).value, rel=1e-13)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"samples": 0}, "samples=0 must be a positive whole number"),
        ({"probes": 0}, "probes=0 must be a positive whole number"),
        ({"steps": 1.5}, "steps=1.5 must be a positive whole number"),
        ({"masks": "none"}, "masks='none' must be one of 'network', 'independent'"),
        ({"keep_weights": "no"}, "keep_weights='no' must be one of 'auto'"),
        ({"threads": 0}, "threads=0"),
        ({"input_variance": math.nan}, "input_variance=nan"),
        ({"rng": 0.5}, "rng=0.5"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        lanczos_spectrum(rj.Ensemble.square(4, 2), **({"rng": 0} | options))


def test_progress_is_silent_away_from_a_terminal(capfd):
    lanczos_spectrum(rj.Ensemble.square(4, 2), rng=0, progress=True)
    assert capfd.readouterr() == ("", "")


def test_singular_sign_matrices_are_counted():
    ens = rj.Ensemble.square(4, 2, "linear", weights=rj.Rademacher())
    found = lanczos_spectrum(ens, 20, rng=3, steps=4)
    exact = rj.sample_spectrum(ens, 20, rng=3)
    np.testing.assert_array_equal(found.zero_fractions, exact.zero_fractions)
    assert exact.atom > 0.1


def test_weights_beyond_memory_are_drawn_again(monkeypatch):
    kept = []
    monkeypatch.setattr(implicit.Layer, "keep", lambda layer, parallel: kept.append(layer))
    monkeypatch.setattr(lanczos, "_memory", lambda: 1e4)
    lanczos_spectrum(ensemble(), rng=0, steps=2)
    assert not kept
    monkeypatch.undo()
    assert lanczos._memory() > 1e6
