r"""Errors of the singular values of the chained QR, estimated from changes of the factors.

The chain runs again with every entry changed by eight units of rounding, up or down at random. It runs in turn forwards
and, with the transposed factors, backwards. So the values move according to the conditioning of the product and to the
roundings of the chain, which differ each time. The direction alternates, because a symmetric factor, or a matrix next
to its transpose, could make the roundings repeat. A value that is only noise moves in proportion to the change; it is
called *hidden*.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

__all__ = ["UNIT", "Chained", "chain_values", "chained", "flattened"]

UNIT = 2.0**-53  # the unit of rounding
_RUNS = 4  # the number of further chains: a single difference may be small by accident
_STEP = 8.0  # units of rounding by which entries change: more than their own rounding, so that noise grows
_HIDDEN = 0.3  # if the logarithm of a value moves by more, the value may be 0
_NEIGHBOURS = 5  # values on either side whose movement counts as well
_SAFETY = 10.0  # the error bound divided by the movement: data/product_bound.md
_EPS = 2.0 * UNIT


class Chained(NamedTuple):
    """Logarithms of singular values, descending; bounds on their relative errors; which are hidden; their movements.

    The place of a hidden value in the order is noise. The values below it have the stated errors, but their place in
    the order may be another.
    """

    logs: np.ndarray
    error: np.ndarray
    hidden: np.ndarray
    movement: np.ndarray


def chained(matrices: Sequence[np.ndarray], size: int, rounding: float = UNIT) -> Chained:
    """Return the singular values of the product of `matrices`, and what roundings of size `rounding` do to them.

    If `rounding` is that of a float, the error is that of the chain. If it is larger, the error is that of the entries.
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
    # All runs have some errors in common: the rounding of logarithms, also of ratios to the largest value, and the
    # error of a QR, a few eps.
    spread = np.where(alive, 1.25 * np.abs(logs) + np.minimum(logs[0] - np.where(alive, logs, 0.0), 600.0), 0.0)
    own = _EPS * (20.0 + 2.0 * len(matrices) + spread)
    error = np.expm1(np.minimum(_SAFETY * shared, 700.0)) + own
    error[hidden] = math.inf
    error[~alive & ~hidden] = 0.0
    return Chained(logs, error, hidden & alive, movement)


def chain_values(matrices: Sequence[np.ndarray], size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the logarithms of the singular values by the chain, descending, and which of them it has lost.

    If the shapes of the factors allow a nonzero value and rounding cancels it, the chain finds 0, although the value
    need not be 0. It is replaced by one rounding of the next larger value.
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
    """Return the entries of all matrices in one array, and their shapes, which are the arguments of the kernel."""
    flat = np.concatenate([w.ravel() for w in matrices])
    return flat, np.array([w.shape for w in matrices], dtype=np.int64)


def _moved(matrices: Sequence[np.ndarray], step: float, rng: np.random.Generator) -> tuple[list[np.ndarray], float]:
    """Return matrices with all entries changed by a relative `step`, and the logarithm of the factor taken out."""
    out, shift = [], 0
    for w in matrices:
        sizes = np.frexp(w[w != 0.0])[1]
        # Entries near the ends of the range are scaled: below 2**-1022 a small relative change is impossible.
        inside = not sizes.size or (sizes.min() > -960 and sizes.max() < 1000)
        power = 0 if inside else 960 - int(sizes.max())
        signs = 2.0 * rng.integers(0, 2, size=w.shape) - 1.0
        out.append(np.ldexp(w, power) * (1.0 + step * signs))
        shift -= power
    return out, shift * math.log(2.0)


def _shared(logs: np.ndarray, movement: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Return the largest movement among each value and its neighbours.

    The relative movement of a larger neighbour is used as it is, because larger values are more accurate. The relative
    movement of a smaller neighbour is multiplied by the ratio of its size to that of the value.
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
