"""Spectra of networks that are too wide for dense linear algebra, by stochastic Lanczos quadrature."""
