"""Eigenvalues of sampled Jacobians."""
