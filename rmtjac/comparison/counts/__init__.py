"""Comparison of counted fixed points with their expected number."""
