r"""The nodes :math:`y = |\beta|^{1/2}` on which the equations of the coupled layer are solved, and the ray of beta.

The integrands contain :math:`\exp(-x^2 u \eta)` and :math:`\exp((q + i)^2 \beta/\eta)`, which oscillate if eta is
imaginary. Both decay on a common ray of beta and u. With the angle e of the smoothing and arg(u eta) = mu - pi/2, the
first decays at the rate sin mu per unit of :math:`x^2 |u \eta|`, the second at the rate
:math:`(1 + q^2) \sin(e + 2 \arctan q - \mu)` per unit of :math:`|\beta/\eta|`. Panels are geometric, and shorter where
an exponential oscillates and is not yet negligible.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from rmtjac.kernels.heavy_tails.coupled_weights import coupled_weights

__all__ = ["Grid", "Resolution", "make_grid"]

_ORDER = 16
_UNIT_NODES, _UNIT_WEIGHTS = np.polynomial.legendre.leggauss(_ORDER)
_BARYCENTRIC = (-1.0) ** np.arange(_ORDER) * np.sqrt((1.0 - _UNIT_NODES**2) * _UNIT_WEIGHTS)
_FINE_NODES, _FINE_WEIGHTS = np.polynomial.legendre.leggauss(24)
_NEGLIGIBLE = 36.0  # e^-36 = 2e-16
MAX_NODES = 2400  # two matrices of 46 MB


class Resolution(NamedTuple):
    """How finely the panels are laid.

    Attributes
    ----------
    share : float
        The share of the admissible sector that the ray is turned by, in (0, 1).
    ratio : float
        The largest ratio of neighbouring ends of panels.
    phase : float
        The largest change of phase in a panel.
    smallest : float
        The end of the first panel in units of the smallest scale.
    """

    share: float
    ratio: float
    phase: float
    smallest: float


class Grid(NamedTuple):
    """Nodes y, weights of their rule and of both integrals, and `turn`, with sqrt(beta) = turn y on the ray."""

    turn: complex
    nodes: np.ndarray
    weights: np.ndarray
    below: np.ndarray
    above: np.ndarray
    end: float
    complete: bool
    """Whether every oscillation could be resolved with the allowed number of nodes."""


def _edges(start, end, ratio, limit, terms):
    """Return ends of panels, and whether they reach the end; terms are pairs of a step of y^2 and an exponent."""
    edges = [0.0, start]
    while edges[-1] < end:
        if len(edges) > limit:
            return edges, False
        y = edges[-1]
        after = y * ratio
        for step, decay in terms:
            if decay(y) < _NEGLIGIBLE:
                after = min(after, math.sqrt(y * y + step(y)))
        edges.append(after)
    return edges, True


def make_grid(
    eta: complex, angle: float, gamma: float, q: float, mean: float, sharp: np.ndarray, end: float, how: Resolution
) -> Grid:
    """Return the grid for one eta; `sharp` are the |x| of atoms and edges of the input law, in increasing order."""
    size = abs(eta)
    top = angle + 2.0 * math.atan(q)
    mu = min(how.share * top, 0.5 * math.pi)
    turn = complex(np.exp(0.5j * (mu - 0.5 * angle)))
    rate_b = (1.0 + q * q) * math.sin(min(top - mu, 0.5 * math.pi))
    rate_u = math.sin(mu)
    # Beside beta/eta the exponent has the term y gamma chi / eta, of which a third surely counts.
    slope_b = 0.3 * gamma * mean / (size * math.sqrt(size + gamma))
    terms = [
        # The frequency is |q +- i|^2 = 1 + q^2, but then the decay is as fast.
        (lambda y: how.phase * size, lambda y: rate_b * y * y / size + slope_b * y),
    ]
    if sharp.size:

        def alive(y):
            reach = math.sqrt(_NEGLIGIBLE / (rate_u * size)) / y
            at = np.searchsorted(sharp, reach, side="right")
            return float(sharp[at - 1]) if at else 0.0

        terms.append(
            (
                lambda y: how.phase / (size * max(alive(y), 1e-150) ** 2),
                lambda y: 0.0 if alive(y) > 0.0 else math.inf,
            )
        )
    scale = max(size, gamma)
    start = how.smallest * min(math.sqrt(size) / max(q, 1.0), 1.0 / math.sqrt(scale), gamma / math.sqrt(scale))
    edges, complete = _edges(start, end, how.ratio, MAX_NODES // _ORDER, terms)
    ends = np.array(edges)
    half, middle = 0.5 * np.diff(ends), 0.5 * (ends[1:] + ends[:-1])
    nodes = (middle[:, None] + half[:, None] * _UNIT_NODES).ravel()
    weights = (half[:, None] * _UNIT_WEIGHTS).ravel()
    below, above = coupled_weights(nodes, weights, ends, _UNIT_NODES, _BARYCENTRIC, _FINE_NODES, _FINE_WEIGHTS)
    return Grid(turn, nodes, weights, below, above, float(ends[-1]), complete)
