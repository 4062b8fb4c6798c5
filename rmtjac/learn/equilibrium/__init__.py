"""Equilibrium layers: the layer, its training, and the classifier."""
