"""Spectra and fixed points of deep random networks: samples, limits, and the two compared.

The names below are loaded when they are first used, so that ``import rmtjac`` costs next to nothing on a
cluster node.
"""

from __future__ import annotations

from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rmtjac import activations, fixed_points, learn, nonnegative, plotting, spectra, sweep, theory
    from rmtjac.activations import Activation
    from rmtjac.comparison.compare import compare
    from rmtjac.comparison.goodness import GoodnessOfFit, goodness_of_fit
    from rmtjac.comparison.result import Comparison
    from rmtjac.ensemble import Ensemble
    from rmtjac.fixed_points.basins import Basins, find_basins
    from rmtjac.fixed_points.count import FixedPointCounts, count_fixed_points
    from rmtjac.fixed_points.find import find_fixed_points
    from rmtjac.fixed_points.result import FixedPoints
    from rmtjac.laws import Cauchy, Gaussian, Orthogonal, Rademacher, Stable, StudentT, Uniform
    from rmtjac.network import Network
    from rmtjac.propagation.mean_field import MeanField, mean_field
    from rmtjac.spectra.empirical import EmpiricalSpectrum
    from rmtjac.spectra.sample import sample_spectrum
    from rmtjac.theory.limit.limit_spectrum import limit_spectrum
    from rmtjac.theory.limit.spectrum import LimitSpectrum

    __version__: str

_HOMES = {
    "activations": ("Activation",),
    "comparison.compare": ("compare",),
    "comparison.result": ("Comparison",),
    "ensemble": ("Ensemble",),
    "fixed_points.basins": ("Basins", "find_basins"),
    "fixed_points.count": ("FixedPointCounts", "count_fixed_points"),
    "fixed_points.find": ("find_fixed_points",),
    "fixed_points.result": ("FixedPoints",),
    "comparison.goodness": ("GoodnessOfFit", "goodness_of_fit"),
    "laws": ("Cauchy", "Gaussian", "Orthogonal", "Rademacher", "Stable", "StudentT", "Uniform"),
    "network": ("Network",),
    "propagation.mean_field": ("MeanField", "mean_field"),
    "spectra.empirical": ("EmpiricalSpectrum",),
    "spectra.sample": ("sample_spectrum",),
    "theory.limit.limit_spectrum": ("limit_spectrum",),
    "theory.limit.spectrum": ("LimitSpectrum",),
}
_MODULES = ("activations", "fixed_points", "learn", "nonnegative", "plotting", "spectra", "sweep", "theory")

__all__ = [
    "Activation",
    "Basins",
    "Cauchy",
    "Comparison",
    "EmpiricalSpectrum",
    "Ensemble",
    "FixedPointCounts",
    "FixedPoints",
    "Gaussian",
    "GoodnessOfFit",
    "LimitSpectrum",
    "MeanField",
    "Network",
    "Orthogonal",
    "Rademacher",
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
    "limit_spectrum",
    "mean_field",
    "nonnegative",
    "plotting",
    "sample_spectrum",
    "spectra",
    "sweep",
    "theory",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return metadata.version("rmtjac")
    if name in _MODULES:
        return import_module(f"rmtjac.{name}")
    for home, members in _HOMES.items():
        if name in members:
            return getattr(import_module(f"rmtjac.{home}"), name)
    raise AttributeError(f"module 'rmtjac' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
