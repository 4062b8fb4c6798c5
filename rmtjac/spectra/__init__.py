"""Samples: random Jacobians, their singular values, and the empirical spectrum."""

from rmtjac.spectra.empirical import EmpiricalSpectrum, Estimate, Histogram
from rmtjac.spectra.sample import sample_input, sample_network, sample_spectrum

__all__ = ["EmpiricalSpectrum", "Estimate", "Histogram", "sample_input", "sample_network", "sample_spectrum"]
