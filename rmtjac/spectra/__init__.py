"""Samples: random Jacobians, their singular values, and the empirical spectrum."""

from rmtjac.spectra.binned import BinnedSpectrum
from rmtjac.spectra.empirical import EmpiricalSpectrum, Estimate, Histogram
from rmtjac.spectra.measured import spectrum_of_jacobians, spectrum_of_matrices, weight_spectra
from rmtjac.spectra.product import product_singular_values
from rmtjac.spectra.sample import sample_spectrum
from rmtjac.spectra.units import sample_input, sample_network

__all__ = [
    "BinnedSpectrum",
    "EmpiricalSpectrum",
    "Estimate",
    "Histogram",
    "product_singular_values",
    "sample_input",
    "sample_network",
    "sample_spectrum",
    "spectrum_of_jacobians",
    "spectrum_of_matrices",
    "weight_spectra",
]
