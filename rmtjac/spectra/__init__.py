"""Samples: random Jacobians, their singular values, and the empirical spectrum."""

from rmtjac.spectra.binned import BinnedSpectrum
from rmtjac.spectra.empirical import EmpiricalSpectrum, Estimate, LogMoment
from rmtjac.spectra.finite_size import finite_atom, finite_moments, linear_log_moment
from rmtjac.spectra.histogram import Histogram
from rmtjac.spectra.lanczos import lanczos_spectrum
from rmtjac.spectra.measured import spectrum_of_jacobians, spectrum_of_matrices, weight_spectra
from rmtjac.spectra.product import product_singular_values
from rmtjac.spectra.quadratures import LanczosSpectrum
from rmtjac.spectra.sample import sample_spectrum
from rmtjac.spectra.spacings import (
    GOE_RATIO,
    POISSON_RATIO,
    SpacingRatios,
    goe_surmise,
    haar_participation,
    participation_ratios,
    spacing_ratios,
)
from rmtjac.spectra.tails import TailCurve, TailIndex, tail_index
from rmtjac.spectra.units import sample_input, sample_network

__all__ = [
    "GOE_RATIO",
    "POISSON_RATIO",
    "BinnedSpectrum",
    "EmpiricalSpectrum",
    "Estimate",
    "Histogram",
    "LanczosSpectrum",
    "LogMoment",
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
    "sample_input",
    "sample_network",
    "sample_spectrum",
    "spacing_ratios",
    "spectrum_of_jacobians",
    "spectrum_of_matrices",
    "tail_index",
    "weight_spectra",
]
