"""Training of nonnegative networks and equilibrium layers, and the data for it."""

from rmtjac.learn.data import Images, digits, mnist, read_idx
from rmtjac.learn.equilibrium import Equilibrium, EquilibriumLayer, Gradients

__all__ = ["Equilibrium", "EquilibriumLayer", "Gradients", "Images", "digits", "mnist", "read_idx"]
