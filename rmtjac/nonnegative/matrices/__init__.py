"""Spectral radii, Perron vectors and blocks of products of nonnegative matrices, with proved bounds."""
