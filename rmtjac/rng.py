"""Random streams: each unit of work has its own, whatever the order of the work or the number of threads.

Every unit of work (a sample, a network) draws from its own generator, made from the seed of the whole run and a key
that names the unit. So an integer seed fixes every bit of a result, and any single unit can be drawn again alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["RngLike", "as_generator", "as_seed_sequence", "child", "seed_facts", "seed_from_facts", "stream"]

RngLike = int | np.integer | np.random.SeedSequence | np.random.Generator

_POOL = np.random.SeedSequence(0).pool_size  # the default of NumPy
_ALLOWED = "a non-negative int, a numpy.random.SeedSequence or a numpy.random.Generator"


def as_seed_sequence(rng: RngLike) -> np.random.SeedSequence:
    """Return the root of the streams that a seed makes.

    A ``Generator`` is advanced by four 64-bit words, so that two calls with the same generator give different results,
    which are reproducible.

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
    """Return the generator that a seed makes; a generator is returned as it is.

    Raises
    ------
    TypeError, ValueError
        As `as_seed_sequence`.
    """
    if isinstance(rng, np.random.Generator):
        return rng
    return np.random.default_rng(as_seed_sequence(rng))


def stream(root: np.random.SeedSequence, *key: int) -> np.random.Generator:
    """Return the generator of the unit that `key` names below `root`, independent of the generators of other keys.

    Examples
    --------
    >>> root = as_seed_sequence(0)
    >>> bool(stream(root, 3).random() == stream(root, 3).random())
    True
    """
    return np.random.Generator(np.random.PCG64(child(root, *key)))


def child(root: np.random.SeedSequence, *key: int) -> np.random.SeedSequence:
    """Return the seed that `key` names below `root`; `root` is not changed."""
    return np.random.SeedSequence(root.entropy, spawn_key=(*root.spawn_key, *key), pool_size=root.pool_size)


def seed_facts(root: np.random.SeedSequence) -> dict[str, Any]:
    """Return a seed in a form that JSON has: entropy, spawn key, and the size of its pool if it is unusual."""
    facts = {"entropy": _plain(root.entropy), "spawn_key": [int(word) for word in root.spawn_key]}
    return facts if root.pool_size == _POOL else {**facts, "pool_size": root.pool_size}


def seed_from_facts(facts: Any) -> np.random.SeedSequence:
    """Return the seed that `seed_facts` described, or that bare entropy (a whole number, or a list of them) makes.

    Raises
    ------
    ValueError
        If it is neither.

    Examples
    --------
    >>> seed = np.random.SeedSequence([5, 7]).spawn(2)[1]
    >>> seed_from_facts(seed_facts(seed))
    SeedSequence(
        entropy=[5, 7],
        spawn_key=(1,),
    )
    """
    given = facts if isinstance(facts, dict) else {"entropy": facts}
    key, pool = given.get("spawn_key", []), given.get("pool_size", _POOL)
    words = [*_flat(given.get("entropy")), *_flat(key)]
    known = set(given) <= {"entropy", "spawn_key", "pool_size"} and isinstance(key, list)
    if not known or not all(_is_word(word) for word in [*words, pool]) or pool < _POOL:
        raise ValueError(f"seed={facts!r} must be entropy (whole numbers >= 0), or entropy with a spawn_key")
    return np.random.SeedSequence(given["entropy"], spawn_key=tuple(key), pool_size=pool)


def _is_word(value: object) -> bool:
    """Return whether a value is a whole number >= 0."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _flat(value: object) -> list[object]:
    """Return all that nested lists hold, in one list."""
    return [one for part in value for one in _flat(part)] if isinstance(value, list) else [value]


def _plain(entropy: Any) -> Any:
    """Return entropy in a form that JSON has: a whole number, or lists of them."""
    if isinstance(entropy, str):
        return int(entropy, 0)
    return int(entropy) if isinstance(entropy, (int, np.integer)) else [_plain(word) for word in entropy]
