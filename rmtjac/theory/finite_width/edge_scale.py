r"""What a square-root edge of the limit says about a finite width: the scale of the fluctuations, and a shift.

At an edge lambda(m) is stationary. With :math:`\ell(m) = \log\lambda(m)` and N = n_L rows, the extreme eigenvalue is,
given D,

.. math:: \log\lambda_\pm \pm N^{-2/3} (|\ell''|/2)^{1/3}\,\xi - \frac{1}{2N}\,\frac{d}{dm}\log\tilde H(m),

where xi has the Tracy-Widom law with beta = 1. The second term comes from the correction of order 1 to
E log det(z - M), which is (1/2) log H(m) for real matrices:

.. math:: H(m) = -m\,\ell'(m)\,P(m), \qquad
          P(m) = \prod_{k=0}^{L} \frac{u_k m_{K_k}'(u_k)}{r_k m} \prod_{l\ \mathrm{orthogonal}} \frac{1}{1 + r m},

:math:`K_0 = 1` belongs to the input, r to the wider side of an orthogonal matrix. Where w = (z - lambda_e)^{1/2}
vanishes, H ~ w gives the mean of xi, and the next term the shift: the derivative of log(H / w).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rmtjac.theory.derivative_laws.base import DerivativeLaw
from rmtjac.theory.equation.edge import Edge
from rmtjac.theory.equation.layers import Layers

__all__ = ["EdgePoint", "LayerAtEdge", "edge_point", "powers_of_g"]


@dataclass(frozen=True, eq=False)
class LayerAtEdge:
    """One layer at the edge: its u, and m_K with three derivatives by log u.

    Attributes
    ----------
    law : DerivativeLaw
        The law of D^2.
    u : float
        The u of the layer.
    ratio : float
        n_L / n_{l+1}.
    size : float
        n_{l+1} / n_L.
    slopes : tuple of float
        The first, second and third derivative of m_K by log u.
    """

    law: DerivativeLaw
    u: float
    ratio: float
    size: float
    slopes: tuple[float, float, float]

    @property
    def pace(self) -> float:
        """How fast log u grows with m."""
        return self.ratio / self.slopes[0]


@dataclass(frozen=True, eq=False)
class EdgePoint:
    """A square-root edge, and the derivatives of log lambda(m) there.

    Attributes
    ----------
    log_lam : float
        Logarithm of the edge.
    m : float
        Where lambda(m) is stationary.
    bend, third : float
        The second and third derivative of log lambda by m; bend > 0 at an upper edge, < 0 at a lower one.
    shift : float
        N times the shift of log lambda that comes from the correction of order 1 to E log det(z - M).
    layers : tuple of LayerAtEdge
        The layers.

    Examples
    --------
    >>> from rmtjac.theory import DiscreteLaw
    >>> from rmtjac.theory.equation.support import support
    >>> layers = Layers([DiscreteLaw.from_points([1.0], [1.0])], [1.0])
    >>> point = edge_point(layers, support(layers).intervals[0][1])
    >>> point.m, point.bend, point.shift     # Johnstone: lambda_+ = 4 - 2/N
    (1.0, 0.5, -0.5)
    """

    log_lam: float
    m: float
    bend: float
    third: float
    shift: float
    layers: tuple[LayerAtEdge, ...]

    @property
    def scale(self) -> float:
        """N^(2/3) times the unit of the Tracy-Widom variable in log lambda."""
        return (0.5 * abs(self.bend)) ** (1.0 / 3.0)

    @property
    def amplitude(self) -> float:
        """The a of rho ~ (a / pi) sqrt|lambda - lambda_e|; infinite or 0 where it leaves the range of a float."""
        with np.errstate(over="ignore", under="ignore"):
            return float(np.exp(0.5 * math.log(2.0 / abs(self.bend)) - 1.5 * self.log_lam))


def powers_of_g(law: DerivativeLaw, u: float) -> tuple[np.ndarray, np.ndarray]:
    """Return g = u D^2 / (1 - u D^2) and its derivative g (1 + g) by log u at the values of D^2."""
    y = u * law.values
    g = y / (1.0 - y)
    return g, g * (1.0 + g)


def edge_point(layers: Layers, edge: Edge) -> EdgePoint:
    """Return the numbers of a square-root edge."""
    assert layers.widths is not None
    assert layers.orthogonal is not None
    top = layers.widths[-1]
    ratios = [top / n for n in layers.widths]
    signs = np.where(edge.log_u.imag < -1.0, -1.0, 1.0)
    us = signs * np.exp(edge.log_u.real)
    lead = layers.groups[0]
    m = float(lead.weights @ powers_of_g(lead, us[0])[0]) / float(layers.ratios[0])
    known: dict[tuple[int, float], LayerAtEdge] = {}
    found = []
    for l, law in enumerate(layers.laws):
        key = id(law), ratios[l + 1]
        if key not in known:
            known[key] = _layer(layers, law, ratios[l + 1], m, us)
        found.append(known[key])
    r = ratios[0]
    factors = [(1.0, r)]
    factors += [(-1.0, min(ratios[l], ratios[l + 1])) for l in range(layers.depth) if layers.orthogonal[l]]
    depth = layers.depth
    bend, third, product = (1.0 - depth) / m**2, 2.0 * (depth - 1.0) / m**3, -depth / m
    for sign, r in factors:
        k = r / (1.0 + r * m)
        bend, third, product = bend - sign * k**2, third + 2.0 * sign * k**3, product + sign * k
    for one in found:
        first, second, last = one.slopes
        bend += one.ratio**2 * second / first**3
        third += one.ratio**3 * (last * first - 3.0 * second**2) / first**5
        product += one.ratio * second / first**2
    shift = -0.5 * (1.0 / m + third / (3.0 * bend) + product)
    return EdgePoint(edge.log_lam, m, bend, third, shift, tuple(found))


def _layer(layers: Layers, law: DerivativeLaw, ratio: float, m: float, us: np.ndarray) -> LayerAtEdge:
    """Return one layer at the edge."""
    if law.constant:
        u = ratio * m / (1.0 + ratio * m) / law.supremum
    else:
        same = (g for g, its in enumerate(layers.ratios) if its == ratio and law.equals(layers.groups[g]))
        u = float(us[next(same)])
    g, first = powers_of_g(law, u)
    w = law.weights
    slopes = float(w @ first), float(w @ (first * (1.0 + 2.0 * g))), float(w @ (first * (1.0 + 6.0 * g * (1.0 + g))))
    return LayerAtEdge(law, u, ratio, 1.0 / ratio, slopes)
