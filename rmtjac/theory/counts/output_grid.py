r"""Nodes of the integral over the preactivations y of the last layer, one rule for each coordinate.

A fixed point x = phi(y) of the map belongs to a fixed point y = h(phi(y)), for every activation phi. On a piece where
phi is constant, x and all scalars do not depend on y, so that the piece is one node whose weight is the probability of
the piece. Elsewhere the nodes are those of Gauss and Legendre in asinh(y / scale). The scalars depend on
:math:`|x|^2` only. So points that differ by the order of their coordinates count once, and also those that differ by
signs if phi is odd.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from rmtjac.activations import Activation
from rmtjac.propagation.normal import normal_density, normal_mass

__all__ = ["OutputGrid", "flat_pieces", "odd"]


def odd(phi: Activation) -> bool:
    """Return whether phi(-h) = -phi(h) at many points h, and the breakpoints are symmetric."""
    h = np.concatenate([np.linspace(0.0, 10.0, 201), np.logspace(-8.0, 2.0, 31), np.abs(phi.breakpoints)])
    with np.errstate(over="ignore", under="ignore"):
        above, below = phi(h), phi(-h)
    same = bool(np.all(np.abs(above + below) <= 1e-13 * (1e-3 + np.abs(above))))
    return same and [-b for b in reversed(phi.breakpoints)] == list(phi.breakpoints)


def flat_pieces(phi: Activation) -> list[tuple[float, float, bool]]:
    """Return the pieces between the breakpoints of phi, and whether phi is constant there."""
    ends = [-math.inf, *phi.breakpoints, math.inf]
    slopes = phi.slopes or (math.nan,) * (len(ends) - 1)
    return [(a, b, slope == 0.0) for (a, b), slope in zip(itertools.pairwise(ends), slopes, strict=True)]


@lru_cache(maxsize=64)
def _rule(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rule of Gauss and Legendre on (-1, 1)."""
    from scipy.special import roots_legendre

    x, w = roots_legendre(count)
    return x, w


@dataclass(frozen=True)
class OutputGrid:
    """Hold the nodes of one coordinate, and all points of n coordinates up to symmetry.

    Attributes
    ----------
    node, weight : ndarray of float, shape (K,)
        The nodes and their weights; the weight is not used on a flat piece.
    low, high : ndarray of float, shape (K,)
        The ends of the flat piece of a node; NaN elsewhere.
    choice : ndarray of int, shape (B, n)
        The nodes of the coordinates of each point, ascending.
    multiplicity : ndarray of float, shape (B,)
        How many points each of them stands for.
    """

    node: np.ndarray
    weight: np.ndarray
    low: np.ndarray
    high: np.ndarray
    choice: np.ndarray
    multiplicity: np.ndarray

    @classmethod
    def of(cls, phi: Activation, n: int, scale: float, reach: float, density: float) -> OutputGrid:
        """Return the grid for y from -`reach` to `reach`, with about `density` nodes in a unit of asinh(y / scale)."""
        half = odd(phi)
        rows: list[np.ndarray] = []
        for a, b, flat in flat_pieces(phi):
            a = max(a, 0.0) if half else a
            if half and b <= 0.0:
                continue
            if flat:
                middle = a if math.isfinite(a) else b if math.isfinite(b) else 0.0
                rows.append(np.array([[middle], [0.0], [a], [b]]))
                continue
            a, b = max(a, -reach), min(b, reach)
            if not b > a:
                continue
            low, high = math.asinh(a / scale), math.asinh(b / scale)
            # A rule ends where the scale of the nodes changes most: at 0.
            cuts = [low, 0.0, high] if low < 0.0 < high else [low, high]
            for start, end in itertools.pairwise(cuts):
                count = max(6, math.ceil(density * (end - start)) + 4)
                x, w = _rule(count)
                tau = 0.5 * (start + end) + 0.5 * (end - start) * x
                weight = 0.5 * (end - start) * w * scale * np.cosh(tau)
                none = np.full(count, math.nan)
                rows.append(np.array([scale * np.sinh(tau), weight, none, none]))
        node, weight, lower, upper = np.concatenate(rows, axis=1)
        choice = np.array(list(itertools.combinations_with_replacement(range(node.size), n)), dtype=np.intp)
        return cls(node, weight, lower, upper, choice, _multiplicity(choice) * (2.0**n if half else 1.0))

    @property
    def points(self) -> np.ndarray:
        """The points y, shape (B, n)."""
        return self.node[self.choice]

    @property
    def flat(self) -> np.ndarray:
        """Whether each coordinate lies on a flat piece of the activation, shape (B, n)."""
        return np.isfinite(self.low)[self.choice] | np.isfinite(self.high)[self.choice]

    def measure(self, q: np.ndarray) -> np.ndarray:
        """Return what each point weighs if the coordinates of y are independent N(0, q), q of shape (B,)."""
        root = np.sqrt(q)[:, None]
        y, flat = self.points, self.flat
        weight = self.weight[self.choice] * normal_density(np.minimum(np.abs(y) / root, 1e8)) / root
        root = np.broadcast_to(root, flat.shape)[flat]
        weight[flat] = normal_mass(*(end[self.choice][flat] / root for end in (self.low, self.high)))
        out: np.ndarray = self.multiplicity * np.prod(weight, axis=1)
        return out


def _multiplicity(choice: np.ndarray) -> np.ndarray:
    """Return in how many orders the ascending entries of each row can stand."""
    orders = np.full(len(choice), float(math.factorial(choice.shape[1])))
    run = np.ones(len(choice))
    for i in range(1, choice.shape[1]):
        run = np.where(choice[:, i] == choice[:, i - 1], run + 1.0, 1.0)
        orders /= run
    return orders
