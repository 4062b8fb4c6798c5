"""Kernels that evaluate and solve the limit equation; `rmtjac.theory` calls them."""
