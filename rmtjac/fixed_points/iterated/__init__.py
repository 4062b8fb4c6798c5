"""Orbits of a network: where they end, which states attract, and the grid protocol of the paper."""
