"""Reducible networks, taken apart into blocks of neurons that act on each other."""
