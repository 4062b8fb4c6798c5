"""Eigenvalues of A A^T: half the work of the singular values of A, but the small ones are lost.

The absolute error is of order eps times the largest eigenvalue. It hides every singular value below about 1e-8 of the
largest one (3e-4 in single precision). The type of the matrix, float64 or float32, is that of the computation.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import overload

from rmtjac.kernels.samples.lapack import CHAR, DOUBLE, INT, routine

__all__ = ["gram_eigenvalues", "triangular_gram_eigenvalues"]


def _both(library: str, name: str, *arguments: Any) -> Any:
    """Return a BLAS or LAPACK routine for each real type; None among the `arguments` is a pointer to that type."""
    made = {}
    for letter, real in (("d", types.float64), ("s", types.float32)):
        kinds = (types.CPointer(real) if kind is None else kind for kind in arguments)
        made[real] = routine(library, letter + name, *kinds)
    return made


_SYRK = _both("blas", "syrk", CHAR, CHAR, INT, INT, None, None, INT, None, None, INT)
_dlauum = routine("lapack", "dlauum", CHAR, INT, DOUBLE, INT, INT)
_SYEVD = _both("lapack", "syevd", CHAR, CHAR, INT, None, INT, None, None, INT, INT, INT, INT)


def _syrk(upper, transpose, n, k, one, a, leading, zero, gram):
    raise NotImplementedError  # compiled only


def _syevd(job, upper, n, gram, values, work, size, integers, many, info):
    raise NotImplementedError


@overload(_syrk)
def _(upper, transpose, n, k, one, a, leading, zero, gram):
    routine = _SYRK[gram.dtype]

    def run(upper, transpose, n, k, one, a, leading, zero, gram):
        routine(
            upper.ctypes, transpose.ctypes, n.ctypes, k.ctypes, one.ctypes, a.ctypes, leading.ctypes, zero.ctypes,
            gram.ctypes, n.ctypes,
        )  # fmt: skip

    return run


@overload(_syevd)
def _(job, upper, n, gram, values, work, size, integers, many, info):
    routine = _SYEVD[gram.dtype]

    def run(job, upper, n, gram, values, work, size, integers, many, info):
        routine(
            job.ctypes, upper.ctypes, n.ctypes, gram.ctypes, n.ctypes, values.ctypes, work.ctypes, size.ctypes,
            integers.ctypes, many.ctypes, info.ctypes,
        )  # fmt: skip

    return run


@njit(cache=True, nogil=True)
def _eigenvalues(gram, half):
    """Return the eigenvalues of the symmetric `gram`, of which LAPACK overwrites one `half` ("U" or "L")."""
    rank = gram.shape[0]
    letters = np.array([ord("N"), half], dtype=np.uint8)
    n, info = np.full(1, rank, dtype=np.int32), np.zeros(1, dtype=np.int32)
    size, many = np.full(1, -1, dtype=np.int32), np.full(1, -1, dtype=np.int32)
    values = np.empty(rank, gram.dtype)
    work, integers = np.empty(1, gram.dtype), np.empty(1, dtype=np.int32)
    for _ in range(2):  # the first call only asks for the sizes of the workspaces
        _syevd(letters[0:1], letters[1:2], n, gram, values, work, size, integers, many, info)
        if size[0] == -1:
            size[0], many[0] = int(work[0]), integers[0]
            work, integers = np.empty(size[0], gram.dtype), np.empty(many[0], dtype=np.int32)
    if info[0] != 0:
        raise ValueError("syevd did not converge: the matrix holds NaN or infinite entries")
    return values


@njit(cache=True, nogil=True)
def gram_eigenvalues(a):
    """Return the eigenvalues, ascending, of the smaller one of a a^T and a^T a; `a` is C-ordered."""
    rows, columns = a.shape
    rank = min(rows, columns)
    if rank == 0:
        return np.empty(0, a.dtype)
    # LAPACK reads C order as the transpose.
    letters = np.array([ord("U"), ord("T") if rows <= columns else ord("N")], dtype=np.uint8)
    sides = np.array([rank, max(rows, columns), columns], dtype=np.int32)
    numbers = np.array([1.0, 0.0]).astype(a.dtype)
    gram = np.empty((rank, rank), a.dtype)
    _syrk(letters[0:1], letters[1:2], sides[0:1], sides[1:2], numbers[0:1], a, sides[2:3], numbers[1:2], gram)
    return _eigenvalues(gram, ord("U"))


@njit(cache=True, nogil=True)
def triangular_gram_eigenvalues(a):
    """Return the eigenvalues of a a^T, ascending, for a square upper triangular `a`, which is overwritten.

    dlauum needs a third of the flops of dsyrk.
    """
    n, info = np.full(1, a.shape[0], dtype=np.int32), np.zeros(1, dtype=np.int32)
    half = np.full(1, ord("L"), dtype=np.uint8)
    _dlauum(half.ctypes, n.ctypes, a.ctypes, n.ctypes, info.ctypes)
    return _eigenvalues(a, ord("L"))
