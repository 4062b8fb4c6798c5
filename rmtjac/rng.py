"""Random streams: one key, one stream, whatever the order or the number of threads.

Every unit of work (a sample, a network) draws from a generator of its own, made from the seed of the
whole run and a key that names the unit. So an integer seed fixes every bit of a result, and any
single unit can be drawn again alone.
"""

from __future__ import annotations

import numpy as np

__all__ = ["RngLike", "as_generator", "as_seed_sequence", "stream"]

RngLike = int | np.integer | np.random.SeedSequence | np.random.Generator

_ALLOWED = "a non-negative int, a numpy.random.SeedSequence or a numpy.random.Generator"


def as_seed_sequence(rng: RngLike) -> np.random.SeedSequence:
    """Turn any accepted seed into the root of a tree of keyed streams.

    A ``Generator`` is read from (four 64-bit words), so that two calls with the same generator object
    give different, yet reproducible, results.

    Raises
    ------
    TypeError, ValueError
        If `rng` is none of the accepted kinds, or a negative integer.
    """
    if isinstance(rng, np.random.SeedSequence):
        return rng
    if isinstance(rng, np.random.Generator):
        return np.random.SeedSequence(rng.integers(2**63, size=4).tolist())
    if isinstance(rng, (int, np.integer)) and not isinstance(rng, bool):
        if rng < 0:
            raise ValueError(f"rng={rng} must be {_ALLOWED}")
        return np.random.SeedSequence(int(rng))
    raise TypeError(f"rng={rng!r} must be {_ALLOWED}")


def as_generator(rng: RngLike) -> np.random.Generator:
    """Turn any accepted seed into a generator; a generator is passed through unchanged."""
    if isinstance(rng, np.random.Generator):
        return rng
    return np.random.default_rng(as_seed_sequence(rng))


def stream(root: np.random.SeedSequence, *key: int) -> np.random.Generator:
    """Generator of the unit named by `key` below `root`, independent of every other key.

    Examples
    --------
    >>> root = as_seed_sequence(0)
    >>> bool(stream(root, 3).random() == stream(root, 3).random())
    True
    """
    child = np.random.SeedSequence(root.entropy, spawn_key=(*root.spawn_key, *key))
    return np.random.Generator(np.random.PCG64(child))
