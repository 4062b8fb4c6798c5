"""Nonnegative autoencoders: the model, its training, and the table of eight configurations."""
