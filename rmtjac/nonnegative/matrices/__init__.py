"""Spectral radii, Perron vectors and resolvents of products of nonnegative matrices, with proved bounds."""
