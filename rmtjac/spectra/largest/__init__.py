"""Sampled values of the largest and of the smallest singular value."""
