r"""The part of E|det(J - I)| from stable 2 x 2 matrices J: all eigenvalues inside the unit circle.

With :math:`u = \det(I - J)`, :math:`w = \det(I + J)` and d = det J, stable means u > 0, w > 0 and d < 1. Given the
first row of J, these conditions are three half-planes of the second row, so that the second row lies in a triangle. The
mean of u over a triangle of a Gaussian plane has a closed form in Owen's T function. The first row is integrated by the
trapezoidal rule in variables that resolve both the scale of the triangle and the scale of the row.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, owens_t

from rmtjac.propagation.normal import normal_density
from rmtjac.theory.counts.plane import Rows

__all__ = ["stable_determinants", "stable_sum"]

_REACH = 5.0  # standard deviations of a row
_FIRST_STEPS, _LATER_STEPS = (8, 12), (24, 48)
_NEGLIGIBLE = 1e-6  # of the sum
_LARGEST = 4.0  # det(I - J) of a stable J
_MOST = 400_000  # of pairs (matrix, node) at once


def stable_determinants(rows: Rows, even: np.ndarray, steps: int) -> np.ndarray:
    """Return E[det(I - J); J stable] by a rule with `steps` nodes in each entry of the first row.

    `even`, shape (B,), is the exact part of E|det(J - I)| from matrices that are no saddles. The error of the rule for
    it tells that for its stable part, where most of it is stable.
    """
    rows = rows.first(1.0)
    out = np.empty((2, len(rows.mean)))
    chunk = max(1, _MOST // (steps * steps))
    for start in range(0, out.shape[1], chunk):
        part = slice(start, start + chunk)
        out[:, part] = _some(rows.some(part), steps)
    most = np.clip(even, 0.0, _LARGEST)
    out[0] = np.clip(out[0], 0.0, most)  # rounding may be more where the entries of J are huge
    share = np.clip(np.divide(out[0], out[1], out=np.zeros_like(even), where=out[1] > 0.0), 0.0, 1.0)
    return np.clip(out[0] - share * share * (out[1] - even), 0.0, most)


def stable_sum(rows: Rows, even: np.ndarray, measure: np.ndarray, tolerance: float) -> tuple[float, float]:
    """Return the sum over many matrices of `measure` times E[det(I - J); J stable], and an estimate of its error.

    The rule is refined for those matrices for which two rules differ most.
    """
    weight = measure * np.maximum(even, 0.0)  # a bound of what each adds
    order = np.argsort(weight)
    counts = np.sort(order[np.cumsum(weight[order]) > _NEGLIGIBLE])
    rows, even, measure = rows.some(counts), even[counts], measure[counts]
    if not counts.size:
        return 0.0, _NEGLIGIBLE
    coarse, value = (stable_determinants(rows, even, steps) for steps in _FIRST_STEPS)
    doubt = measure * np.abs(value - coarse)
    for steps in _LATER_STEPS:
        order = np.argsort(-doubt)
        # Leave the tail of the doubts that adds up to less than the tolerance.
        rest = np.cumsum(doubt[order][::-1])[::-1]
        again = order[rest > tolerance]
        if not again.size:
            break
        better = stable_determinants(rows.some(again), even[again], steps)
        # Errors fall like 1 / steps^2.
        doubt[again] = 0.5 * measure[again] * np.abs(better - value[again])
        value[again] = better
    return float(np.sum(measure * value)), float(np.sum(doubt)) + _NEGLIGIBLE


def _stretched(centre: np.ndarray, sd: np.ndarray, scale: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Return nodes of a normal variable and their weights, evenly spaced in asinh(variable / scale)."""
    sd = np.maximum(sd, 1e-9 * np.hypot(centre, scale))  # nodes that differ
    low, high = np.arcsinh((centre - _REACH * sd) / scale), np.arcsinh((centre + _REACH * sd) / scale)
    share = (np.arange(steps) + 0.5) / steps
    tau = low[..., None] + (high - low)[..., None] * share
    node = scale[..., None] * np.sinh(tau)
    z = (node - centre[..., None]) / sd[..., None]
    weight = np.exp(-0.5 * z * z) * np.hypot(node, scale[..., None])
    return node, weight / weight.sum(axis=-1, keepdims=True)


def _some(rows: Rows, steps: int) -> np.ndarray:
    """Return the expectations for a few matrices."""
    axes, sd, mean = rows.axes, rows.sd, rows.mean
    cov = np.einsum("bik,bk,bjk->bij", axes[:, 0], sd[:, 0] ** 2, axes[:, 0])
    sd_p = np.sqrt(cov[:, 0, 0])
    sd_b = np.maximum(sd[:, 0, 0] * sd[:, 0, 1] / sd_p, 1e-300)  # the root of det(cov) / cov_pp
    p, weight_p = _stretched(mean[:, 0, 0], sd_p, np.ones_like(sd_p), steps)
    # x matters where b x is about 1.
    scale = 1.0 / np.maximum(np.hypot(np.hypot(*sd[:, 1].T), mean[:, 1, 0]), 1e-12)
    centre = mean[:, 0, 1, None] + (cov[:, 0, 1] / cov[:, 0, 0])[:, None] * (p - mean[:, 0, 0, None])
    wide = np.broadcast_to(sd_b[:, None], p.shape)
    b, weight_b = _stretched(centre, wide, np.broadcast_to(scale[:, None], p.shape), steps)
    p = np.broadcast_to(p[:, :, None], b.shape)
    value = _in_triangle(rows, p, b)
    out: np.ndarray = np.einsum("kbij,bij,bi->kb", value, weight_b, weight_p)
    return out


def _in_triangle(rows: Rows, p: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return E[u; stable] given the first rows (p, b), shape (B, K, K)."""
    mx, my = (rows.mean[:, 1, k, None, None] for k in (0, 1))
    axes, sd = rows.axes[:, 1], rows.sd[:, 1]
    ax, ay = ((axes[:, k, 0] * sd[:, 0])[:, None, None] for k in (0, 1))  # the second row is mean + a Z_1 + c Z_2
    cx, cy = ((axes[:, k, 1] * sd[:, 1])[:, None, None] for k in (0, 1))
    lines = []
    # The factors of x and y, and the constant, in u, w and 1 - d.
    for in_x, in_y, constant in ((-b, p - 1.0, 1.0 - p), (-b, p + 1.0, 1.0 + p), (b, -p, 1.0)):
        lines.append((constant + in_x * mx + in_y * my, in_x * ax + in_y * ay, in_x * cx + in_y * cy))
    return _triangle_mean(lines)


def _triangle_mean(affine: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> np.ndarray:
    """Return E[u; u, w, v > 0] and E[|u|; uw > 0] for affine functions k + n . Z of two normal variables Z."""
    lines = []
    for constant, n1, n2 in affine:
        size = np.maximum(np.hypot(n1, n2), 1e-300)
        k = np.clip(constant / size, -1e100, 1e100)
        lines.append((n1 / size, n2 / size, np.where(k == 0.0, 1e-300, k), size))
    mass = ((lines[0][2] > 0.0) & (lines[1][2] > 0.0) & (lines[2][2] > 0.0)).astype(float)
    first = np.zeros_like(mass)
    n1, n2, k, size = lines[0]
    for i, (m1, m2, h, _) in enumerate(lines):
        ends = []
        for j in (0, 1, 2):
            if j != i:
                o1, o2, g, _ = lines[j]
                cross = m1 * o2 - m2 * o1
                cross = np.where(np.abs(cross) < 1e-200, 1e-200, cross)
                ends.append(np.clip(-(g - (m1 * o1 + m2 * o2) * h) / cross, -1e100, 1e100))
        low, high = np.minimum(*ends), np.maximum(*ends)
        near = np.abs(h) < 6.5  # an edge that is farther from the origin has no weight
        hn, ln, un = h[near], low[near], high[near]
        with np.errstate(over="ignore", under="ignore"):
            mass[near] -= owens_t(hn, un / hn) - owens_t(hn, ln / hn)
            edge = normal_density(hn) * (ndtr(un) - ndtr(ln))
        first[near] += (n1 * m1 + n2 * m2)[near] * edge
    m1, m2, h, _ = lines[1]
    # E max(-u, 0) + E[u; w > 0].
    even = normal_density(k) - k * ndtr(-k) + k * ndtr(h) + (n1 * m1 + n2 * m2) * normal_density(h)
    return np.stack([size * (k * mass + first), size * even])
