"""Sampled spectra of J J^T beside their limit."""
