"""Kernels (compiled functions) that evaluate and solve the limit equation; only `rmtjac.theory` calls them."""
