r"""The limit equation solved for u at given lambda: Newton in the logarithms, with the branch made certain.

Layers with the same law of D^2 form a group g with multiplicity k_g and its own u_g = chi_g(m). In v_g = log u_g,
s_g = Log(m/u_g) and a = Log(1 + m) the equation is

.. math:: H = a_0 - (s_0 + v_0) + \sum_g k_g s_g = \zeta, \qquad s_g + v_g = s_0 + v_0 \ (= \log m),

with zeta = log lambda less the logarithms of the weight variances. `rmtjac.theory.inverse` proves that a solution
with all Im v_g in (-pi, 0) is unique for 0 <= Im zeta < pi, hence the physical one, wherever Newton started.
So each lambda tries the root of its neighbour first, and where that fails follows the root along a path in the
strip 0 < Im zeta < pi, on which it is analytic, from |lambda| large, where it is known.
"""

from __future__ import annotations

import cmath
import math

import numpy as np
from numba import njit

from rmtjac.kernels.mgf import log_mgf

__all__ = ["solve"]

_EPS = 2.220446049250313e-16


@njit(cache=True, nogil=True, error_model="numpy")
def _newton(kinds, numbers, offsets, values, weights, panels, counts, zeta, v):
    """Improve `v` in place; return success, Im m, and the errors of log u_0 and of Im m."""
    groups = kinds.size
    shift, pull = np.empty(groups, dtype=np.complex128), np.empty(groups, dtype=np.complex128)
    previous = math.inf
    for turn in range(60):
        last = turn == 59
        a = a1 = s0 = s01 = 0.0j
        imag_m = 0.0
        residual = -zeta
        slope = 0.0j
        magnitude = abs(zeta)
        for g in range(groups):
            low, high = offsets[g, 0], offsets[g + 1, 0]
            own = panels[offsets[g, 1] : offsets[g + 1, 1]]
            one, one1, s, s1, imag = log_mgf(kinds[g], numbers[g], values[low:high], weights[low:high], own, v[g])
            if g == 0:
                a, a1, s0, s01, imag_m = one, one1, s, s1, imag
                shift[0], pull[0] = 0.0, 1.0
                residual += a - (s0 + v[0])
                slope += a1 - (s01 + 1.0)
                magnitude += abs(a) + abs(v[0])
            else:
                # Equal m, linearised: dv_g = shift + pull dv_0. Near m = -1 only 1 + m tells two m apart.
                if a.real < -0.7:
                    shift[g] = (a - one) / one1
                    pull[g] = a1 / one1
                else:
                    shift[g] = (s0 + v[0] - s - v[g]) / (s1 + 1.0)
                    pull[g] = (s01 + 1.0) / (s1 + 1.0)
            residual += counts[g] * (s + s1 * shift[g])
            slope += counts[g] * s1 * pull[g]
            magnitude += counts[g] * abs(s)
        if slope == 0.0 or not math.isfinite(abs(residual)):
            return False, 0.0, math.inf, math.inf
        step = -residual / slope
        size = 0.0
        for g in range(groups):
            shift[g] += pull[g] * step
            size = max(size, abs(shift[g]))
        # Stay in the open strip -pi < Im v < 0, and do not leap by more than e^2 in u.
        fraction = min(1.0, 2.0 / size) if size > 0.0 else 1.0
        for g in range(groups):
            while True:
                place = v[g].imag + fraction * shift[g].imag
                if -math.pi < place < 0.0:
                    break
                fraction *= 0.5
                if fraction < 1e-12:
                    return False, 0.0, math.inf, math.inf
        for g in range(groups):
            v[g] += fraction * shift[g]
        # Done once a full step is at rounding level, or has stopped shrinking near it.
        rounding = _EPS * magnitude / abs(slope)
        stalled = size >= 0.5 * previous and size < 1e4 * rounding
        if fraction == 1.0 and (size <= rounding or stalled or (last and size < 1e-7)):
            error = rounding + (0.0 if size <= rounding else size)
            return True, imag_m, error, error * abs(cmath.exp(s0 + v[0]) * (s01 + 1.0))
        previous = size if fraction == 1.0 else math.inf
    return False, 0.0, math.inf, math.inf


@njit(cache=True, nogil=True, error_model="numpy")
def _follow(kinds, numbers, offsets, values, weights, panels, counts, log_means, zeta, v):
    """Reach the root at real `zeta` from the asymptotic one at large |lambda| inside the strip."""
    groups = kinds.size
    log_mean = 0.0
    for g in range(groups):
        log_mean += counts[g] * log_means[g]
    corner = complex(zeta, 0.5 * math.pi)
    start = complex(max(zeta, log_mean) + 10.0, 0.5 * math.pi)
    for g in range(groups):
        v[g] = log_mean - start - log_means[g]  # m = mean / lambda, u_g = m / mean_g
    trial = v.copy()
    imag_m = error = spread = 0.0
    for leg in range(2):
        here = start if leg == 0 else corner
        goal = corner if leg == 0 else complex(zeta, 0.0)
        t, step = 0.0, 0.125
        while t < 1.0:
            ahead = min(1.0, t + step)
            trial[:] = v
            done, imag_m, error, spread = _newton(
                kinds, numbers, offsets, values, weights, panels, counts, here + ahead * (goal - here), trial
            )
            if done:
                t = ahead
                v[:] = trial
                step *= 2.0
            else:
                step *= 0.5
                if step < 1e-9:
                    return False, 0.0, math.inf, math.inf
    return True, imag_m, error, spread


@njit(cache=True, nogil=True, error_model="numpy")
def solve(kinds, numbers, offsets, values, weights, panels, counts, log_means, zetas):
    """Solve for every real zeta, given in descending order.

    Parameters
    ----------
    kinds, numbers, offsets, values, weights, panels
        Laws of the groups as `rmtjac.kernels.mgf` describes them; group g owns the values (and weights) from
        offsets[g, 0] to offsets[g + 1, 0], and the panels from offsets[g, 1] to offsets[g + 1, 1].
    counts, log_means
        Multiplicity and log E D^2 of each group.
    zetas
        log lambda less the logarithms of the weight variances.

    Returns
    -------
    found, v, imag_m, error_v, error_m
        Success; log u_g of shape (n, groups); Im m; bounds on the rounding error of log u_0 and of Im m.
    """
    n, groups = zetas.size, kinds.size
    found = np.zeros(n, dtype=np.bool_)
    roots = np.empty((n, groups), dtype=np.complex128)
    imag_m, error_v, error_m = np.zeros(n), np.zeros(n), np.zeros(n)
    v = np.empty(groups, dtype=np.complex128)
    ready = False
    for i in range(n):
        done = False
        if ready and abs(zetas[i] - zetas[i - 1]) < 2.0:
            done, imag_m[i], error_v[i], error_m[i] = _newton(
                kinds, numbers, offsets, values, weights, panels, counts, complex(zetas[i], 0.0), v
            )
        if not done:
            done, imag_m[i], error_v[i], error_m[i] = _follow(
                kinds, numbers, offsets, values, weights, panels, counts, log_means, zetas[i], v
            )
        found[i] = ready = done
        roots[i] = v
    return found, roots, imag_m, error_v, error_m
