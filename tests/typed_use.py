"""What a user may write under ``mypy --strict``: `test_typing` runs mypy on it. No public call returns Any."""

from collections.abc import Mapping
from pathlib import Path
from typing import assert_type

import numpy as np

import rmtjac as rj
from rmtjac.activations import Facts
from rmtjac.nonnegative import Certificate
from rmtjac.spectra import Estimate, LogMoment
from rmtjac.status import Status
from rmtjac.theory import LargestModulus


def use() -> None:
    """Never run: mypy reads it."""
    ens = rj.Ensemble.square(
        width=100, depth=2, activation="tanh", weights=rj.Gaussian(1.0), biases=rj.Gaussian(std=0.1)
    )
    net = ens.draw(rng=0)
    assert_type(ens, rj.Ensemble)
    assert_type(net, rj.Network)
    assert_type(net([0.0] * 100), np.ndarray)
    assert_type(net.jacobian(np.zeros(100)), np.ndarray)
    assert_type(rj.mean_field(ens).scales, np.ndarray)

    emp = rj.sample_spectrum(ens, samples=3, rng=0)
    assert_type(emp, rj.EmpiricalSpectrum)
    assert_type(emp.eigenvalues, np.ndarray)
    assert_type(emp.atom, float)
    assert_type(emp.moment(2), Estimate)
    assert_type(emp.log_moment(), LogMoment)
    assert_type(emp.save("samples.npz"), Path)
    assert_type(rj.EmpiricalSpectrum.load("samples.npz"), rj.EmpiricalSpectrum)
    assert_type(rj.EmpiricalSpectrum.from_matrices(np.ones((4, 4))), rj.EmpiricalSpectrum)
    assert_type(rj.spectra.product_singular_values([np.eye(2)]), np.ndarray)

    lim = rj.limit_spectrum(ens)
    assert_type(lim, rj.LimitSpectrum | rj.HeavyTailedLimit)
    assert isinstance(lim, rj.LimitSpectrum)  # all weights have a variance
    assert_type(lim.density([0.5, 1.0]), np.ndarray)
    assert_type(lim.cdf(1.0), np.ndarray)
    assert_type(lim.quantile(0.5), np.ndarray)
    assert_type(lim.support, np.ndarray)
    assert_type(lim.moments(3), np.ndarray)
    assert_type(lim.moment(2), float)
    assert_type(lim.log_moment(), float)
    assert_type(lim.atom, float)

    assert_type(lim.largest(), rj.theory.ExtremeLaw)
    assert_type(lim.largest(50, signal="independent").probability(), float)
    assert_type(rj.spectra.sample_largest(ens, 3, rng=0), rj.spectra.ExtremeSample)
    assert_type(rj.theory.contraction_probability("tanh", 10, 1, 0.5), np.ndarray)

    comparison = rj.compare(emp, lim)
    assert_type(comparison, rj.Comparison)
    assert_type(comparison.ks, float)
    assert_type(comparison.table(), str)
    assert_type(rj.goodness_of_fit(emp, lim).p_value, float)

    grid = rj.fixed_points.expected_over(depths=[1, 2], sigma_w=[1.0, 2.0])
    assert_type(grid, rj.fixed_points.ExpectedGrid)
    assert_type(grid.total, np.ndarray)
    counts = rj.count_fixed_points(ens)
    beside = rj.compare({"a": counts}, grid)
    assert_type(beside, rj.CountsComparison)
    assert_type(beside.pulls, np.ndarray)
    assert_type(beside.chi_square().p_value, float)
    ring, sample = rj.limit_eigenvalues(ens), rj.sample_eigenvalues(ens, samples=3, rng=0)
    assert_type(ring, rj.RingLaw)
    assert_type(ring.cdf(0.5), np.ndarray)
    assert_type(ring.quantile([0.5]), np.ndarray)
    assert_type(ring.spectral_radius, float)
    assert_type(ring.largest(100), LargestModulus)
    assert_type(sample, rj.EmpiricalEigenvalues)
    assert_type(sample.eigenvalues, np.ndarray)
    assert_type(rj.compare(sample, ring), rj.RingComparison)

    found = rj.find_fixed_points(net)
    assert_type(found, rj.FixedPoints)
    assert_type(found.points, np.ndarray)
    assert_type(found.complete, bool)
    assert_type(found.outcomes, Mapping[Status, int])
    assert_type(rj.find_basins(net).fractions, np.ndarray)
    counts = rj.count_fixed_points(ens, 3)
    expected = rj.expected_fixed_points(ens, 2)
    assert_type(expected, rj.ExpectedFixedPoints)
    assert_type(expected.bound, float)
    assert_type(counts.means, dict[str, Estimate])
    assert_type(counts.outcomes, dict[Status, Estimate])

    certificate = rj.nonnegative.certify(net)
    assert_type(certificate, Certificate)
    assert_type(certificate.rho, tuple[float, float] | None)
    assert_type(rj.nonnegative.spectral_radius(np.eye(2)), tuple[float, float])

    own = rj.Activation("own", np.tanh, lambda h: 1.0 - np.tanh(h) ** 2, concave=True, upper=1.0)
    assert_type(own.facts, Facts)
    assert_type(own.check(), dict[str, str])
    assert_type(rj.sweep.load("folder").columns, dict[str, np.ndarray])
    assert_type(rj.__version__, str)
