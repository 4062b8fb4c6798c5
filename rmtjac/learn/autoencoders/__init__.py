"""Nonnegative autoencoders: the model, its training, and the table of the eight that the source compares."""
