"""Exact products and ranks of matrices over the integers modulo a prime.

A residue is a whole number in a float64. For primes below 2**23 the product of two residues is below 2**46, and a sum
of 128 such products is still exact. So BLAS multiplies residues without rounding.
"""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["LARGEST", "modular_product", "modular_rank", "residues"]

LARGEST = 2**23  # all primes are smaller
_CHUNK = 128  # products in one sum


@njit(cache=True, nogil=True)
def _inverse(x, p):
    """Return 1/x modulo the prime `p` for x != 0, by the extended Euclidean algorithm."""
    r, s, old_r, old_s = p, 0, x, 1
    while r:
        q = old_r // r
        old_r, r = r, old_r - q * r
        old_s, s = s, old_s - q * s
    return old_s % p


@njit(cache=True, nogil=True)
def residues(whole, exponents, p):
    """Return ``whole * 2**exponents`` modulo the odd prime `p`, for exponents >= 0."""
    powers = np.empty(exponents.max() + 1 if exponents.size else 1, dtype=np.int64)
    powers[0] = 1
    for i in range(1, powers.size):
        powers[i] = (2 * powers[i - 1]) % p
    out = np.empty(whole.shape)
    for i in range(whole.shape[0]):
        for j in range(whole.shape[1]):
            out[i, j] = ((whole[i, j] % p) * powers[exponents[i, j]]) % p
    return out


@njit(cache=True, nogil=True)
def _subtract(target, factor, source, p):
    """Subtract ``factor * source`` from `target` modulo `p`; results lie within p/2 of 0, and a zero is exactly 0."""
    over = 1.0 / p
    for j in range(target.size):
        x = target[j] - factor * source[j]
        target[j] = x - np.floor(x * over + 0.5) * p


@njit(cache=True, nogil=True)
def modular_product(a, b, p):
    """Return ``a @ b`` modulo `p` for C-ordered matrices of residues."""
    out = np.zeros((a.shape[0], b.shape[1]))
    for start in range(0, b.shape[0], _CHUNK):
        out += np.dot(np.ascontiguousarray(a[:, start : start + _CHUNK]), b[start : start + _CHUNK])
        for i in range(out.shape[0]):
            _subtract(out[i], 0.0, out[i], float(p))
    return out


@njit(cache=True, nogil=True)
def modular_rank(a, p):
    """Return the rank modulo `p` of the C-ordered matrix of residues `a`, which is overwritten."""
    rows, columns = a.shape
    rank = 0
    for c in range(columns):
        pivot = rank
        while pivot < rows and a[pivot, c] == 0.0:
            pivot += 1
        if pivot == rows:
            continue
        if pivot != rank:
            for j in range(c, columns):
                a[pivot, j], a[rank, j] = a[rank, j], a[pivot, j]
        inverse = _inverse(np.int64(a[rank, c]), p)
        source = a[rank, c:]
        for i in range(rank + 1, rows):
            if a[i, c] == 0.0:
                continue
            _subtract(a[i, c:], float((np.int64(a[i, c]) * inverse) % p), source, float(p))
        rank += 1
        if rank == rows:
            break
    return rank
