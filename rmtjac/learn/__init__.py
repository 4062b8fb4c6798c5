"""Training of nonnegative networks and equilibrium layers, and the data for it."""

from rmtjac.learn.data import Images, digits, mnist, read_idx

__all__ = ["Images", "digits", "mnist", "read_idx"]
