r"""The exact rank of a product of float matrices, and whether their entries are exact or rounded.

Every float is a whole number times a power of two, so that the given matrices have an exact rank, which an SVD may not
show. Modulo a prime p the rank is equal or smaller, so that one elimination proves a lower bound. If the rank is r
modulo so many primes that their product exceeds every minor of r + 1 rows (by Hadamard's inequality), then all these
minors are zero, which proves an upper bound. The rank does not change if a row or a column is divided by a factor that
its entries have in common. This is done first, so that a matrix of signs, or of equal entries, needs one prime only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np

__all__ = ["entry_rounding", "exact_rank", "without_copies"]

_BITS = 53  # the number of bits of the mantissa of a float
_BUDGET = 1e10  # the largest number of multiplications modulo primes: ten to twenty seconds
_COARSEST = 2.0**-7  # the largest relative rounding error; eight times this is still a small change
# So many zero bits at the end of each entry, and of all entries together, rounded numbers do not have by accident.
_FREE, _EVIDENCE = 4, 32


def entry_rounding(raw: np.ndarray) -> float:
    """Return a bound on the relative rounding of the entries of `raw`; 0 if they seem to be exact.

    Whole numbers are exact. So are small whole numbers times a factor that a row or a column has in common (signs over
    sqrt(N), a layer of 0 and 1 times a slope). Other entries count as rounded to the precision of their type, or to
    single or half precision if all of them fit into it.
    """
    values = raw.astype(float)
    if raw.dtype.kind in "biu":
        return 0.0 if np.abs(values).max(initial=0.0) <= 2.0**_BITS else 2.0**-_BITS
    bits, least = {2: (11, 2.0**-24), 4: (24, 2.0**-149)}.get(raw.dtype.itemsize, (_BITS, 2.0**-1074))
    if bits == _BITS:
        with np.errstate(over="ignore", under="ignore"):
            if np.array_equal(values.astype(np.float32), values):
                bits, least = 24, 2.0**-149
    used = values != 0.0
    count = int(np.count_nonzero(used))
    if not count:
        return 0.0
    if np.array_equal(values, np.rint(values)):
        sizes = np.frexp(values[used])[1]
        if sizes.max() <= bits and (bits - sizes).sum() >= _EVIDENCE:
            return 0.0
    whole, exponents = (np.abs(part[used]) for part in _primitive(values))
    free = bits - math.frexp(float(whole.max()))[1]
    smallest = float(np.abs(values[used]).min())
    coarse = whole.max() > 1 and smallest < least * 2.0 ** (bits - 1)
    if coarse:  # all subnormal numbers are multiples of the smallest: only a larger common factor counts
        free = min(free, math.frexp(float((np.abs(values[used]) / whole).min()) / least)[1] - 1)
    # Half precision in a wider type: an entry of any size has few bits, whereas large whole numbers have more.
    sizes = np.frexp(whole.astype(float))[1]
    narrow = int(sizes.max()) if sizes.max() in (8, 11) else bits
    sizes = sizes + exponents
    if narrow < bits and np.maximum(sizes - narrow, 0).sum() >= _EVIDENCE:
        bits = narrow
    elif free >= _FREE and free * count >= _EVIDENCE:
        return 0.0
    return min(max(2.0**-bits, 0.5 * (least / smallest)), _COARSEST) if coarse else 2.0**-bits


def exact_rank(matrices: Sequence[np.ndarray]) -> tuple[int, int]:
    """Return proved bounds (low, high) of the rank of the product of `matrices`, of which the first acts first.

    The bounds differ only if the proof would take more than some seconds. The entries count as exact.
    """
    high = min(min(matrix.shape) for matrix in matrices)
    # A single factor may have its rows and columns scaled; of several factors each can only be scaled as a whole.
    parts = [_primitive(matrix, scaled=len(matrices) == 1) for matrix in matrices]
    low = 0
    for p in _primes()[:2]:
        low = max(low, _rank(parts, p))
        if low == high:
            return low, high
    if len(matrices) > 1:
        high = min(exact_rank([matrix])[1] for matrix in matrices)
    else:
        high = min(high, _structural_rank(matrices[0]))
    if low < high and _proved(parts, low):
        high = low
    return low, high


def without_copies(matrices: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return factors with the same exact product, in which no row or column is a multiple of another.

    A factor with such rows becomes two: the rows that differ, and a matrix that copies them. The shapes then force the
    zeros of the product that such rows cause.
    """
    out: list[np.ndarray] = []
    for matrix in matrices:
        kept, copies = _distinct_rows(matrix)
        columns, spread = _distinct_rows(np.ascontiguousarray(kept.T))
        if spread is not None:
            out.append(np.ascontiguousarray(spread.T))
        out.append(np.ascontiguousarray(columns.T))
        if copies is not None:
            out.append(copies)
    return out


def _distinct_rows(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Return (rows, copies) with ``copies @ rows == matrix``, one entry in each row of `copies`; or (matrix, None)."""
    whole, exponents = _primitive(matrix, columns=False)
    signs = np.sign(whole[np.arange(len(whole)), (whole != 0).argmax(axis=1)])
    keys = np.concatenate([whole * signs[:, None], exponents], axis=1)
    places: dict[bytes, int] = {}
    groups = [places.setdefault(key.tobytes(), len(places)) for key in keys]
    if len(places) == len(matrix) or exponents.max() > 900:
        return matrix, None
    first = [groups.index(g) for g in range(len(places))]
    scaled = (whole[first] * signs[first, None]).astype(float)
    tops = np.frexp(np.ldexp(np.abs(scaled), exponents[first] - _BITS).max(axis=1))[1]
    rows = np.ldexp(scaled, exponents[first] - (_BITS + tops - 1)[:, None])
    # The ratios are whole numbers below 2**53 times powers of two, so that the division is exact within the range.
    here, top = np.arange(len(matrix)), np.abs(rows).argmax(axis=1)[groups]
    ratios = matrix[here, top] / np.where(rows[groups, top] == 0.0, 1.0, rows[groups, top])
    if not np.array_equal(ratios[:, None] * rows[groups], matrix):
        return matrix, None
    copies = np.zeros((len(matrix), len(rows)))
    copies[here, groups] = ratios
    return rows, copies


def _primitive(matrix: np.ndarray, scaled: bool = True, columns: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Return whole numbers and exponents >= 0 of `matrix`, divided by the common factor of each row and column."""
    fractions, powers = np.frexp(matrix)
    whole = (fractions * 2.0**_BITS).astype(np.int64)
    exponents = powers.astype(np.int64)
    lowest = np.where(whole == 0, 1, whole & -whole)  # the lowest bit that is 1
    whole //= lowest
    exponents += np.frexp(lowest.astype(float))[1]
    for axis in ((1, 0) if columns else (1,)) if scaled else (None,):
        shared = np.gcd.reduce(whole.ravel()) if axis is None else np.gcd.reduce(whole, axis=axis, keepdims=True)
        whole //= np.where(shared == 0, 1, shared)
        exponents -= np.where(whole == 0, 2**40, exponents).min(axis=axis, keepdims=True)
    return whole, np.where(whole == 0, 0, exponents)


@cache
def _primes() -> list[int]:
    """Return the primes just below the bound of the kernel, descending."""
    from rmtjac.kernels.samples.modular import LARGEST

    start = LARGEST - 2**17
    alive = np.ones(2**17, dtype=bool)
    for q in range(2, math.isqrt(LARGEST) + 1):
        alive[-start % q :: q] = False
    return [int(p) for p in (np.flatnonzero(alive) + start)[::-1]]


def _structural_rank(matrix: np.ndarray) -> int:
    """Return the largest possible rank of a matrix with zeros in the same places."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import structural_rank

    return min(matrix.shape) if matrix.all() else int(structural_rank(csr_array(matrix != 0.0)))


def _rank(parts: Sequence[tuple[np.ndarray, np.ndarray]], p: int) -> int:
    """Return the rank of the product modulo `p`."""
    from rmtjac.kernels.samples.modular import modular_product, modular_rank, residues

    product = residues(*parts[0], p)
    for part in parts[1:]:
        product = modular_product(residues(*part, p), product, p)
    return int(modular_rank(product, p))


def _proved(parts: Sequence[tuple[np.ndarray, np.ndarray]], rank: int) -> bool:
    """Return whether all minors of more than `rank` rows are proved to be zero; False if the proof costs too much."""
    side, bits = rank + 1, 1.0
    for whole, exponents in parts:
        sizes = np.where(whole == 0, 0.0, np.frexp(np.abs(whole).astype(float))[1] + exponents)
        if len(parts) == 1:
            rows, columns = (np.sort(sizes.max(axis=i) + 0.5 * math.log2(sizes.shape[i]))[-side:].sum() for i in (1, 0))
            bits += min(rows, columns)
        else:  # by Cauchy-Binet a minor of side s of a product is at most the product of the norms to the power s
            bits += side * (sizes.max() + 0.5 * math.log2(sizes.size))
    needed = math.ceil(bits / 22.9) + 1  # the primes are above 2**22.9
    cost = sum(0.3 * whole.size * min(whole.shape) for whole, _ in parts)
    primes = _primes()
    if needed > len(primes) or needed * cost > _BUDGET:
        return False
    return all(_rank(parts, p) <= rank for p in primes[2 : needed + 2])
