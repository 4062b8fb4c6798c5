r"""Random nodes for the integral over the outputs: preactivations y of the last layer with their weights.

A fixed point x = phi(y) is a solution of y = h(phi(y)). Where phi is constant on a piece of the line, the whole piece
is one node, and its weight is a probability. Elsewhere y is drawn from a density that covers both phi'(y) and the
scale of h. A part of the nodes lies on cubes of random size around 0, because the density of the fixed points has a
peak at the origin for small biases, and a singularity without them. Nodes come from a Sobol sequence with a random
shift, so that each of them is uniform and the estimate has no bias.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from rmtjac.activations import Activation
from rmtjac.theory.counts.output_grid import flat_pieces

__all__ = ["Nodes", "Piece", "draw_nodes", "pieces"]

_FLAT_SHARE = 0.2  # of the nodes, for each coordinate, if phi has flat pieces
_CONE_SHARE = 0.3
_SMALL = 0.1  # a scale of h at the origin below which the density has a narrow peak there
_NARROW = 0.5  # the scale of a logistic variable y for which tanh(y) is uniform


class Piece(NamedTuple):
    """An interval of preactivations on which phi is constant, or is not."""

    low: float
    high: float
    flat: bool

    @property
    def inside(self) -> float:
        """A point of the interval."""
        if math.isfinite(self.low) and math.isfinite(self.high):
            return 0.5 * (self.low + self.high)
        return self.low + 1.0 if math.isfinite(self.low) else self.high - 1.0


class Nodes(NamedTuple):
    """P nodes in n coordinates."""

    y: np.ndarray  # shape (n, P)
    piece: np.ndarray  # the number of the piece in which each coordinate lies, shape (n, P)
    log_weight: np.ndarray  # minus the logarithm of P times the density of the nodes, shape (P,)


def pieces(phi: Activation) -> tuple[Piece, ...]:
    """Return the pieces of the line on which `phi` is constant or not."""
    out: list[Piece] = []
    for low, high, flat in flat_pieces(phi):
        if out and not out[-1].flat and not flat:
            out[-1] = Piece(out[-1].low, high, False)
        elif low < high:
            out.append(Piece(low, high, flat))
    return tuple(out)


@lru_cache(maxsize=8)
def _sobol(n: int, count: int) -> np.ndarray:
    """Return the first `count` points of a Sobol sequence, shape (n, count)."""
    from scipy.stats.qmc import Sobol

    points = Sobol(n, scramble=False).random_base2(max(0, math.ceil(math.log2(count))))[:count].T.copy()
    points.flags.writeable = False
    return points


def _uniform(n: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return a Sobol sequence with a random shift, in the open unit cube."""
    u = (_sobol(n, count) + rng.random((n, 1))) % 1.0
    return np.clip(u, 2.0**-53, 1.0 - 2.0**-53)


def _shares(line: tuple[Piece, ...]) -> np.ndarray:
    """Return the share of the nodes on each piece."""
    flat = np.array([piece.flat for piece in line])
    if not flat.any() or flat.all():
        return np.full(len(line), 1.0 / len(line))
    return np.where(flat, _FLAT_SHARE / flat.sum(), (1.0 - _FLAT_SHARE) / (~flat).sum())


def _whole_line(v: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Return quantiles of the mixture of a logistic and of a Cauchy variable of scale `spread`."""
    w = np.clip(np.where(v < 0.5, 2.0 * v, 2.0 * v - 1.0), 2.0**-53, 1.0 - 2.0**-53)
    logistic = _NARROW * (np.log(w) - np.log1p(-w))
    out: np.ndarray = np.where(v < 0.5, logistic, spread * np.tan(math.pi * (w - 0.5)))
    return out


def _log_whole_line(y: np.ndarray, spreads: np.ndarray) -> np.ndarray:
    """Return the log-density of the mixture over the logistic and the Cauchy variables of all `spreads`, shape (R,)."""
    e = np.exp(-np.abs(y) / _NARROW)
    narrow = e / (_NARROW * (1.0 + e) ** 2)
    s = spreads[:, None]
    wide = (1.0 / (math.pi * s * (1.0 + (y / s) ** 2))).mean(axis=0)
    return np.log(0.5 * (narrow + wide))


def _log_line(y: np.ndarray, piece: np.ndarray, line: tuple[Piece, ...], spreads: np.ndarray) -> np.ndarray:
    """Return the log-density of one coordinate of the nodes that are drawn coordinate by coordinate."""
    out = np.log(_shares(line))[piece]
    for k, (low, high, flat) in enumerate(line):
        if flat:
            continue
        here = piece == k
        if math.isfinite(low) and math.isfinite(high):
            out[here] -= math.log(high - low)
        elif math.isfinite(low) or math.isfinite(high):
            out[here] += math.log(2.0) + _log_whole_line(y[here] - (low if math.isfinite(low) else high), spreads)
        else:
            out[here] += _log_whole_line(y[here], spreads)
    return out


def _draw_line(v: np.ndarray, line: tuple[Piece, ...], spread: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return one coordinate of the nodes that are drawn coordinate by coordinate, and its pieces."""
    ends = np.concatenate([[0.0], np.cumsum(_shares(line))])
    ends[-1] = 1.0
    piece = np.searchsorted(ends, v, side="right") - 1
    v = (v - ends[piece]) / (ends[piece + 1] - ends[piece])
    y = np.empty_like(v)
    for k, one in enumerate(line):
        here = piece == k
        low, high = one.low, one.high
        if one.flat:
            y[here] = one.inside
        elif math.isfinite(low) and math.isfinite(high):
            y[here] = low + v[here] * (high - low)
        else:
            wide = _whole_line(v[here], spread[here])
            y[here] = wide if low == -high else low + np.abs(wide) if math.isfinite(low) else high - np.abs(wide)
    return y, piece


def _cone(line: tuple[Piece, ...]) -> tuple[int, float, bool] | None:
    """Return the piece that the cubes lie in, their largest half-width, and whether they are on one side of 0 only."""
    for k, (low, high, flat) in enumerate(line):
        if not flat and low < 0.0 < high:
            return k, min(-low, high), False
        if not flat and low == 0.0:
            return k, high, True
    return None


def draw_nodes(
    line: tuple[Piece, ...], spreads: np.ndarray, count: int, rng: np.random.Generator, near: float = 1.0
) -> Nodes:
    """Draw nodes.

    Parameters
    ----------
    line : tuple of Piece
        The pieces of the activation of the last layer.
    spreads : ndarray of float, shape (R, n)
        Scales of h for each coordinate; R sets, of which each coordinate of a node takes one.
    count : int
        The number of nodes P.
    rng : Generator
        The random numbers.
    near : float, optional
        The scale of h at y = 0. If it is small, but not 0, every second cube has a size of this order.
    """
    n = spreads.shape[1]
    cone = _cone(line)
    on_cubes = int(_CONE_SHARE * count) if cone is not None else 0
    one_by_one = count - on_cubes
    u = _uniform(n, one_by_one, rng)
    turn = rng.integers(len(spreads), size=u.shape)  # a choice of its own for each coordinate: densities multiply
    drawn = [_draw_line(u[i], line, spreads[turn[i], i]) for i in range(n)]
    y, piece = np.stack([y for y, _ in drawn]), np.stack([k for _, k in drawn])
    if cone is not None and on_cubes:
        k, reach, one_side = cone
        more = _on_cubes(_uniform(n, on_cubes, rng), reach, near, rng)
        y = np.concatenate([y, np.abs(more) if one_side else more], axis=1)
        piece = np.concatenate([piece, np.full((n, on_cubes), k)], axis=1)
    log_density = np.full(y.shape[1], math.log(one_by_one))
    for i in range(n):
        log_density += _log_line(y[i], piece[i], line, spreads[:, i])
    if cone is not None and on_cubes:
        there = math.log(on_cubes) + _log_on_cubes(y, reach, near) + (n * math.log(2.0) if one_side else 0.0)
        log_density = np.logaddexp(log_density, np.where((piece == k).all(axis=0), there, -np.inf))
    return Nodes(y, piece, -log_density)


def _on_cubes(u: np.ndarray, reach: float, near: float, rng: np.random.Generator) -> np.ndarray:
    """Return points on the surfaces of cubes, whose half-width is uniform below `reach`, or has a heavy tail.

    If `near` is small and not 0, every second one has a half-width with a heavy tail from there on, cut off at `reach`.
    """
    n = len(u)
    face, v = np.divmod(2 * n * u[0], 1.0)
    face = np.minimum(face.astype(int), 2 * n - 1)
    v = np.clip(v, 2.0**-53, 1.0 - 2.0**-53)
    half_width = reach * v if math.isfinite(reach) else v / (1.0 - v)
    if 0.0 < near < _SMALL:
        w = v / (1.0 + near / reach)
        half_width = np.where(rng.random(v.shape) < 0.5, half_width, near * w / (1.0 - w))
    y = np.empty_like(u)
    axis = face // 2
    for i in range(n):
        # The coordinates of u other than the first one fill the face.
        other = 2.0 * u[np.where(axis < i, i, np.minimum(i + 1, n - 1)), np.arange(u.shape[1])] - 1.0
        y[i] = np.where(axis == i, np.where(face % 2 == 0, 1.0, -1.0), other)
    return y * half_width


def _log_on_cubes(y: np.ndarray, reach: float, near: float) -> np.ndarray:
    """Return the log-density of `_on_cubes`."""
    n = len(y)
    half_width = np.abs(y).max(axis=0)
    if math.isfinite(reach):
        log_size = np.where(half_width < reach, -math.log(reach), -np.inf)
    else:
        log_size = -2.0 * np.log1p(half_width)
    log_width = np.log(np.maximum(half_width, 5e-324))
    if 0.0 < near < _SMALL:
        small = np.log(1.0 + near / reach) - math.log(near) - 2.0 * np.log1p(half_width / near)
        log_size = np.logaddexp(log_size, np.where(half_width < reach, small, -np.inf)) - math.log(2.0)
    out: np.ndarray = log_size - (n * math.log(2.0) + math.log(n)) - (n - 1) * log_width
    return out
