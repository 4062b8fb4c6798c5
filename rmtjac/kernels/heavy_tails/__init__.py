"""Compiled functions of the limit for weights with heavy tails; only `rmtjac.theory.heavy_tails` calls them."""
