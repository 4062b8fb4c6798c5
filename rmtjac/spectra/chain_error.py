r"""How far rounding moves the values of the chained QR, found by moving the factors.

The chain runs again with every entry changed by eight units of rounding, up or down at random, in turn forwards and,
on the transposes, backwards. The values move by the conditioning of the product, by the roundings of the chain, which
are others each time, and by nothing that a symmetric factor, or a list such as a matrix and its transpose, could
repeat. Values that are noise themselves grow with the change: they are *hidden*.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

__all__ = ["UNIT", "Chained", "chain_values", "chained", "flattened"]

UNIT = 2.0**-53  # of rounding
_RUNS = 4  # one difference may be small by accident, four hardly
_STEP = 8.0  # units of rounding by which entries move: more than the rounding that made them, so that noise grows
_HIDDEN = 0.3  # a value whose logarithm moves by more is not known to differ from 0
_NEIGHBOURS = 5  # values on either side that lend their movement
_SAFETY = 10.0  # of the error over the movement: data/product_bound.md
_EPS = 2.0 * UNIT


class Chained(NamedTuple):
    """Logarithms of singular values, descending; bounds on relative errors; what rounding hides; how far logs moved.

    A hidden value stands where noise has put it: those below it have their errors, but perhaps another place.
    """

    logs: np.ndarray
    error: np.ndarray
    hidden: np.ndarray
    movement: np.ndarray


def chained(matrices: Sequence[np.ndarray], size: int, rounding: float = UNIT) -> Chained:
    """Return the singular values of the product of `matrices`, and what roundings of size `rounding` do to them.

    The error is that of the chain where `rounding` is that of a float; with entries known less well, it is theirs.
    """
    logs, lost = chain_values(matrices, size)
    alive = np.isfinite(logs)
    movement = np.zeros(size)
    rng = np.random.default_rng(0)
    for run in range(_RUNS if alive.any() else 0):
        moved, shift = _moved(matrices, _STEP * rounding, rng)
        if run % 2:
            moved = [w.T for w in reversed(moved)]
        other = chain_values(moved, size)[0] + shift
        both = alive & np.isfinite(other)
        difference = np.where(alive | np.isfinite(other), math.inf, 0.0)
        difference[both] = np.abs(other[both] - logs[both])
        movement = np.maximum(movement, difference)
    hidden = lost | ~(movement < _HIDDEN)
    shared = _shared(logs, movement, hidden)
    # What all runs have in common: logarithms are rounded, those of a value over the largest too; a QR to a few eps.
    spread = np.where(alive, 1.25 * np.abs(logs) + np.minimum(logs[0] - np.where(alive, logs, 0.0), 600.0), 0.0)
    own = _EPS * (20.0 + 2.0 * len(matrices) + spread)
    error = np.expm1(np.minimum(_SAFETY * shared, 700.0)) + own
    error[hidden] = math.inf
    error[~alive & ~hidden] = 0.0
    return Chained(logs, error, hidden & alive, movement)


def chain_values(matrices: Sequence[np.ndarray], size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the logarithms of the singular values by the chain, descending, and which of them it has lost.

    Where rounding cancels a value that the shapes allow the chain finds 0, which is none by that: it is written as one
    rounding of the next larger value.
    """
    from rmtjac.kernels.samples.chain import chain

    logs = chain(*flattened(matrices), size)
    lost = np.isneginf(logs) & (np.arange(size) < min(min(w.shape) for w in matrices))
    if lost.any():
        finite = logs[np.isfinite(logs)]
        norms = sum(math.log(np.abs(w).max(initial=0.0) or 1.0) + math.log(w.size) for w in matrices)
        logs[lost] = (finite[-1] if finite.size else norms) + math.log(UNIT)
    return logs, lost


def flattened(matrices: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the matrices as the kernel takes them."""
    flat = np.concatenate([w.ravel() for w in matrices])
    return flat, np.array([w.shape for w in matrices], dtype=np.int64)


def _moved(matrices: Sequence[np.ndarray], step: float, rng: np.random.Generator) -> tuple[list[np.ndarray], float]:
    """Return the matrices with all entries changed by a relative `step`, and the logarithm of what was taken out."""
    out, shift = [], 0
    for w in matrices:
        sizes = np.frexp(w[w != 0.0])[1]
        # From the ends of the range to where a relative change can be had: below 2**-1022 there is none.
        inside = not sizes.size or (sizes.min() > -960 and sizes.max() < 1000)
        power = 0 if inside else 960 - int(sizes.max())
        signs = 2.0 * rng.integers(0, 2, size=w.shape) - 1.0
        out.append(np.ldexp(w, power) * (1.0 + step * signs))
        shift -= power
    return out, shift * math.log(2.0)


def _shared(logs: np.ndarray, movement: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Return the largest movement among the neighbours of each value.

    Larger values lend theirs, being the better known ones; smaller values lend what it is of the value itself.
    """
    known = np.where(hidden, 0.0, movement)
    out = known.copy()
    for k in range(1, min(_NEIGHBOURS, logs.size - 1) + 1):
        out[k:] = np.maximum(out[k:], known[:-k])
        with np.errstate(invalid="ignore"):
            gap = np.where(np.isfinite(logs[k:]), logs[k:] - logs[:-k], -math.inf)
            lent = np.where(gap > -math.inf, np.expm1(np.minimum(movement[k:], 100.0)) * np.exp(gap), 0.0)
        out[:-k] = np.maximum(out[:-k], lent)
    return out
