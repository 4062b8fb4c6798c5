"""Random weights and biases: independent entries by the code of their law, and Haar-distributed orthogonal matrices.

The generator is that of NumPy, which gives the same bits inside and outside compiled code. A Cauchy variable is the
ratio y/x of the coordinates of a uniform point of the unit disc. That is exact and needs no tangent, whose last bits
depend on the processor. Student's t comes from such a point too (Bailey, Math. Comp. 62, 1994, 779-781), so that it
uses uniform numbers only, whatever the degrees of freedom.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from rmtjac.codes import LawCode

__all__ = ["draw_matrix", "draw_vector", "fill", "fill_stable"]

_ROOT_THREE = math.sqrt(3.0)


@njit(cache=True, nogil=True)
def _cauchy(rng):
    """Return a standard Cauchy variable."""
    while True:
        x = 2.0 * rng.random() - 1.0
        y = 2.0 * rng.random() - 1.0
        if x != 0.0 and x * x + y * y < 1.0:
            return y / x


@njit(cache=True, nogil=True)
def _stable(rng, alpha):
    """Return a symmetric stable variable of exponent `alpha`, scale 1 (Chambers, Mallows & Stuck 1976)."""
    if alpha == 1.0:
        return _cauchy(rng)
    angle = math.pi * (rng.random() - 0.5)
    wait = max(rng.standard_exponential(), 5e-324)
    root = math.cos(angle) ** (1.0 / alpha)
    power = (math.cos((1.0 - alpha) * angle) / wait) ** ((1.0 - alpha) / alpha)
    if root > 1e-300 and 1e-300 < power < 1e300:
        return math.sin(alpha * angle) / root * power
    # A small alpha: the value may lie in the range of a float though a factor does not.
    log = (1.0 - alpha) * (math.log(math.cos((1.0 - alpha) * angle)) - math.log(wait)) - math.log(math.cos(angle))
    return math.sin(alpha * angle) * math.exp(log / alpha)


@njit(cache=True, nogil=True)
def _student(rng, df):
    """Return a Student-t variable with `df` degrees of freedom."""
    while True:
        x = 2.0 * rng.random() - 1.0
        y = 2.0 * rng.random() - 1.0
        w = x * x + y * y
        if 0.0 < w < 1.0:
            # t = cosine sqrt(df (w^(-2/df) - 1)): x/sqrt(w) is the cosine of an angle independent of the radius.
            grow = -2.0 / df * math.log(w)
            # Far out 1 is lost in w^(-2/df), and the root is taken first: it overflows later.
            root = math.exp(0.5 * grow) if grow > 80.0 else math.sqrt(math.expm1(grow))
            return x / math.sqrt(w) * math.sqrt(df) * root


@njit(cache=True, nogil=True)
def fill(rng, code, parameter, scale, out):
    """Fill the one-dimensional `out` with ``scale * X``, X by the law with this `LawCode`.

    `parameter` is the exponent of a stable law and the degrees of freedom of Student's t; the other laws ignore it.
    An orthogonal law has no single entries (see `draw_matrix`): it, and a number without a law, give NaN.
    """
    if code == LawCode.GAUSSIAN:
        for i in range(out.size):
            out[i] = scale * rng.standard_normal()
    elif code == LawCode.UNIFORM:
        for i in range(out.size):
            out[i] = scale * _ROOT_THREE * (2.0 * rng.random() - 1.0)
    elif code == LawCode.RADEMACHER:
        for i in range(out.size):
            out[i] = scale if rng.random() < 0.5 else -scale
    elif code == LawCode.CAUCHY:
        for i in range(out.size):
            out[i] = scale * _cauchy(rng)
    elif code == LawCode.STABLE:
        for i in range(out.size):
            out[i] = scale * _stable(rng, parameter)
    elif code == LawCode.STUDENT_T:
        for i in range(out.size):
            out[i] = scale * _student(rng, parameter)
    else:
        out[:] = math.nan


@njit(cache=True, nogil=True)
def fill_stable(rng, alpha, scale, out):
    """Fill the one-dimensional `out` with preactivations of a wide layer, whose mean field has this index and scale.

    They are symmetric stable; for alpha = 2 they are normal, and the scale is their standard deviation.
    """
    if alpha == 2.0:
        fill(rng, LawCode.GAUSSIAN.value, 0.0, scale, out)
    else:
        fill(rng, LawCode.STABLE.value, alpha, scale, out)


@njit(cache=True, nogil=True)
def draw_matrix(rng, code, parameter, scale, rows, columns):
    """Return a random rows x columns matrix; the orthogonal law gives `scale` times a Haar-distributed one.

    If the sides differ, the shorter of rows and columns is orthonormal.
    """
    if code != LawCode.ORTHOGONAL:
        out = np.empty((rows, columns))
        fill(rng, code, parameter, scale, out.reshape(-1))
        return out
    gaussian = np.empty((max(rows, columns), min(rows, columns)))
    fill(rng, LawCode.GAUSSIAN.value, 0.0, 1.0, gaussian.reshape(-1))
    q, r = np.linalg.qr(gaussian)
    # Q alone is not Haar: LAPACK fixes the signs of its columns (Mezzadri 2007); the signs of diag(R) undo that.
    signs = scale * np.where(np.diag(r) < 0.0, -1.0, 1.0)
    q = q * signs
    return q if rows >= columns else np.ascontiguousarray(q.T)


@njit(cache=True, nogil=True)
def draw_vector(rng, code, parameter, scale, size):
    """Return a random bias vector; with NO_LAW zeros, and no random number is used."""
    out = np.zeros(size)
    if code != LawCode.NO_LAW:
        fill(rng, code, parameter, scale, out)
    return out
