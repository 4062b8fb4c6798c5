"""Kernels that bound networks over boxes and search boxes for fixed points; `rmtjac.fixed_points` calls them."""
