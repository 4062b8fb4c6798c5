"""The limiting spectrum: density, cdf, quantiles, moments and transforms, from the roots of the limit equation."""
