"""BLAS and LAPACK inside compiled code, without the interpreter and without its lock.

SciPy exports its routines as C functions. Their addresses are given to LLVM under names of ours, and
the kernels call the names: that keeps them in Numba's cache, which an address would not.
All matrices here are C-ordered, which LAPACK reads as their transpose; neither singular values nor
A A^T care, as long as the sides are swapped.
"""

from __future__ import annotations

import numpy as np
from llvmlite import binding
from numba import njit, types
from numba.extending import get_cython_function_address

__all__ = ["gram_eigenvalues", "singular_values"]

_DOUBLE, _INT, _CHAR = types.CPointer(types.float64), types.CPointer(types.int32), types.CPointer(types.uint8)


def _routine(library: str, name: str, *arguments: types.Type) -> types.ExternalFunction:
    symbol = f"rmtjac_{name}"
    binding.add_symbol(symbol, get_cython_function_address(f"scipy.linalg.cython_{library}", name))
    return types.ExternalFunction(symbol, types.void(*arguments))


# fmt: off
_dgesdd = _routine("lapack", "dgesdd", _CHAR, _INT, _INT, _DOUBLE, _INT, _DOUBLE, _DOUBLE, _INT, _DOUBLE, _INT,
                   _DOUBLE, _INT, _INT, _INT)
_dsyevd = _routine("lapack", "dsyevd", _CHAR, _CHAR, _INT, _DOUBLE, _INT, _DOUBLE, _DOUBLE, _INT, _INT, _INT, _INT)
_dsyrk = _routine("blas", "dsyrk", _CHAR, _CHAR, _INT, _INT, _DOUBLE, _DOUBLE, _INT, _DOUBLE, _DOUBLE, _INT)
# fmt: on


@njit(cache=True, nogil=True)
def singular_values(a):
    """Return the min(m, n) singular values of the C-ordered `a`, descending; `a` is overwritten.

    dgesdd without vectors: absolute error of order eps times the largest. Raises ``ValueError`` where it does
    not converge (NaN or infinite entries).
    """
    rows, columns = a.shape
    rank = min(rows, columns)
    s = np.empty(rank)
    if rank == 0:
        return s
    job = np.full(1, ord("N"), dtype=np.uint8)
    sides = np.array([columns, rows, 1], dtype=np.int32)
    m, n, one = sides[0:1], sides[1:2], sides[2:3]
    size, info = np.full(1, -1, dtype=np.int32), np.zeros(1, dtype=np.int32)
    nothing, integers, work = np.empty(1), np.empty(8 * rank, dtype=np.int32), np.empty(1)
    for _ in range(2):  # the first call only asks for the size of the workspace
        _dgesdd(
            job.ctypes, m.ctypes, n.ctypes, a.ctypes, m.ctypes, s.ctypes, nothing.ctypes, one.ctypes,
            nothing.ctypes, one.ctypes, work.ctypes, size.ctypes, integers.ctypes, info.ctypes,
        )  # fmt: skip
        if size[0] == -1:
            size[0] = int(work[0])
            work = np.empty(size[0])
    if info[0] != 0:
        raise ValueError("dgesdd did not converge: the matrix holds NaN or infinite entries")
    return s


@njit(cache=True, nogil=True)
def gram_eigenvalues(a):
    """Return the eigenvalues of the smaller of a a^T and a^T a, ascending, a C-ordered.

    dsyrk and dsyevd without vectors: half the work of `singular_values`, but the absolute error, of order eps
    times the largest eigenvalue, hides every singular value below about 1e-8 of the largest.
    """
    rows, columns = a.shape
    rank = min(rows, columns)
    values = np.empty(rank)
    if rank == 0:
        return values
    letters = np.array([ord("N"), ord("U"), ord("T") if rows <= columns else ord("N")], dtype=np.uint8)
    job, upper, transpose = letters[0:1], letters[1:2], letters[2:3]
    sides = np.array([rank, max(rows, columns), columns], dtype=np.int32)
    n, k, leading = sides[0:1], sides[1:2], sides[2:3]
    numbers = np.array([1.0, 0.0])
    gram = np.empty((rank, rank))
    _dsyrk(
        upper.ctypes, transpose.ctypes, n.ctypes, k.ctypes, numbers[0:1].ctypes, a.ctypes, leading.ctypes,
        numbers[1:2].ctypes, gram.ctypes, n.ctypes,
    )  # fmt: skip
    size, info = np.full(2, -1, dtype=np.int32), np.zeros(1, dtype=np.int32)
    work, integers = np.empty(1), np.empty(1, dtype=np.int32)
    for _ in range(2):  # the first call only asks for the sizes of the workspaces
        _dsyevd(
            job.ctypes, upper.ctypes, n.ctypes, gram.ctypes, n.ctypes, values.ctypes, work.ctypes,
            size[0:1].ctypes, integers.ctypes, size[1:2].ctypes, info.ctypes,
        )  # fmt: skip
        if size[0] == -1:
            size[0], size[1] = int(work[0]), integers[0]
            work, integers = np.empty(size[0]), np.empty(size[1], dtype=np.int32)
    if info[0] != 0:
        raise ValueError("dsyevd did not converge: the matrix holds NaN or infinite entries")
    return values
