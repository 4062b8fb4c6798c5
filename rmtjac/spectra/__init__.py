"""Samples: random Jacobians, their singular values, and the spectra and statistics that follow."""

from typing import TYPE_CHECKING

from rmtjac.lazy import lazy_names

if TYPE_CHECKING:
    from rmtjac.codes import Route
    from rmtjac.estimate import Estimate
    from rmtjac.spectra.binned import BinnedSpectrum
    from rmtjac.spectra.draws import sample_input, sample_network
    from rmtjac.spectra.eigenvalues.empirical import EmpiricalEigenvalues
    from rmtjac.spectra.eigenvalues.sample import sample_eigenvalues
    from rmtjac.spectra.empirical import EmpiricalSpectrum
    from rmtjac.spectra.histogram import Histogram
    from rmtjac.spectra.lanczos.estimate import lanczos_spectrum
    from rmtjac.spectra.lanczos.result import LanczosSpectrum
    from rmtjac.spectra.product import product_singular_values
    from rmtjac.spectra.sample import sample_spectrum
    from rmtjac.spectra.statistics.eigenvalues import LogMoment
    from rmtjac.spectra.statistics.finite_size import finite_atom, finite_moments, linear_log_moment
    from rmtjac.spectra.statistics.spacings import (
        GOE_RATIO,
        POISSON_RATIO,
        SpacingRatios,
        goe_surmise,
        haar_participation,
        participation_ratios,
        spacing_ratios,
    )
    from rmtjac.spectra.statistics.tails import TailCurve, TailIndex, tail_index
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "rmtjac.codes": ("Route",),
            "rmtjac.estimate": ("Estimate",),
            "rmtjac.spectra.binned": ("BinnedSpectrum",),
            "rmtjac.spectra.draws": (
                "sample_input",
                "sample_network",
            ),
            "rmtjac.spectra.eigenvalues.empirical": ("EmpiricalEigenvalues",),
            "rmtjac.spectra.eigenvalues.sample": ("sample_eigenvalues",),
            "rmtjac.spectra.empirical": ("EmpiricalSpectrum",),
            "rmtjac.spectra.histogram": ("Histogram",),
            "rmtjac.spectra.lanczos.estimate": ("lanczos_spectrum",),
            "rmtjac.spectra.lanczos.result": ("LanczosSpectrum",),
            "rmtjac.spectra.product": ("product_singular_values",),
            "rmtjac.spectra.sample": ("sample_spectrum",),
            "rmtjac.spectra.statistics.eigenvalues": ("LogMoment",),
            "rmtjac.spectra.statistics.finite_size": (
                "finite_atom",
                "finite_moments",
                "linear_log_moment",
            ),
            "rmtjac.spectra.statistics.spacings": (
                "GOE_RATIO",
                "POISSON_RATIO",
                "SpacingRatios",
                "goe_surmise",
                "haar_participation",
                "participation_ratios",
                "spacing_ratios",
            ),
            "rmtjac.spectra.statistics.tails": (
                "TailCurve",
                "TailIndex",
                "tail_index",
            ),
        },
    )

__all__ = [
    "GOE_RATIO",
    "POISSON_RATIO",
    "BinnedSpectrum",
    "EmpiricalEigenvalues",
    "EmpiricalSpectrum",
    "Estimate",
    "Histogram",
    "LanczosSpectrum",
    "LogMoment",
    "Route",
    "SpacingRatios",
    "TailCurve",
    "TailIndex",
    "finite_atom",
    "finite_moments",
    "goe_surmise",
    "haar_participation",
    "lanczos_spectrum",
    "linear_log_moment",
    "participation_ratios",
    "product_singular_values",
    "sample_eigenvalues",
    "sample_input",
    "sample_network",
    "sample_spectrum",
    "spacing_ratios",
    "tail_index",
]
