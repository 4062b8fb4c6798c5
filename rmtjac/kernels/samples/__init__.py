"""Kernels that draw networks and take singular values of products; `rmtjac.spectra` and `Ensemble.draw` call them."""
