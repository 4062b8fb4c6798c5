r"""Newton's method for the equations of independent masks, and the walk along log lambda.

With M = mu / mu_max, the unknowns are m = Log(M / (1 - M)) and v_g = Log rho_g per group g of equal layers:

.. math:: \mu_{K_g}(e^{v_g}) = r_g \mu, \qquad
          \tau = \log(-z) = c + a\, \mathrm{Log}\, M - \sum_g k_g v_g .

See docs/theory/stable_products.md.
"""

from __future__ import annotations

import cmath
import math
from typing import NamedTuple

import numpy as np
from numba import njit

from rmtjac.kernels.heavy_tails.mellin_sums import MellinLaws, moment_odds, potential

__all__ = ["ScalarEquations", "WalkStatus", "curve", "points", "potentials", "start", "walk"]

_MOST_STEPS = 12
_FIRST_STEP, _LARGEST_STEP, _LEAST_STEP = 0.1, 4.0, 1e-8


class WalkStatus(NamedTuple):
    """How a walk ended."""

    done: bool
    at: complex
    """The last tau that was reached."""


class ScalarEquations(NamedTuple):
    """The equations as arguments of the kernels."""

    laws: MellinLaws
    constant: float
    """c."""
    power: float
    """a."""
    counts: np.ndarray
    """k_g."""
    levels: np.ndarray
    """r_g mu_max."""
    gaps: np.ndarray
    """P(V_g > 0) - r_g mu_max, 0 for the layers that decide."""
    masses: np.ndarray
    """P(V_g > 0)."""
    groups: np.ndarray
    """The group of each layer of neurons, shape (L + 1,)."""
    layer_powers: np.ndarray
    """1 / beta_l, shape (L,)."""
    layer_constants: np.ndarray
    """log(kappa_l r_l mu_max / Gamma(1 + beta_l)), shape (L,)."""


@njit(cache=True, nogil=True)
def _log_share(m: complex) -> tuple[complex, complex]:
    """Return Log M and Log(1 - M) at m = Log(M / (1 - M))."""
    if m.real <= 0.0:
        rest = -cmath.log(1.0 + cmath.exp(m))
        return m + rest, rest
    share = -cmath.log(1.0 + cmath.exp(-m))
    return share, share - m


@njit(cache=True, nogil=True)
def _newton(eq: ScalarEquations, tau: complex, x: np.ndarray, tangent: np.ndarray) -> tuple[float, float]:
    """Improve x = (m, v_0, v_1, ...) by one step; return its length, and the error that evaluations leave in m."""
    n = eq.counts.size
    log_share, log_rest = _log_share(x[n])
    rest = cmath.exp(log_rest)
    numerator = eq.constant + eq.power * log_share - tau
    denominator = eq.power * rest
    noise = 0.0
    half = complex(0.0, 0.5 * x[n].imag)  # arg (1 - M) lies in [-Im m, 0]
    # slopes and residuals of the groups are kept in `tangent` until the step of m is known
    errors = np.empty(n, np.complex128)
    for g in range(n):
        odds = moment_odds(eq.laws, g, x[g])
        other = eq.gaps[g] + eq.levels[g] * rest
        residual = (
            odds.log_mu
            - odds.log_rest
            - (math.log(eq.levels[g]) + log_share - (cmath.log(other * cmath.exp(half)) - half))
        )
        if eq.gaps[g] == 0.0:
            residual = odds.log_mu - odds.log_rest - x[n]
            tangent[g] = 1.0 / odds.slope
        else:
            tangent[g] = rest * eq.masses[g] / other / odds.slope
        errors[g] = residual / odds.slope
        numerator += eq.counts[g] * (errors[g] - x[g])
        denominator -= eq.counts[g] * tangent[g]
        noise += eq.counts[g] * odds.error / abs(odds.slope)
    step = -numerator / denominator
    length = abs(step)
    for g in range(n):
        change = tangent[g] * step - errors[g]
        x[g] += change
        length = max(length, abs(change))
        tangent[g] /= denominator
    x[n] += step
    tangent[n] = 1.0 / denominator
    noise += 1e-15 * (abs(tau) + abs(eq.constant) + abs(eq.power * log_share))
    return length, noise / abs(denominator)


@njit(cache=True, nogil=True)
def _sectors(eq: ScalarEquations, tau: complex, x: np.ndarray) -> bool:
    """Return whether all X_l, Y_l and rho_l lie in the sectors of the physical branch."""
    n = eq.counts.size
    half = 0.5 * abs(tau.imag)
    slack = 1e-9
    log_share, _ = _log_share(x[n])
    y = x[eq.groups[0]] + 0.5 * tau
    for l in range(eq.layer_powers.size):
        if not abs(y.imag) <= half + slack:
            return False
        a = eq.layer_powers[l] * (eq.layer_constants[l] + log_share) - y
        if not abs(a.imag) <= half + slack:
            return False
        y = x[eq.groups[l + 1]] - a
    # The chain ends with rho_L = A / eta.
    return abs(y + 0.5 * tau) <= 1e-6 * (1.0 + abs(tau))


@njit(cache=True, nogil=True)
def _correct(eq: ScalarEquations, tau: complex, x: np.ndarray, tangent: np.ndarray) -> tuple[bool, float]:
    """Solve at tau from the start x; return whether this worked, and the error of m."""
    last = math.inf
    for _ in range(_MOST_STEPS):
        length, noise = _newton(eq, tau, x, tangent)
        if not length < 2.0:
            return False, math.inf
        # After a step of length d the error is about d^2; it can't fall below the noise.
        if length <= 3e-6 or (length <= 10.0 * noise and length < 1e-3):
            return _sectors(eq, tau, x), noise + length * length
        if length > 2.0 * last:
            return False, math.inf
        last = length
    return False, math.inf


@njit(cache=True, nogil=True)
def walk(eq: ScalarEquations, begin: complex, end: complex, x: np.ndarray, tangent: np.ndarray) -> WalkStatus:
    """Follow the solution from `begin`, where x and its tangent are known, to `end`."""
    at = begin
    length = abs(end - begin)
    if length == 0.0:
        return WalkStatus(True, at)
    direction = (end - begin) / length
    step = min(_FIRST_STEP, length)
    trial, slope = np.empty_like(x), np.empty_like(x)
    gone = 0.0
    while gone < length:
        step = min(step, length - gone)
        to = end if step == length - gone else begin + (gone + step) * direction
        trial[:] = x + tangent * (to - at)
        if _correct(eq, to, trial, slope)[0]:
            x[:], tangent[:] = trial, slope
            at, gone = to, gone + step
            if to == end:
                break
            step *= 2.0
        else:
            step *= 0.5
            if not step > _LEAST_STEP:
                return WalkStatus(False, at)
    return WalkStatus(True, at)


@njit(cache=True, nogil=True)
def start(eq: ScalarEquations, x: np.ndarray, tangent: np.ndarray) -> complex:
    """Write the solution with mu = mu_max / 2 into x, and return its real tau; NaN if there is none."""
    n = eq.counts.size
    x[n] = 0.0
    tau = eq.constant + eq.power * math.log(0.5)
    for g in range(n):
        goal = math.log(0.5 * eq.levels[g]) - math.log(eq.gaps[g] + 0.5 * eq.levels[g])
        low, high = -690.0, 690.0
        for _ in range(70):
            mid = 0.5 * (low + high)
            odds = moment_odds(eq.laws, g, complex(mid))
            # NaN stands for an underflow of mu or of the rest.
            value = (odds.log_mu - odds.log_rest).real
            if value < goal or (math.isnan(value) and mid < 0.0):
                low = mid
            else:
                high = mid
        x[g] = 0.5 * (low + high)
        tau -= eq.counts[g] * x[g].real
    ok, _ = _correct(eq, complex(tau), x, tangent)
    return complex(tau) if ok else complex(math.nan)


@njit(cache=True, nogil=True)
def curve(
    eq: ScalarEquations, tau: complex, x: np.ndarray, tangent: np.ndarray, end: float, limit: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return points tau with solutions and tangents from tau to the real part `end`, at steps that suit Hermite."""
    n = x.size
    taus = np.empty(limit, np.complex128)
    xs, slopes = np.empty((limit, n), np.complex128), np.empty((limit, n), np.complex128)
    taus[0], xs[0], slopes[0] = tau, x, tangent
    count = 1
    sign = 1.0 if end > tau.real else -1.0
    step = _FIRST_STEP
    trial, slope = np.empty_like(x), np.empty_like(x)
    while count < limit and taus[count - 1].real != end:
        i = count - 1
        step = min(step, abs(end - taus[i].real))
        to = complex(taus[i].real + sign * step, tau.imag)
        if step == abs(end - taus[i].real):
            to = complex(end, tau.imag)
        trial[:] = xs[i] + slopes[i] * (to - taus[i])
        good = _correct(eq, to, trial, slope)[0]
        change = 0.0
        for j in range(n):
            change = max(change, abs(slope[j] - slopes[i, j]) * step)
        # The error of Hermite's cubic is about a thousandth of the change of the slope.
        if good and (change < 0.08 or step < 1e-4):
            taus[count], xs[count], slopes[count] = to, trial, slope
            count += 1
            step = min(step * (1.6 if change < 0.03 else 1.0), _LARGEST_STEP)
        else:
            step *= 0.5
            if not step > _LEAST_STEP:
                break
    return taus[:count], xs[:count], slopes[:count]


@njit(cache=True, nogil=True)
def points(
    eq: ScalarEquations,
    taus: np.ndarray,
    xs: np.ndarray,
    slopes: np.ndarray,
    wanted: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the solutions x at the points tau, and the errors of m; infinite where the branch was lost."""
    n = xs.shape[1]
    out = np.empty((wanted.size, n), np.complex128)
    errors = np.empty(wanted.size)
    tangent = np.empty(n, np.complex128)
    real = taus.real
    for i in range(wanted.size):
        tau = wanted[i]
        j = min(max(np.searchsorted(real, tau.real) - 1, 0), real.size - 2)
        h = taus[j + 1] - taus[j]
        t = (complex(tau.real, taus[j].imag) - taus[j]) / h
        inside = 0.0 <= t.real <= 1.0 and tau.imag == taus[j].imag
        good, error = False, math.inf
        x = out[i]
        if inside:
            for k in range(n):
                a, b, c, d = xs[j, k], h * slopes[j, k], xs[j + 1, k], h * slopes[j + 1, k]
                x[k] = a + t * (b + t * ((3.0 * (c - a) - 2.0 * b - d) + t * (2.0 * (a - c) + b + d)))
            good, error = _correct(eq, tau, x, tangent)
        if not good:
            k = j if abs(tau - taus[j]) < abs(tau - taus[j + 1]) else j + 1
            x[:], tangent[:] = xs[k], slopes[k]
            if walk(eq, taus[k], tau, x, tangent).done:
                good, error = _correct(eq, tau, x, tangent)
        errors[i] = error if good else math.inf
    return out, errors


@njit(cache=True, nogil=True)
def potentials(eq: ScalarEquations, xs: np.ndarray, shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return sum_l E log(1 + rho_l V_l) / r_l mu_max, with `shares` = k_g / r_g mu_max, and estimates of the error."""
    out = np.zeros(xs.shape[0], np.complex128)
    errors = np.zeros(xs.shape[0])
    for i in range(xs.shape[0]):
        for g in range(eq.counts.size):
            value, error = potential(eq.laws, g, xs[i, g])
            out[i] += shares[g] * value
            errors[i] += shares[g] * error
    return out, errors
