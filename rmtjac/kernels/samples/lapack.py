"""BLAS and LAPACK inside compiled code, without the interpreter and without its lock.

SciPy exports its routines as C functions. LLVM gets their addresses under names of this module, and the kernels call
the names: Numba can keep a name in its cache, but not an address. All matrices are C-ordered, which LAPACK reads as
their transpose. Singular values are the same for both; the QR routines factor the transpose, as their docstrings say.
"""

from __future__ import annotations

import numpy as np
from llvmlite import binding
from numba import njit, types
from numba.extending import get_cython_function_address

__all__ = [
    "CHAR",
    "DOUBLE",
    "INT",
    "apply_reflectors",
    "qr",
    "qr_pivoted",
    "routine",
    "singular_values",
    "triangular_product",
]

DOUBLE, INT, CHAR = types.CPointer(types.float64), types.CPointer(types.int32), types.CPointer(types.uint8)


def routine(library: str, name: str, *arguments: types.Type) -> types.ExternalFunction:
    """Return the `name` of SciPy's cython_blas or cython_lapack, to be called with pointers from compiled code."""
    symbol = f"rmtjac_{name}"
    binding.add_symbol(symbol, get_cython_function_address(f"scipy.linalg.cython_{library}", name))
    return types.ExternalFunction(symbol, types.void(*arguments))


# fmt: off
_dgesdd = routine("lapack", "dgesdd", CHAR, INT, INT, DOUBLE, INT, DOUBLE, DOUBLE, INT, DOUBLE, INT,
                  DOUBLE, INT, INT, INT)
_dgeqrf = routine("lapack", "dgeqrf", INT, INT, DOUBLE, INT, DOUBLE, DOUBLE, INT, INT)
_dgeqp3 = routine("lapack", "dgeqp3", INT, INT, DOUBLE, INT, INT, DOUBLE, DOUBLE, INT, INT)
_dormqr = routine("lapack", "dormqr", CHAR, CHAR, INT, INT, INT, DOUBLE, INT, DOUBLE, DOUBLE, INT, DOUBLE,
                  INT, INT)
_dtrmm = routine("blas", "dtrmm", CHAR, CHAR, CHAR, CHAR, INT, INT, DOUBLE, DOUBLE, INT, DOUBLE, INT)
# fmt: on

_BLOCK = 64  # columns of workspace: LAPACK uses blocks of 32 columns in its QR
_TRIANGLES = 65 * 64  # further workspace of dormqr, for the triangles of its blocks


@njit(cache=True, nogil=True)
def singular_values(a):
    """Return the min(m, n) singular values of the C-ordered `a`, descending; `a` is overwritten.

    dgesdd computes them, without vectors, with an absolute error of order eps times the largest one. It does not
    converge, and ``ValueError`` is raised, if entries are NaN or infinite.
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
def qr(a):
    """Factor ``a.T = Q R``, `a` C-ordered and overwritten; return the scales of the reflectors.

    ``a.T`` then holds R on and above its diagonal and the reflectors of Q below (dgeqrf).
    """
    columns, rows = a.shape
    tau = np.empty(min(rows, columns))
    if tau.size == 0:
        return tau
    numbers = np.array([rows, columns, _BLOCK * columns, 0], dtype=np.int32)
    work = np.empty(numbers[2])
    _dgeqrf(
        numbers[0:1].ctypes, numbers[1:2].ctypes, a.ctypes, numbers[0:1].ctypes, tau.ctypes, work.ctypes,
        numbers[2:3].ctypes, numbers[3:4].ctypes,
    )  # fmt: skip
    return tau


@njit(cache=True, nogil=True)
def qr_pivoted(a):
    """Factor ``a.T[:, order] = Q R`` with |R_ii| falling; return the scales of the reflectors and the order (dgeqp3).

    `a` is overwritten as in `qr`.
    """
    columns, rows = a.shape
    tau, pivots = np.empty(min(rows, columns)), np.zeros(columns, dtype=np.int32)
    if tau.size == 0:
        return tau, np.arange(columns)
    numbers = np.array([rows, columns, 2 * columns + _BLOCK * (columns + 1), 0], dtype=np.int32)
    work = np.empty(numbers[2])
    _dgeqp3(
        numbers[0:1].ctypes, numbers[1:2].ctypes, a.ctypes, numbers[0:1].ctypes, pivots.ctypes, tau.ctypes,
        work.ctypes, numbers[2:3].ctypes, numbers[3:4].ctypes,
    )  # fmt: skip
    return tau, pivots.astype(np.int64) - 1


@njit(cache=True, nogil=True)
def apply_reflectors(a, tau, b):
    """Replace the C-ordered `b` by ``b @ Q``, where `qr` left the square orthogonal Q in `a` and `tau` (dormqr)."""
    rows, side = b.shape
    if rows == 0 or tau.size == 0:
        return
    letters = np.array([ord("L"), ord("T")], dtype=np.uint8)
    numbers = np.array([side, rows, tau.size, _BLOCK * rows + _TRIANGLES, 0], dtype=np.int32)
    work = np.empty(numbers[3])
    _dormqr(
        letters[0:1].ctypes, letters[1:2].ctypes, numbers[0:1].ctypes, numbers[1:2].ctypes, numbers[2:3].ctypes,
        a.ctypes, numbers[0:1].ctypes, tau.ctypes, b.ctypes, numbers[0:1].ctypes, work.ctypes, numbers[3:4].ctypes,
        numbers[4:5].ctypes,
    )  # fmt: skip


@njit(cache=True, nogil=True)
def triangular_product(a, b):
    """Replace the C-ordered `b` by ``R @ b``, where R is the leading square of the upper triangle of ``a.T`` (dtrmm).

    The side of R is the number of rows of `b`; the C-ordered `a` must have at least so many rows and columns.
    """
    side, columns = b.shape
    if side == 0 or columns == 0:
        return
    letters = np.array([ord("R"), ord("U"), ord("T"), ord("N")], dtype=np.uint8)
    numbers = np.array([columns, side, a.shape[1]], dtype=np.int32)
    one = np.ones(1)
    _dtrmm(
        letters[0:1].ctypes, letters[1:2].ctypes, letters[2:3].ctypes, letters[3:4].ctypes, numbers[0:1].ctypes,
        numbers[1:2].ctypes, one.ctypes, a.ctypes, numbers[2:3].ctypes, b.ctypes, numbers[0:1].ctypes,
    )  # fmt: skip
