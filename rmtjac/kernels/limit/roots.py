r"""The limit equation solved for u at given lambda, by Newton's method in the logarithms, on the physical branch.

Terms g with laws K_g, ratios r_g and multiplicities k_g have u_g with m_{K_g}(u_g) = r_g m. The first one *leads*:
mu = p_0 / r_0 is the smallest p_g / r_g, so that m -> -mu as lambda -> 0. There only c = 1 + m / mu keeps the digits of
m, and c is computed from the law of the leading term. With v_g = log u_g and s_g = Log(m_{K_g}(u_g) / u_g) the equation
is

.. math:: H = -\log m + \sum_g k_g s_g + \sum_f k_f \mathrm{Log}(1 + r_f m) = \zeta, \qquad
          \log m = s_g + v_g - \log r_g,

where zeta is log lambda minus constants of the layers, and f runs over the factors 1 + r_f m = (1 - mu r_f) + mu r_f c
of the weights. By the theorem of `rmtjac.theory.equation.roots` a solution with all Im v_g in (-pi, 0) is unique for
0 <= Im zeta < pi; hence it is the physical one, wherever Newton's method started. So for each lambda the solver first
starts from an extrapolation of the neighbouring points. If that fails it follows the root along a path in the strip
0 < Im zeta < pi, on which the root is analytic, from a large |lambda|, where the root is known.
"""

from __future__ import annotations

import cmath
import math

import numpy as np
from numba import njit

from rmtjac.kernels.limit.moment_transform import log_moment_transform
from rmtjac.kernels.limit.quotient import over

__all__ = ["solve", "solve_plane"]

_EPS = 2.220446049250313e-16
_REAL = 1e-12  # a smaller angle may be rounding


@njit(cache=True, nogil=True, error_model="numpy")
def _newton(laws, terms, factors, zeta, v, rate):
    """Improve `v` in place and write dv/dzeta to `rate`.

    Return whether that succeeded, Im m_{K_0}(u_0), and the errors of log u_0 and of m_{K_0}(u_0).
    """
    kinds, numbers, offsets, values, weights, panels = laws
    counts, masses, log_ratios, shares = terms
    free_counts, free_shares = factors
    groups = kinds.size
    shift = np.empty(groups, dtype=np.complex128)
    previous = math.inf
    for turn in range(60):
        last = turn == 59
        c = b = s0 = b1 = s01 = y = slope = 0.0j
        imag_m = 0.0
        residual = -zeta
        magnitude = abs(zeta)
        for g in range(groups):
            low, high = offsets[g, 0], offsets[g + 1, 0]
            own = panels[offsets[g, 1] : offsets[g + 1, 1]]
            at = log_moment_transform(kinds[g], numbers[g], values[low:high], weights[low:high], own, v[g])
            log_here, here1, s, s1 = at.log_rest, at.log_rest_slope, at.log_ratio, at.log_ratio_slope
            if g == 0:
                c, b, b1, s0, s01, imag_m = at.rest, log_here, here1, s, s1, at.imag_m
                y = s0 + v[0] - log_ratios[0]
                shift[0], rate[0] = 0.0, 1.0
                residual -= y
                slope -= s01 + 1.0
                magnitude += abs(s0) + abs(v[0])
            else:
                # Equal m, linearised: dv_g = shift + rate dv_0. Near m = -p_g / r_g only 1 + r_g m / p_g has digits.
                share = shares[g]
                goal = (1.0 - share) + share * c
                if abs(goal) < 0.5:
                    shift[g] = over((b if share == 1.0 else cmath.log(goal)) - log_here, here1)
                    rate[g] = over(share * c * b1, goal * here1)
                else:
                    shift[g] = over(y + log_ratios[g] - s - v[g], s1 + 1.0)
                    rate[g] = over(s01 + 1.0, s1 + 1.0)
                if share != 1.0:  # the rounding of the masses, in 1 - share
                    magnitude += abs(counts[g]) / abs(goal)
            residual += counts[g] * (s + s1 * shift[g])
            slope += counts[g] * s1 * rate[g]
            magnitude += abs(counts[g] * s)
        for f in range(free_counts.size):
            share = free_shares[f]
            goal = (1.0 - share) + share * c
            log_goal = b if share == 1.0 else cmath.log(goal)
            residual += free_counts[f] * log_goal
            slope += free_counts[f] * over(share * c * b1, goal)
            magnitude += abs(free_counts[f]) * (abs(log_goal) + (1.0 / abs(goal) if share != 1.0 else 0.0))
        if slope == 0.0 or not math.isfinite(abs(residual)) or not math.isfinite(abs(slope)):
            return False, 0.0, math.inf, math.inf
        step = -residual / slope
        size = 0.0
        for g in range(groups):
            shift[g] += rate[g] * step
            size = max(size, abs(shift[g]))
            if not math.isfinite(abs(shift[g])):
                return False, 0.0, math.inf, math.inf
        # The step is shortened to stay in the open strip -pi < Im v < 0, and to change u by a factor of at most e^2.
        # Even if m is not real, the u of a term that does not lead can be negative up to rounding: for it Im v = -pi is
        # allowed.
        fraction = min(1.0, 2.0 / size) if size > 0.0 else 1.0
        for g in range(groups):
            while True:
                place = v[g].imag + fraction * shift[g].imag
                if -math.pi < place < 0.0 or (g > 0 and -math.pi - 1e-13 < place < 0.0):
                    break
                fraction *= 0.5
                if fraction < 1e-12:
                    return False, 0.0, math.inf, math.inf
        for g in range(groups):
            v[g] += fraction * shift[g]
            if v[g].imag < -math.pi:
                v[g] = complex(v[g].real, -math.pi)
        # Newton's method is done when the next step would be below rounding (convergence is quadratic, in units of
        # 1 / slope), or when a full step is at rounding level or has stopped shrinking near it.
        rounding = _EPS * magnitude / abs(slope)
        solved = abs(residual) < 1e-6  # next to a singularity of H a short step need not be a small residual
        squared = size < 1e-9
        stalled = size >= 0.5 * previous and size < 1e4 * rounding
        if fraction == 1.0 and solved and (squared or size <= rounding or stalled or (last and size < 1e-7)):
            error = rounding + (size if stalled or last else 0.0)
            change = masses[0] * c * b1  # d m_{K_0} / d v_0
            for g in range(groups):
                rate[g] /= slope
            # On the boundary there are real solutions besides the limit of the solutions with Im zeta > 0. Only this
            # limit moves into the open half-plane if Im zeta grows from 0.
            real = zeta.imag == 0.0 and (v[0].imag > -_REAL or v[0].imag < _REAL - math.pi)
            if real and (rate[0].real < 0.0) != (v[0].imag > -1.0):
                return False, 0.0, math.inf, math.inf
            return True, imag_m + (change * shift[0]).imag, error, error * abs(change)
        previous = size if fraction == 1.0 else math.inf
    return False, 0.0, math.inf, math.inf


@njit(cache=True, nogil=True, error_model="numpy")
def _follow(laws, terms, factors, log_means, log_mean, zeta, v, rate):
    """Follow the root to `zeta` from the asymptotic one at large |lambda|, inside the strip 0 < Im zeta < pi.

    Write the root to `v` and dv/dzeta to `rate`; return what `_newton` returns.
    """
    corner = complex(zeta.real, 0.5 * math.pi)
    start = complex(max(zeta.real, log_mean) + 10.0, 0.5 * math.pi)
    for g in range(v.size):
        v[g] = log_mean - start + terms.log_ratios[g] - log_means[g]  # m = mean / lambda, u_g = r_g m / mean_g
    trial, tangent, known = v.copy(), v.copy(), False
    imag_m = error = spread = 0.0
    failures = 0
    for leg in range(2):
        here = start if leg == 0 else corner
        goal = corner if leg == 0 else zeta
        t, step = 0.0, 0.125
        while t < 1.0:
            ahead = min(1.0, t + step)
            trial[:] = v
            if known:  # along the tangent, if that stays in the strip
                inside = True
                for g in range(v.size):
                    inside &= -math.pi < (v[g] + (ahead - t) * (goal - here) * tangent[g]).imag < 0.0
                if inside:
                    trial += (ahead - t) * (goal - here) * tangent
            done, imag_m, error, spread = _newton(laws, terms, factors, here + ahead * (goal - here), trial, rate)
            if done:
                t = ahead
                v[:] = trial
                tangent[:] = rate
                known = True
                step *= 2.0
                failures = max(failures - 1, 0)
            else:
                step *= 0.5
                failures += 1
                if failures > 40:
                    return False, 0.0, math.inf, math.inf
    return True, imag_m, error, spread


@njit(cache=True, nogil=True, error_model="numpy")
def _extrapolate(at, before, v_before, rate_before, after, v, rate, guess):
    """Write the cubic through values and slopes at two points, or the tangent, to `guess`.

    Return whether the guess lies in the strip.
    """
    width = after - before
    t = (at - before) / width if width != 0.0 else math.inf
    inside = True
    for g in range(v.size):
        if 1.0 <= t < 2.5:
            chord, first, second = v[g] - v_before[g], width * rate_before[g], width * rate[g]
            guess[g] = v_before[g] + t * (
                first + t * ((3.0 * chord - 2.0 * first - second) + t * (first + second - 2.0 * chord))
            )
        else:
            guess[g] = v[g] + (at - after) * rate[g]
        inside &= -math.pi < guess[g].imag < 0.0
    return inside


@njit(cache=True, nogil=True, error_model="numpy")
def solve(laws, terms, factors, log_means, log_mean, zetas):
    """Solve for every real zeta, given in descending order.

    Parameters
    ----------
    laws
        A `TermLaws` (`rmtjac.kernels.limit.records`).
    terms
        A `Terms`.
    factors
        A `Factors`.
    log_means, log_mean
        log E D_g^2, and the logarithm of the mean of the law that H = zeta describes.
    zetas
        log lambda minus the constants of the layers.

    Returns
    -------
    found, v, imag_m, error_v, error_m
        Whether a root was found; log u_g, shape (n, terms); Im m_{K_0}(u_0); bounds of the rounding errors of log u_0
        and of Im m_{K_0}(u_0).
    """
    n, groups = zetas.size, laws[0].size
    found = np.zeros(n, dtype=np.bool_)
    roots = np.empty((n, groups), dtype=np.complex128)
    imag_m, error_v, error_m = np.zeros(n), np.zeros(n), np.zeros(n)
    v, rate = np.empty(groups, dtype=np.complex128), np.empty(groups, dtype=np.complex128)
    v_before, rate_before, guess = v.copy(), v.copy(), v.copy()
    known = 0  # how many points just before this one were solved
    for i in range(n):
        done = False
        zeta = complex(zetas[i], 0.0)
        # At very small lambda the root changes slowly with log lambda, so that points farther apart are neighbours.
        if known and abs(zetas[i] - zetas[i - 1]) < max(2.0, 0.1 * abs(zetas[i])):
            two = known > 1
            before = zetas[i - 2] if two else zetas[i - 1]
            if not _extrapolate(zetas[i], before, v_before, rate_before, zetas[i - 1], v, rate, guess):
                guess[:] = v
            v_before[:] = v
            rate_before[:] = rate
            v[:] = guess
            done, imag_m[i], error_v[i], error_m[i] = _newton(laws, terms, factors, zeta, v, rate)
            if not done:
                v[:] = v_before
                done, imag_m[i], error_v[i], error_m[i] = _newton(laws, terms, factors, zeta, v, rate)
        else:
            known = 0
        if not done:
            known = 0
            done, imag_m[i], error_v[i], error_m[i] = _follow(laws, terms, factors, log_means, log_mean, zeta, v, rate)
        found[i] = done
        known = known + 1 if done else 0
        roots[i] = v
    return found, roots, imag_m, error_v, error_m


@njit(cache=True, nogil=True, error_model="numpy")
def solve_plane(laws, terms, factors, log_means, log_mean, zetas):
    """Solve for complex zetas with 0 < Im zeta < pi, each on its own; the arguments are those of `solve`.

    Returns
    -------
    found, v
        Whether a root was found, and log u_g, shape (n, terms).
    """
    n, groups = zetas.size, laws[0].size
    found = np.zeros(n, dtype=np.bool_)
    roots = np.empty((n, groups), dtype=np.complex128)
    v, rate = np.empty(groups, dtype=np.complex128), np.empty(groups, dtype=np.complex128)
    for i in range(n):
        found[i], _, _, _ = _follow(laws, terms, factors, log_means, log_mean, zetas[i], v, rate)
        roots[i] = v
    return found, roots
