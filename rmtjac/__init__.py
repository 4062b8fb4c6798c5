"""Spectra and fixed points of deep random networks: samples, limits, and the two compared.

The names below are loaded when they are first used, so that ``import rmtjac`` is fast, also on a cluster node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rmtjac.lazy import lazy_names

if TYPE_CHECKING:
    from rmtjac import activations, fixed_points, learn, nonnegative, plotting, spectra, sweep, theory
    from rmtjac.activations import Activation
    from rmtjac.comparison.compare import compare
    from rmtjac.comparison.eigenvalues.result import RingComparison
    from rmtjac.comparison.spectra.goodness import GoodnessOfFit, goodness_of_fit
    from rmtjac.comparison.spectra.result import Comparison
    from rmtjac.ensemble import Ensemble
    from rmtjac.fixed_points.basins import Basins, find_basins
    from rmtjac.fixed_points.count import FixedPointCounts, count_fixed_points
    from rmtjac.fixed_points.find import find_fixed_points
    from rmtjac.fixed_points.result import FixedPoints
    from rmtjac.laws import Cauchy, Gaussian, Orthogonal, Rademacher, Stable, StudentT, Uniform
    from rmtjac.network import Network
    from rmtjac.propagation.mean_field import MeanField, mean_field
    from rmtjac.provenance import __version__ as __version__
    from rmtjac.spectra.eigenvalues.empirical import EmpiricalEigenvalues
    from rmtjac.spectra.eigenvalues.sample import sample_eigenvalues
    from rmtjac.spectra.empirical import EmpiricalSpectrum
    from rmtjac.spectra.sample import sample_spectrum
    from rmtjac.theory.eigenvalues.limit_eigenvalues import limit_eigenvalues
    from rmtjac.theory.eigenvalues.ring_law import RingLaw
    from rmtjac.theory.heavy_tails.limit import HeavyTailedLimit
    from rmtjac.theory.limit.limit_spectrum import limit_spectrum
    from rmtjac.theory.limit.spectrum import LimitSpectrum
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "rmtjac.activations": ("Activation",),
            "rmtjac.comparison.compare": ("compare",),
            "rmtjac.comparison.eigenvalues.result": ("RingComparison",),
            "rmtjac.comparison.spectra.goodness": ("GoodnessOfFit", "goodness_of_fit"),
            "rmtjac.comparison.spectra.result": ("Comparison",),
            "rmtjac.ensemble": ("Ensemble",),
            "rmtjac.fixed_points.basins": ("Basins", "find_basins"),
            "rmtjac.fixed_points.count": ("FixedPointCounts", "count_fixed_points"),
            "rmtjac.fixed_points.find": ("find_fixed_points",),
            "rmtjac.fixed_points.result": ("FixedPoints",),
            "rmtjac.laws": ("Cauchy", "Gaussian", "Orthogonal", "Rademacher", "Stable", "StudentT", "Uniform"),
            "rmtjac.network": ("Network",),
            "rmtjac.propagation.mean_field": ("MeanField", "mean_field"),
            "rmtjac.spectra.eigenvalues.empirical": ("EmpiricalEigenvalues",),
            "rmtjac.spectra.eigenvalues.sample": ("sample_eigenvalues",),
            "rmtjac.spectra.empirical": ("EmpiricalSpectrum",),
            "rmtjac.spectra.sample": ("sample_spectrum",),
            "rmtjac.theory.eigenvalues.limit_eigenvalues": ("limit_eigenvalues",),
            "rmtjac.theory.eigenvalues.ring_law": ("RingLaw",),
            "rmtjac.theory.heavy_tails.limit": ("HeavyTailedLimit",),
            "rmtjac.theory.limit.limit_spectrum": ("limit_spectrum",),
            "rmtjac.theory.limit.spectrum": ("LimitSpectrum",),
            "rmtjac.provenance": ("__version__",),
        },
    )

__all__ = [
    "Activation",
    "Basins",
    "Cauchy",
    "Comparison",
    "EmpiricalEigenvalues",
    "EmpiricalSpectrum",
    "Ensemble",
    "FixedPointCounts",
    "FixedPoints",
    "Gaussian",
    "GoodnessOfFit",
    "HeavyTailedLimit",
    "LimitSpectrum",
    "MeanField",
    "Network",
    "Orthogonal",
    "Rademacher",
    "RingComparison",
    "RingLaw",
    "Stable",
    "StudentT",
    "Uniform",
    "activations",
    "compare",
    "count_fixed_points",
    "find_basins",
    "find_fixed_points",
    "fixed_points",
    "goodness_of_fit",
    "learn",
    "limit_eigenvalues",
    "limit_spectrum",
    "mean_field",
    "nonnegative",
    "plotting",
    "sample_eigenvalues",
    "sample_spectrum",
    "spectra",
    "sweep",
    "theory",
]
