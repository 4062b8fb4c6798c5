"""Kernels (compiled functions) that draw networks and compute singular values, for `rmtjac.spectra` and `Ensemble`."""
