"""Compiled integrals over Gaussian matrices, for `rmtjac.theory.counts` and `rmtjac.fixed_points.expected`."""
