"""Limits for Cauchy, stable and mixed weights: scalar equations, one coupled layer, population dynamics."""
