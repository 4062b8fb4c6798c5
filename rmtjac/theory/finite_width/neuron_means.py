r"""Means over one neuron h = sqrt(q) z, z standard normal, that the fluctuations of a real forward pass need.

The derivatives by q need no derivative of the function: :math:`2 q\,\partial_q E f = E f H_2(z)` and
:math:`4 q^2 \partial_q^2 E f = E f H_4(z)`, with the Hermite polynomials H, so that kinks do no harm.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from rmtjac.activations import Activation

__all__ = ["NeuronMeans", "neuron_means"]

_REACH = 10.0  # in z; beyond it the normal density is below rounding
_X, _W = np.polynomial.legendre.leggauss(16)
_PRECISION = 1e-11
_HALVINGS = 8


@dataclass(frozen=True, eq=False)
class NeuronMeans:
    r"""Means of g, of its derivative by log u, and of s = phi(h)^2 / E phi(h)^2.

    Attributes
    ----------
    size : float
        E phi(h)^2; 0 for a silent layer, whose s counts as 0.
    covariance : ndarray of float, shape (3, 3)
        Covariances of (g, g', s).
    once, twice : ndarray of float, shape (3,)
        q times the first and q^2 times the second derivative of their means by q.
    along : ndarray of float, shape (2, 3)
        E z^2 g, E s g, and E z phi D / (1 - u D^2) / (E phi^2)^(1/2), and in the second row their derivatives by log u.
    """

    size: float
    covariance: np.ndarray
    once: np.ndarray
    twice: np.ndarray
    along: np.ndarray


@lru_cache(maxsize=512)
def neuron_means(phi: Activation, q: float, u: float) -> NeuronMeans:
    """Return the means of a layer with preactivations of variance q, at the u of an edge.

    Examples
    --------
    >>> from rmtjac.activations import activation
    >>> found = neuron_means(activation("linear"), 2.0, 0.25).once
    >>> bool(abs(found - [0.0, 0.0, 1.0]).max() < 1e-12)  # only phi^2 depends on q
    True
    """
    if q == 0.0:  # no neuron fluctuates
        zero = np.zeros(3)
        d = float(phi.derivative(np.zeros(1))[0])
        g = u * d * d / (1.0 - u * d * d)
        along = np.array([[g, g, 0.0], [g * (1.0 + g), g * (1.0 + g), 0.0]])
        return NeuronMeans(phi.at_zero**2, np.zeros((3, 3)), zero, zero, along)
    root = math.sqrt(q)
    size = float(_integrate(lambda z: np.square(phi(root * z))[None], phi, root)[0])

    def functions(z: np.ndarray) -> np.ndarray:
        """Return all functions of z whose means are needed, shape (24, points)."""
        h = root * z
        value, d = phi(h), np.asarray(phi.derivative(h), dtype=float)
        y = u * d * d
        rest = 1.0 / (1.0 - y)
        g = y * rest
        moved = g * rest
        value = value / math.sqrt(size) if size > 0.0 else np.zeros_like(z)
        basis = np.array([g, moved, value * value])
        products = (basis[:, None] * basis[None]).reshape(9, -1)
        two, four = z * z - 1.0, (z * z - 6.0) * z * z + 3.0
        overlap = z * value * d
        along = np.array([z * z * g, basis[2] * g, overlap * rest, z * z * moved, basis[2] * moved, overlap * moved])
        return np.concatenate([basis, products, basis * two, basis * four, along])

    found = _integrate(functions, phi, root)
    means = found[:3]
    covariance = found[3:12].reshape(3, 3) - np.outer(means, means)
    return NeuronMeans(size, covariance, 0.5 * found[12:15], 0.25 * found[15:18], found[18:].reshape(2, 3))


def _integrate(functions: Callable[[np.ndarray], np.ndarray], phi: Activation, root: float) -> np.ndarray:
    """Return the means of all `functions` of a standard normal z.

    A Gauss-Legendre rule is used on panels that are halved until this changes nothing. phi changes at |h| about 1.
    """
    inner = np.geomspace(0.01, 100.0, 25) / root
    places = np.array([*phi.breakpoints]) / root
    cuts = np.concatenate([np.linspace(-_REACH, _REACH, 21), inner, -inner, places])
    cuts = np.unique(cuts[np.abs(cuts) <= _REACH])
    total = np.zeros(1)
    for k in range(_HALVINGS):
        low, high = cuts[:-1], cuts[1:]
        half = 0.5 * (high - low)
        z = (0.5 * (low + high)[:, None] + half[:, None] * _X).ravel()
        w = (half[:, None] * _W).ravel() * np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
        before, total = total, functions(z) @ w
        if k and np.abs(total - before).max() <= _PRECISION * max(1.0, float(np.abs(total).max())):
            return total
        cuts = np.unique(np.concatenate([cuts, 0.5 * (low + high)]))
    return total
