"""Samples and limits that several tests draw."""

from functools import cache

import rmtjac as rj


@cache
def pair(name="hardtanh", depth=2, width=40, samples=10):
    """Return a sampled spectrum and its limit."""
    ens = rj.Ensemble.square(width, depth, name)
    return rj.sample_spectrum(ens, samples, rng=0), rj.limit_spectrum(ens)
