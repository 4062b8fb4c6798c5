"""Sampled eigenvalues beside the limiting ring."""
