"""Spectra of networks that are too wide for dense linear algebra, by Gauss quadratures of the Lanczos method."""
