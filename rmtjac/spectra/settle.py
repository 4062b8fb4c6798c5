"""Singular values of a product, and whether each is certainly zero, certainly not zero, or undecided by rounding."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rmtjac.spectra.chain_error import UNIT, chain_values, chained
from rmtjac.spectra.rank import exact_rank, without_copies

__all__ = ["Settled", "discrete_rank", "product_noise", "settle", "settle_exact", "unflattened", "without_zeros"]

_EPS = 2.0 * UNIT
_SMALL = 1e-6  # the largest relative error that counts as small
_UNMOVED = 1e-3  # a value below the rounding of the largest is no noise if its logarithm moves by less than this
_ALIKE = 1e-12  # sizes with a smaller relative difference may differ by rounding alone


class Settled(NamedTuple):
    """Logarithms of singular values, ascending, -inf for zeros and for values that may be 0.

    `undecided` is the number of the latter. `log_error` is the logarithm of the absolute error, -inf if each value has
    a small relative error.
    """

    logs: np.ndarray
    log_error: float
    undecided: int


def settle(matrices: Sequence[np.ndarray], size: int, rounding: float) -> Settled:
    """Return the singular values of the product of `matrices`, whose entries have the relative error `rounding`.

    If `rounding` is 0 the entries are exact, and the rank gives the number of zeros. A value that is not zero is then
    kept even if rounding hides it (`Settled.log_error` lies above it). Otherwise a value is certainly not zero if
    changes of the entries by a few times `rounding` hardly move it, and it is certainly zero if the exact rank of the
    given matrices implies it.
    """
    matrices = without_zeros(matrices)
    if any(0 in w.shape for w in matrices):
        return Settled(np.full(size, -math.inf), -math.inf, 0)
    matrices = without_copies(matrices)
    logs, error, hidden, movement = chained(matrices, size, max(rounding, UNIT))
    if rounding:
        # An entry that is a small difference of large numbers has an error larger than its own rounding. So a value of
        # the size of that error must hardly move at all, as the small values of graded matrices do.
        level = 2.0 * rounding * max(max(w.shape) for w in matrices)
        hidden |= (movement > _UNMOVED) & np.isfinite(logs) & (logs <= logs[0] + math.log(level))
    places = np.arange(size)
    low, high = 0, int(np.isfinite(logs).sum())
    if rounding == 0.0 or hidden.any():
        low, high = exact_rank(matrices)
    logs[places >= high] = -math.inf
    hidden &= places < high
    unknown = hidden & (places >= low) if rounding == 0.0 else hidden
    # If entries are known less well than floats, the bound on the error grows in proportion.
    rough = (error > _SMALL * max(rounding, UNIT) / UNIT) & ~hidden
    levels = [-math.inf, *(logs[rough] + np.log(np.minimum(error[rough], 1.0))), *(logs[hidden] + 1.0)]
    logs[unknown] = -math.inf
    return Settled(np.sort(logs), float(max(levels)), high - int(np.isfinite(logs).sum()))


def settle_exact(flat: np.ndarray, shapes: np.ndarray, out: np.ndarray) -> int:
    """Write the logarithms of the singular values of exact factors to `out`, ascending; return how many are undecided.

    `flat` and `shapes` are the factors in the form of `rmtjac.kernels.samples.chain`. This is five times as fast as
    `settle`, but gives no bound on the error. Values are undecided if the proof of the rank would take too long. They
    are also undecided if they would be zeros with equal neurons in place of neurons that differ by rounding only.
    """
    out[:] = -math.inf
    matrices, low, high = _discrete(unflattened(flat, shapes))
    if high:
        out[out.size - low :] = chain_values(matrices, out.size)[0][:low][::-1]
    return high - low


def discrete_rank(matrices: Sequence[np.ndarray]) -> tuple[int, int]:
    """Return the bounds of the rank of a product that `settle_exact` uses."""
    return _discrete(matrices)[1:]


def _discrete(matrices: Sequence[np.ndarray]) -> tuple[list[np.ndarray], int, int]:
    """Return the factors without zeros and copies, and the bounds of the rank of their product."""
    matrices = without_zeros(matrices)
    if any(0 in w.shape for w in matrices):
        return matrices, 0, 0
    alike = _alike(matrices)
    matrices = without_copies(matrices)
    low, high = exact_rank(matrices)
    if alike is not None:
        low = min(low, exact_rank(without_copies(alike))[0])
    return matrices, low, high


def unflattened(flat: np.ndarray, shapes: np.ndarray) -> list[np.ndarray]:
    """Return the matrices whose entries and shapes `rmtjac.spectra.chain_error.flattened` returned."""
    ends = np.cumsum(shapes.prod(axis=1))
    return [flat[end - m * n : end].reshape(m, n) for end, (m, n) in zip(ends, shapes, strict=True)]


def product_noise(matrices: Sequence[np.ndarray], enough: float = -math.inf) -> float:
    """Return the logarithm of the error that rounding leaves in a product formed in floats; -inf for one factor.

    The error depends on the norms of the factors, not on that of the product, which may be small by cancellation. If a
    cheap bound is below `enough`, it is returned.
    """
    if len(matrices) < 2:
        return -math.inf
    scales = [float(np.abs(w).max(initial=0.0)) for w in matrices]
    if not all(scales):
        return -math.inf
    units = [w / scale for w, scale in zip(matrices, scales, strict=True)]
    log_norms = sum(map(math.log, scales))
    crude = log_norms + sum(math.log(float(np.linalg.norm(unit))) for unit in units)
    if math.log(20.0 * len(matrices) * _EPS) + crude <= enough:
        return math.log(20.0 * len(matrices) * _EPS) + crude
    for unit in units:
        v: np.ndarray = np.random.default_rng(0).standard_normal(unit.shape[1:])
        for _ in range(6):  # six steps of the power method give the norm to some per cent
            v = (unit @ v) @ unit / np.linalg.norm(v)
        log_norms += 0.5 * math.log(float(np.linalg.norm(v)))
    return math.log(20.0 * len(matrices) * _EPS) + log_norms


def _alike(matrices: Sequence[np.ndarray]) -> list[np.ndarray] | None:
    """Return the factors with equal sizes for rows of signs whose sizes differ by rounding only, or None.

    Two neurons whose preactivations are the same sum in another order have values of D that differ by rounding only.
    """
    out, found = [], False
    for w in matrices:
        sizes = np.abs(w).max(axis=1)
        order = np.argsort(sizes)
        close = np.diff(sizes[order]) <= _ALIKE * sizes[order][1:]
        groups = np.empty(len(w), dtype=np.int64)
        groups[order] = np.cumsum(np.append(0, ~close))
        first = sizes[order][np.searchsorted(groups[order], groups)]
        signs = (np.abs(w) == sizes[:, None]).all(axis=1) & (first != sizes)
        found |= bool(signs.any())
        out.append(np.where(signs[:, None], np.sign(w) * first[:, None], w))
    return out if found else None


def without_zeros(matrices: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return the factors without rows and columns of zeros.

    With a row of zeros the matching column of the next factor is removed too, and with a column of zeros the matching
    row of the factor before. This is repeated until no row or column is zero.
    """
    matrices = list(matrices)
    changed = True
    while changed:
        changed = False
        for i, w in enumerate(matrices):
            rows, columns = w.any(axis=1), w.any(axis=0)
            if rows.all() and columns.all():
                continue
            changed = True
            matrices[i] = w[np.ix_(rows, columns)]
            if i + 1 < len(matrices):
                matrices[i + 1] = matrices[i + 1][:, rows]
            if i:
                matrices[i - 1] = matrices[i - 1][columns]
    return matrices
