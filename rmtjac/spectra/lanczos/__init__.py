"""Spectra of matrices too large to hold: quadrature rules of the Lanczos method, one for each random vector."""
