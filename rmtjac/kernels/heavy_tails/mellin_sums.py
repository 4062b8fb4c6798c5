r"""Sums that evaluate E[w V / (1 + w V)] and E log(1 + w V), V = D^2 S S', from the Mellin transform of V.

On a line Re t = c the trapezoid rule has the nodes t_n = c + i n h, and w^t_n is a geometric sequence in n, so that an
integral is a polynomial in exp(i h log w), evaluated by Horner's scheme. Lines to the left of t = 0 give
1 - E[w V / (1 + w V)] without cancellation, lines beyond the first poles the same for small w.
"""

from __future__ import annotations

import cmath
import math
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numba import njit

__all__ = ["Column", "Line", "MellinLaws", "MomentOdds", "moment_odds", "potential"]

_EPS = 2.3e-16
_STEP_RATIO = 3e-8
_GOOD = 1e-9  # relative error up to which one sum for all values of D^2 is used


class Line(IntEnum):
    """Where a line Re t = c lies among the poles."""

    RIGHT = 0
    """Beyond the first one or two poles with Re t > 0."""
    CENTRE = 1
    """Between 0 and the first pole."""
    LEFT = 2
    """Between -1 and 0."""
    FAR_LEFT = 3
    """Between -2 and -1."""


class Column(IntEnum):
    """The columns of `MellinLaws.constants`."""

    MASS = 0
    """P(V > 0)."""
    POLE = 1
    """The first pole with Re t > 0."""
    GAP = 2
    """Distance of the second pole; 0 if the line `Line.RIGHT` passes one only."""
    RESIDUE = 3
    """Minus the residues are w^POLE (-a q - b - c w^GAP), q = (w^GAP - 1) / GAP: here stand a, b, c."""
    POTENTIAL = 6
    """The same for the potential."""
    LOG_INVERSE = 9
    """log E 1/V over V > 0."""
    MEAN_LOG = 10
    """E log V over V > 0."""


class MellinLaws(NamedTuple):
    """Laws of V = D^2 P, P a product of at most two positive stable variables."""

    lines: np.ndarray
    """Shape (k, 5): a `Line`, start and number of coefficients with n < 0, the same with n >= 0."""
    numbers: np.ndarray
    """Shape (k, 7): c, h, logs of the sum of absolute terms at arg w = 0, pi, the same for the potential, log scale."""
    values: np.ndarray
    """Coefficients, divided by the scale; those with n < 0 are multiplied by exp(pi |n| h)."""
    potentials: np.ndarray
    """The same, divided by t_n."""
    laws: np.ndarray
    """Shape (G, 6): first and number of lines of P, the same of V (or 0), of the values of D^2."""
    constants: np.ndarray
    """Shape (G, 2, max(Column) + 1): of P, and of V."""
    log_squares: np.ndarray
    """log D^2."""
    masses: np.ndarray
    """P(D^2)."""


class MomentOdds(NamedTuple):
    """mu = E[w V / (1 + w V)] at w = exp(v)."""

    log_mu: complex
    log_rest: complex
    """Log (p - mu), p = P(V > 0)."""
    slope: complex
    """Derivative of log_mu - log_rest in v."""
    error: float
    """Estimated error of log_mu - log_rest."""


@njit(cache=True, nogil=True)
def _horner(c: np.ndarray, start: int, count: int, q: complex) -> tuple[complex, complex, complex, complex]:
    """Return the even and the odd part of sum_n c_n q^n, and of the sum of n c_n q^n."""
    even = odd = slope_even = slope_odd = 0.0j
    q2 = q * q
    for i in range((count + 1) // 2 - 1, -1, -1):
        n = start + 2 * i
        slope_even = slope_even * q2 + even
        even = even * q2 + c[n]
        if 2 * i + 1 < count:
            slope_odd = slope_odd * q2 + odd
            odd = odd * q2 + c[n + 1]
    return even, q * odd, 2.0 * q2 * slope_even, q * (odd + 2.0 * q2 * slope_odd)


@njit(cache=True, nogil=True)
def _line(laws: MellinLaws, k: int, v: complex, potential: bool) -> tuple[complex, complex, float]:
    """Return the integral along line k, its derivative in v, and an estimate of its error."""
    c, h = laws.numbers[k, 0], laws.numbers[k, 1]
    coefficients = laws.potentials if potential else laws.values
    down = cmath.exp(-1j * h * v - math.pi * h)
    up = cmath.exp(1j * h * v)
    # The coefficients with n < 0 start at n = -1.
    odd_d, even_d, slope_d, slope_e = _horner(coefficients, laws.lines[k, 1], laws.lines[k, 2], down)
    even, odd, slope_a, slope_b = _horner(coefficients, laws.lines[k, 3], laws.lines[k, 4], up)
    even += down * even_d
    odd += down * odd_d
    total = even + odd
    slope = slope_a + slope_b - down * (slope_d + slope_e + odd_d + even_d)
    share = min(max(v.imag / math.pi, 0.0), 1.0)
    column = 4 if potential else 2
    size = math.exp((1.0 - share) * laws.numbers[k, column] + share * laws.numbers[k, column + 1])
    # The rule of step 2 h has the square root of the relative error, or less by a factor that its lines are made for.
    apart = abs(odd - even)
    error = 4.0 * _EPS * size + apart * min(apart / size, _STEP_RATIO)
    factor = h / (2.0 * math.pi) * cmath.exp(c * v + laws.numbers[k, 6])
    return factor * total, factor * (c * total + 1j * h * slope), abs(factor) * error


@njit(cache=True, nogil=True)
def _exponential_quotient(gap: float, v: complex) -> complex:
    """Return (exp(gap v) - 1) / gap."""
    x = gap * v
    if abs(x) > 0.3:
        return (cmath.exp(x) - 1.0) / gap
    term = total = v
    for n in range(2, 16):
        term *= x / n
        total += term
    return total


@njit(cache=True, nogil=True)
def _right_residue(row: np.ndarray, at: int, v: complex) -> tuple[complex, complex]:
    """Return minus the residues at the first poles, and the derivative in v."""
    power = cmath.exp(row[Column.POLE] * v)
    quotient = _exponential_quotient(row[Column.GAP], v)
    second = 1.0 + row[Column.GAP] * quotient
    value = power * (row[at] * quotient + row[at + 1] + row[at + 2] * second)
    slope = power * (row[at] + row[Column.GAP] * row[at + 2]) * second
    return -value, -(row[Column.POLE] * value + slope)


@njit(cache=True, nogil=True)
def _best(laws: MellinLaws, first: int, count: int, v: complex) -> int:
    """Return the line on which the terms are smallest."""
    best, least = first, math.inf
    for k in range(first, first + count):
        share = min(max(v.imag / math.pi, 0.0), 1.0)
        size = (1.0 - share) * laws.numbers[k, 2] + share * laws.numbers[k, 3]
        size += laws.numbers[k, 0] * v.real + math.log(laws.numbers[k, 1]) + laws.numbers[k, 6]
        if size < least:
            best, least = k, size
    return best


@njit(cache=True, nogil=True)
def _rational(v: complex) -> tuple[complex, complex, complex, float, float]:
    """Return mu, 1 - mu and the derivative of mu for P = 1, and errors of the first two."""
    w = cmath.exp(v if v.real <= 0.0 else -v)
    small, large = w / (1.0 + w), 1.0 / (1.0 + w)
    loss = 2.0 * _EPS / abs(1.0 + w)
    mu, rest = (small, large) if v.real <= 0.0 else (large, small)
    return mu, rest, mu * rest, abs(mu) * loss, abs(rest) * loss


@njit(cache=True, nogil=True)
def _moments(laws: MellinLaws, g: int, own: int, v: complex) -> tuple[complex, complex, complex, float, float]:
    """Return mu, p - mu and the derivative of mu for P (own = 0) or V (own = 1), and errors of the first two."""
    row = laws.constants[g, own]
    p = row[Column.MASS]
    if laws.laws[g, 2 * own + 1] == 0:
        return _rational(v)
    k = _best(laws, laws.laws[g, 2 * own], laws.laws[g, 2 * own + 1], v)
    value, slope, error = _line(laws, k, v, False)
    kind = laws.lines[k, 0]
    if kind == Line.RIGHT:
        a, b = _right_residue(row, Column.RESIDUE, v)
        value, slope, error = value + a, slope + b, error + 4.0 * _EPS * abs(a)
    if kind <= Line.CENTRE:
        return value, p - value, slope, error, error + _EPS * p
    rest = -value
    if kind == Line.FAR_LEFT:
        pole = p * cmath.exp(row[Column.LOG_INVERSE] - v)
        rest, slope, error = rest + pole, slope + pole, error + 4.0 * _EPS * abs(pole)
    return p - rest, rest, slope, error + _EPS * p, error


@njit(cache=True, nogil=True)
def moment_odds(laws: MellinLaws, g: int, v: complex) -> MomentOdds:
    """Evaluate law g at w = exp(v), 0 <= Im v < pi."""
    p = laws.constants[g, 1, Column.MASS]
    mu = rest = slope = 0.0j
    error_mu = error_rest = math.inf
    if laws.laws[g, 3] > 0:
        mu, rest, slope, error_mu, error_rest = _moments(laws, g, 1, v)
    if not (error_mu <= _GOOD * abs(mu) and error_rest <= _GOOD * abs(rest)):
        mu = rest = slope = 0.0j
        error_mu = error_rest = 0.0
        for j in range(laws.laws[g, 4], laws.laws[g, 4] + laws.laws[g, 5]):
            mass = laws.masses[j]
            a, b, c, d, e = _moments(laws, g, 0, v + laws.log_squares[j])
            mu, rest, slope = mu + mass * a, rest + mass * b, slope + mass * c
            error_mu, error_rest = error_mu + mass * d, error_rest + mass * e
    if mu == 0.0 or rest == 0.0:
        return MomentOdds(complex(math.nan), complex(math.nan), complex(math.nan), math.inf)
    error = error_mu / abs(mu) + error_rest / abs(rest)
    # arg mu lies in [0, Im v], arg (p - mu) in [-Im v, 0]; the logarithms are continuous up to Im v = pi and beyond.
    half = complex(0.0, 0.5 * v.imag)
    turn = cmath.exp(half)
    return MomentOdds(cmath.log(mu / turn) + half, cmath.log(rest * turn) - half, slope / mu * (p / rest), error)


@njit(cache=True, nogil=True)
def _potential(laws: MellinLaws, g: int, own: int, v: complex) -> tuple[complex, float]:
    """Return the potential of P (own = 0) or V (own = 1), and an estimate of its error."""
    if laws.laws[g, 2 * own + 1] == 0:
        value = cmath.log(1.0 + cmath.exp(v)) if v.real <= 0.0 else v + cmath.log(1.0 + cmath.exp(-v))
        return value, 2.0 * _EPS * (1.0 + abs(value))
    row = laws.constants[g, own]
    k = _best(laws, laws.laws[g, 2 * own], laws.laws[g, 2 * own + 1], v)
    value, _, error = _line(laws, k, v, True)
    error += 4.0 * _EPS * abs(value)
    kind = laws.lines[k, 0]
    if kind == Line.RIGHT:
        value += _right_residue(row, Column.POTENTIAL, v)[0]
    if kind >= Line.LEFT:
        value += row[Column.MASS] * (v + row[Column.MEAN_LOG])
        error += 4.0 * _EPS * (abs(v) + abs(row[Column.MEAN_LOG]))
    if kind == Line.FAR_LEFT:
        value += row[Column.MASS] * cmath.exp(row[Column.LOG_INVERSE] - v)
    return value, error


@njit(cache=True, nogil=True)
def potential(laws: MellinLaws, g: int, v: complex) -> tuple[complex, float]:
    """Return E log(1 + w V) for law g at w = exp(v), and an estimate of the error."""
    if laws.laws[g, 3] > 0:
        total, error = _potential(laws, g, 1, v)
        if error <= 1e-12:
            return total, error
    total, error = 0.0j, 0.0
    for j in range(laws.laws[g, 4], laws.laws[g, 4] + laws.laws[g, 5]):
        value, spread = _potential(laws, g, 0, v + laws.log_squares[j])
        total += laws.masses[j] * value
        error += laws.masses[j] * spread
    return total, error
