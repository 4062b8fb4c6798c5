"""The atoms of the limit off 0: eigenspaces of all D_l^2 that intersect, which needs orthogonal weights."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from rmtjac.theory.derivative_laws.real_line import discrete
from rmtjac.theory.equation.layers import Layers

__all__ = ["atoms"]

_ROUNDING = 1e-14  # a bound of the rounding error of a probability


class _Chosen(NamedTuple):
    """One value of D_l^2 for each of the first layers, with what it adds to log lambda and leaves of the dimension."""

    logs: tuple[float, ...]
    dimensions: tuple[float, ...]


def atoms(layers: Layers) -> tuple[np.ndarray, np.ndarray]:
    """Return log lambda, ascending, and the mass of each atom off 0.

    One value of D_l^2 is chosen in each layer. Its eigenspace lacks a share 1 - w of the n_{l+1} dimensions, w the
    probability of the value, and the mass of the atom is what remains when all layers have taken their share (Belinschi
    2003). At most one layer can have a value of probability up to 1/2, so few choices lead to an atom, at any depth.

    Examples
    --------
    >>> from rmtjac.theory import DiscreteLaw, Layers
    >>> laws = [DiscreteLaw.from_points([0.5, 1.0], [0.1, 0.9]), DiscreteLaw.from_points([0.25, 1.0], [0.8, 0.2])]
    >>> atoms(Layers(laws, [1.0, 1.0], orthogonal=[True, True]))[1].round(6)
    array([0.7, 0.1])
    """
    if layers.gaussian:
        return np.empty(0), np.empty(0)
    widths = np.array(layers.widths)
    wide = float(widths.max())
    lost = math.fsum(np.maximum(widths[:-1] - widths[1:], 0.0))
    chosen = [_Chosen((), (widths[0], -lost))]
    for law, variance, n in zip(layers.laws, layers.variances, widths[1:], strict=True):
        if not discrete(law):
            return np.empty(0), np.empty(0)
        points = [
            (math.log(x) + math.log(variance), (1.0 - w) * n) for x, w in zip(law.values, law.weights, strict=True)
        ]
        longer = [_Chosen((*logs, x), (*kept, -missed)) for logs, kept in chosen for x, missed in points]
        chosen = [one for one in longer if math.fsum(one.dimensions) > _ROUNDING * wide]
    found: dict[float, tuple[float, float]] = {}
    for logs, kept in chosen:
        place, mass = math.fsum(logs), math.fsum(kept) / widths[-1]
        first, others = found.get(round(place, 12), (place, 0.0))  # products of the same values in another order
        found[round(place, 12)] = first, others + mass
    order = sorted(found.values())
    return np.array([place for place, _ in order]), np.array([mass for _, mass in order])
