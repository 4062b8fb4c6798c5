"""Candidates for fixed points by iteration and by damped Newton's method, from many starts at once, for any n."""

from __future__ import annotations

import numpy as np

from rmtjac.fixed_points.iterated.orbits import norms, value_and_jacobian
from rmtjac.network import Network

__all__ = ["candidates", "continued", "settle_newton"]

_STEPS = 60  # the largest number of Newton steps
_HALVINGS = 12  # the largest number of times a step is halved
_ENOUGH = 1e-4  # Armijo's condition: part of the step length by which the residual must fall
_ROOM = 4_000_000  # the largest number of floats in the tangents of one batch
_FLAT = 1e-10  # a smaller relative residual may be rounding error
_CLOSE = 1e-9  # a point with a smaller relative residual is a candidate
_SOLVES, _LEAST_STEP = 80, 1e-6  # the continuation takes at most so many solves, and no smaller steps
_ITERATED = (20, 200)  # numbers of iterations after which the iterates are starts of Newton's method too


def candidates(net: Network, starts: np.ndarray, iterate: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Return points with F(x) nearly equal to x, shape (K, n), and the relative residual of each, smallest first.

    Parameters
    ----------
    net
        A network from R^n to R^n.
    starts
        Shape (S, n).
    iterate
        Whether to start Newton's method also from iterates of the starts, which lie near attracting points.
    """
    n = net.widths[0]
    pools = [starts]
    with np.errstate(all="ignore"):
        if iterate:
            x, done = starts, 0
            for steps in _ITERATED:
                for _ in range(steps - done):
                    x = net(x)
                    x = x[np.isfinite(x).all(axis=1)]
                    if not len(x):
                        break
                done = steps
                x = _distinct(x)
                pools.append(x)
        found = [np.empty((0, n))]
        # The last iterates come first, because they are the closest to fixed points.
        batch = max(1, _ROOM // (n * max(net.widths)))
        for pool in reversed(pools):
            for first in range(0, len(pool), batch):
                part = pool[first : first + batch]
                x = settle_newton(net, part)
                missed = ~(_residuals(net, x) <= _CLOSE)
                if missed.any():
                    x[missed] = settle_newton(net, part[missed], damped=False)
                found.append(x)
        points = np.concatenate(found)
        if not (_residuals(net, points) <= _CLOSE).any():
            points = np.concatenate([points, continued(net)[None]])
        residuals = _residuals(net, points)
        good = residuals <= _CLOSE
        points, residuals = points[good], residuals[good]
    order = np.argsort(residuals, kind="stable")
    return points[order], residuals[order]


def _residuals(net: Network, x: np.ndarray) -> np.ndarray:
    """Return the relative residual of each of the points (K, n)."""
    return np.abs(net(x) - x).max(axis=1, initial=0.0) / (1.0 + np.abs(x).max(axis=1, initial=0.0))


def continued(net: Network) -> np.ndarray:
    """Follow the fixed point of F with W_1 replaced by t W_1 from t = 0, where F is constant, to t = 1; return its end.

    If I - W is strongly monotone, so is I - t W for 0 <= t <= 1, and the path exists.
    """
    with np.errstate(all="ignore"):
        x = _scaled(net, 0.0)(np.zeros(net.widths[0]))
        t, step = 0.0, 1.0
        for _ in range(_SOLVES):
            there = min(1.0, t + step)
            part = _scaled(net, there)
            for damped in (False, True):
                y = settle_newton(part, x[None], damped)
                good = bool(_residuals(part, y)[0] <= _CLOSE)
                if good:
                    break
            if good:
                x, t, step = y[0], there, 2.0 * step
            else:
                step *= 0.25
            if t == 1.0 or step < _LEAST_STEP:
                break
    return x


def _scaled(net: Network, t: float) -> Network:
    """Return the network with its first matrix multiplied by t."""
    return Network([t * net.weights[0], *net.weights[1:]], net.biases, net.activations)


def _distinct(x: np.ndarray) -> np.ndarray:
    """Return one row of each group of rows that agree to nine digits."""
    if not len(x):
        return x
    _, first = np.unique(np.round(x / (1.0 + np.abs(x).max(axis=1, keepdims=True)), 9), axis=0, return_index=True)
    return x[np.sort(first)]


def settle_newton(net: Network, x: np.ndarray, damped: bool = True) -> np.ndarray:
    r"""Return the ends of damped Newton's method for x - F(x) = 0 from points (K, n).

    Each step lowers \|x - F(x)\|. At a kink one of the one-sided slopes is used (a semismooth method). If no part of
    the Newton step lowers the residual, a step of the iteration x -> F(x) is tried; if that does not lower it either,
    the point stays. If not `damped`, whole steps are taken: across a kink the residual may rise before it falls.
    """
    n = x.shape[1]
    x = x.copy()
    alive, before = np.arange(len(x)), np.full(len(x), np.inf)
    for _ in range(_STEPS):
        if not alive.size:
            break
        here = x[alive]
        image, jacobian = value_and_jacobian(net, here)
        gap = image - here
        size = norms(gap)
        good = np.isfinite(size) & np.isfinite(jacobian).all(axis=(1, 2))
        # Where the residual may be rounding error, a step that does not halve it is the last one.
        still = (size > 0.5 * before[alive]) & (size < _FLAT * (1.0 + norms(here)))
        good &= (size > 0.0) & ~still
        before[alive] = size
        alive, here, gap, size, jacobian = alive[good], here[good], gap[good], size[good], jacobian[good]
        if not alive.size:
            break
        step = _solved(np.eye(n) - jacobian, gap)
        moved = _search_line(net, here, step, gap, size) if damped else here + step
        better = (moved != here).any(axis=1)
        x[alive] = moved
        alive = alive[better]
    return x


def _solved(systems: np.ndarray, gaps: np.ndarray) -> np.ndarray:
    """Return the solution of each system; the least-squares solution if it is singular."""
    try:
        return np.linalg.solve(systems, gaps[..., None])[..., 0]
    except np.linalg.LinAlgError:
        steps = np.empty_like(gaps)
        for i, (system, gap) in enumerate(zip(systems, gaps, strict=True)):
            try:
                steps[i] = np.linalg.solve(system, gap)
            except np.linalg.LinAlgError:
                steps[i] = np.linalg.lstsq(system, gap, rcond=None)[0]
        return steps


def _search_line(net: Network, x: np.ndarray, step: np.ndarray, gap: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Return each point after the longest part of its step that lowers the residual, or after one iteration of F."""
    out, left, part = x.copy(), np.arange(len(x)), 1.0
    for trial in range(_HALVINGS + 1):
        last = trial == _HALVINGS
        there = x[left] + (gap[left] if last else part * step[left])
        rest = norms(net(there) - there)
        fell = rest < size[left] * (1.0 - (0.0 if last else _ENOUGH * part))
        out[left[fell]] = there[fell]
        left = left[~fell]
        part *= 0.5
        if not left.size:
            break
    return out
