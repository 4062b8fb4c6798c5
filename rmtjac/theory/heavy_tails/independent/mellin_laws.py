r"""The laws of V = D^2 S_b S'_b' as tables for the kernels: coefficients of E[w V / (1 + w V)] on lines Re t = c.

With E S_b^t = Gamma(1 - t/b) / Gamma(1 - t), the positive stable law E exp(-x S_b) = exp(-x^b),

.. math:: E\frac{w V}{1 + w V} = \frac{1}{2\pi i} \int_{\mathrm{Re}\,t = c} \frac{\pi}{\sin \pi t}\, w^t\, E V^t\, dt .

Here w and b stand for rho_l and beta_l of docs/theory/stable_products.md, and P = S_b S'_b' is V without D^2.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from rmtjac.kernels.heavy_tails.mellin_sums import Column, Line, MellinLaws
from rmtjac.theory.heavy_tails.independent.mask_law import MaskLaw

__all__ = ["ProductLaw", "log_mellin", "mellin_laws"]

_DIGITS = 35.0  # exp(-35) is the truncation
_MOST_NODES = 1_000_000
_FEW = 6  # values of D^2 up to this number are summed one by one
_DEEP = 20.0  # log E D^2t up to which a line is of use
_CHUNK = 1024


class ProductLaw(NamedTuple):
    """The law of V = D^2 S_b S'_b' of a layer of neurons."""

    indices: tuple[float, ...]
    """The b < 1, ascending; at most two. b = 1 is left out, since S_1 = 1."""
    mask: MaskLaw


def log_mellin(indices: Sequence[float], t: np.ndarray) -> np.ndarray:
    """Return Log of pi / sin(pi t) E P^t for the product P of stable variables; it has no such factor if P = 1."""
    from scipy.special import loggamma

    total = loggamma(t) - (len(indices) - 1) * loggamma(1.0 - t)
    for b in indices:
        total = total + loggamma(1.0 - t / b)
    return total


def _mask_factor(mask: MaskLaw, t: np.ndarray) -> np.ndarray:
    """Return Log E D^2t at a few points t."""
    x, p = np.array(mask.log_squares), np.array(mask.masses)
    part = t[:, None] * x + np.log(p)
    top = part.real.max(axis=1)
    with np.errstate(under="ignore"):
        return np.log(np.exp(part - top[:, None]).sum(axis=1)) + top


def _mask_sequence(mask: MaskLaw, c: float, step: float, start: int) -> Iterator[np.ndarray]:
    """Yield Log E D^2t at t = c + i n step, n >= start, in blocks of _CHUNK, as products of two matrices."""
    inner = 64
    logs = c * np.array(mask.log_squares) + np.log(mask.masses)
    keep = logs > logs.max() - 46.0
    x, top = np.array(mask.log_squares)[keep], float(logs.max())
    columns = np.exp(1j * step * np.arange(inner) * x[:, None])
    rows = np.exp(logs[keep] - top + 1j * step * (inner * np.arange(_CHUNK // inner)[:, None] + start) * x)
    turn = np.exp(1j * step * _CHUNK * x)
    while True:
        yield np.log((rows @ columns).ravel()) + top
        rows *= turn


def _log_moment(mask: MaskLaw, t: float) -> float:
    """Return log E D^2t at a real t."""
    return float(_mask_factor(mask, np.array([complex(t)]))[0].real)


class _LineTable(NamedTuple):
    """One line, before it is joined to the others."""

    kind: Line
    c: float
    h: float
    log_scale: float
    below: np.ndarray
    above: np.ndarray


def _step(log_at: Callable[[np.ndarray], np.ndarray], c: float, low: float, high: float) -> float:
    """Return the step of the trapezoid rule on Re t = c; its error is an integral on a line shifted by d."""
    width = min(c - low, high - c)
    e = 1e-4 * width
    here, left, right = (float(log_at(np.array([complex(x)]))[0].real) for x in (c, c - e, c + e))
    slope = (right - left) / (2.0 * e)
    best = 0.0
    for share in (0.5, 0.7, 0.8, 0.85, 0.9, 0.95):
        d = share * width
        ends = log_at(np.array([complex(c - d), complex(c + d)])).real
        growth = max(float(ends[0]) + d * slope, float(ends[1]) - d * slope) - here
        best = max(best, 2.0 * math.pi * d / (_DIGITS + 2.0 + max(growth, 0.0)))
    return best


def _line(
    indices: tuple[float, ...], mask: MaskLaw | None, kind: Line, c: float, low: float, high: float
) -> _LineTable:
    """Return the coefficients on a line between two poles, for all arg w in [0, pi]."""

    def log_at(t: np.ndarray) -> np.ndarray:
        # The sign of the sine left of 0 is in the logarithm of the gamma function.
        out = log_mellin(indices, t)
        return out if mask is None else out + _mask_factor(mask, t)

    h = _step(log_at, c, low, high)
    top = float(log_at(np.array([complex(c)]))[0].real)
    sides = []
    for sign, turn in ((-1.0, math.pi), (1.0, 0.0)):
        parts = []
        start = 1 if sign < 0.0 else 0
        factors = None if mask is None else _mask_sequence(mask, c, sign * h, start)
        while True:
            n = np.arange(start, start + _CHUNK)
            logs = log_mellin(indices, c + 1j * sign * h * n) + turn * h * n
            if factors is not None:
                logs = logs + next(factors)
            parts.append(logs)
            if logs[-1].real < top - _DIGITS:
                break
            start += _CHUNK
            if start > _MOST_NODES:
                alpha = 2.0 * max(indices)
                raise ValueError(
                    f"alpha={alpha!r} is so close to 2 that more than {_MOST_NODES} nodes are needed; use 2"
                )
        logs = np.concatenate(parts)
        keep = np.flatnonzero(logs.real >= top - _DIGITS)
        with np.errstate(under="ignore"):
            sides.append(np.exp((logs[: keep[-1] + 1] if keep.size else logs[:1]) - top))
    return _LineTable(kind, c, h, top, sides[0], sides[1])


def _poles(indices: tuple[float, ...]) -> tuple[list[float], float]:
    """Return the poles before the line `RIGHT`, and the next one."""
    b = indices[0]
    if len(indices) == 1:
        return [b], 2.0 * b
    other = indices[1]
    if other < 1.4 * b:
        return [b, other], 2.0 * b
    return [b], min(other, 2.0 * b)


@lru_cache(maxsize=64)
def _lines(indices: tuple[float, ...], mask: MaskLaw | None) -> tuple[_LineTable, ...]:
    """Return the lines of the law of P, or of D^2 P."""
    b = indices[0]
    poles, end = _poles(indices)
    lefts = [(Line.LEFT, -0.5 * min(b, 1.0), -1.0, 0.0)]
    if b < 0.5:
        lefts.append((Line.LEFT, -0.5, -1.0, 0.0))
    out = [
        _line(indices, mask, Line.CENTRE, 0.5 * b, 0.0, b),
        _line(indices, mask, Line.RIGHT, 0.5 * (poles[-1] + end), poles[-1], end),
    ]
    if mask is not None and _log_moment(mask, -min(b, 1.0)) > _DEEP:
        # Next to 0 the terms stay small for large w; moments on the left end where D^2 is too often tiny.
        out += [_line(indices, mask, Line.CENTRE, c, 0.0, 2.0 * c) for c in (b / 8.0, b / 40.0)]
        low, high = 0.0, min(b, 1.0)
        for _ in range(12):
            mid = 0.5 * (low + high)
            low, high = (mid, high) if _log_moment(mask, -mid) < _DEEP else (low, mid)
        if low > b / 20.0:
            out += [_line(indices, mask, Line.LEFT, -share * low, -low, 0.0) for share in (0.5, 0.9)]
        return tuple(out)
    if mask is not None:
        lefts = [left for left in lefts if _log_moment(mask, left[1]) < 60.0]
    out += [_line(indices, mask, *left) for left in lefts]
    if mask is None or _log_moment(mask, -1.5) < 60.0:
        out.append(_line(indices, mask, Line.FAR_LEFT, -1.5, -2.0, -1.0))
    return tuple(out)


def _constants(indices: tuple[float, ...], mask: MaskLaw) -> np.ndarray:
    """Return a row of constants of V = D^2 P."""
    import mpmath

    row = np.zeros(max(Column) + 1)
    x, masses = np.array(mask.log_squares), np.array(mask.masses)
    row[Column.MASS] = mask.mass
    if not indices:
        return row
    row[Column.MEAN_LOG] = sum(np.euler_gamma * (1.0 / b - 1.0) for b in indices) + float(x @ masses) / mask.mass
    log_inverse = sum(math.lgamma(1.0 + 1.0 / b) for b in indices)
    log_inverse += _log_moment(mask, -1.0) - math.log(mask.mass)
    row[Column.LOG_INVERSE] = log_inverse
    poles, _ = _poles(indices)
    row[Column.POLE] = poles[0]
    with mpmath.workdps(60):
        # Equal poles are taken 1e-25 apart.
        at = [mpmath.mpf(b) for b in poles]
        if len(at) == 2 and at[1] - at[0] < mpmath.mpf("1e-25"):
            at[1] = at[0] + mpmath.mpf("1e-25")

        def rest(t: Any) -> Any:
            # Gamma(1 - t/b) = -b Gamma(2 - t/b) / (t - b)
            value = mpmath.gamma(t) * mpmath.rgamma(1 - t) ** (len(indices) - 1)
            for i, b in enumerate(indices):
                if i < len(poles):
                    value *= -at[i] * mpmath.gamma(2 - t / at[i])
                else:
                    value *= mpmath.gamma(1 - t / mpmath.mpf(b))
            return value

        for column, power in ((Column.RESIDUE, 0), (Column.POTENTIAL, 1)):
            values = [rest(t) / t**power for t in at]
            first = float(values[0])
            with np.errstate(under="ignore"):
                moment = masses * np.exp(poles[0] * x)
                if len(poles) == 1:
                    row[column + 1] = first * float(moment.sum())
                    continue
                gap = float(at[1] - at[0])
                row[Column.GAP] = gap
                quotient = np.where(gap * np.abs(x) < 1e-12, x, np.expm1(gap * x) / gap)
                second = float(moment @ np.exp(gap * x))
                row[column] = first * second
                row[column + 1] = first * float(moment @ quotient)
                row[column + 2] = float((values[1] - values[0]) / (at[1] - at[0])) * second
    return row


def mellin_laws(laws: Sequence[ProductLaw]) -> MellinLaws:
    """Return the tables of several laws.

    Raises
    ------
    ValueError
        If an index is so close to 1 that the integrals need more than 1,000,000 nodes.
    """
    from threadpoolctl import threadpool_limits

    # The products of small matrices are slower on several threads.
    with threadpool_limits(1, user_api="blas"):
        return _joined(*_tables(laws))


def _tables(
    laws: Sequence[ProductLaw],
) -> tuple[list[_LineTable], list[list[int]], list[list[np.ndarray]], list[float], list[float]]:
    """Return the lines, the places and constants of the laws, and all values of log D^2 with their masses."""
    lines: list[_LineTable] = []
    found: dict[tuple[float, ...], tuple[int, int]] = {}
    rows, constants = [], []
    log_squares: list[float] = []
    masses: list[float] = []
    for law in laws:
        if law.indices not in found:
            first = len(lines)
            lines += _lines(law.indices, None) if law.indices else ()
            found[law.indices] = (first, len(lines) - first)
        own = len(lines)
        if law.indices and len(law.mask.masses) > _FEW:
            lines += _lines(law.indices, law.mask)
        rows.append([*found[law.indices], own, len(lines) - own, len(log_squares), len(law.mask.masses)])
        constants.append([_constants(law.indices, MaskLaw.one()), _constants(law.indices, law.mask)])
        log_squares += law.mask.log_squares
        masses += law.mask.masses
    return lines, rows, constants, log_squares, masses


def _joined(
    lines: list[_LineTable], rows: list[list[int]], constants: list[list[np.ndarray]], x: list[float], p: list[float]
) -> MellinLaws:
    """Return the arrays of all lines, one after the other."""
    places, numbers, values, potentials = [], [], [np.zeros(0, complex)], [np.zeros(0, complex)]
    at = 0
    for line in lines:
        below = line.c - 1j * line.h * np.arange(1, line.below.size + 1)
        above = line.c + 1j * line.h * np.arange(line.above.size)
        turn = np.exp(-math.pi * line.h * np.arange(1, line.below.size + 1))
        sizes = []
        for t, u in ((1.0, 1.0), (below, above)):
            a, b = np.abs(line.below / t), np.abs(line.above / u)
            sizes += [math.log(np.sum(a * turn) + np.sum(b)), math.log(np.sum(a) + np.sum(b))]
        places.append([line.kind, at, line.below.size, at + line.below.size, line.above.size])
        numbers.append([line.c, line.h, *sizes, line.log_scale])
        values += [line.below, line.above]
        potentials += [line.below / below, line.above / above]
        at += line.below.size + line.above.size
    return MellinLaws(
        np.array(places, dtype=np.int64).reshape(-1, 5),
        np.array(numbers, dtype=float).reshape(-1, 7),
        np.concatenate(values),
        np.concatenate(potentials),
        np.array(rows, dtype=np.int64),
        np.array(constants),
        np.array(x),
        np.array(p),
    )
