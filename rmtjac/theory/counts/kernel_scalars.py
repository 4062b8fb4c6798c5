r"""The Gaussian process that a network with hidden layers of infinite width is, at one point x: four scalars.

With :math:`s = |x|^2`, each preactivation h of a layer has

.. math:: \mathrm{Var}\,h = q, \quad \mathrm{Cov}(h, \nabla h) = \beta x, \quad
          \mathrm{Var}(\nabla h \mid h) = c_0 (I - \hat x \hat x^T) + v\, \hat x \hat x^T .

The scalars of one layer follow from those before by Gaussian means over :math:`u \sim N(0, q)`, with
:math:`b = \sigma_b^2 / \sigma_w^2` and :math:`\lambda = E[\varphi\varphi' u] / E\varphi^2`:

.. math::
    q' &= \sigma_w^2 (E\varphi^2 + b), \quad \beta' = \sigma_w^2 E[\varphi\varphi' u]\, \beta / q, \quad
    c_0' = \sigma_w^2 E[\varphi'^2]\, c_0, \\
    v' &= \sigma_w^2 E[\varphi'^2]\, v + \frac{s \beta^2}{q^2} \sigma_w^2
          \Big(E(\varphi' u - \lambda\varphi)^2 + E[\varphi\varphi' u]\, \lambda\, \frac{b}{E\varphi^2 + b}\Big) .

All terms of v are positive, so that it keeps its relative accuracy where it is small.
See docs/theory/expected_fixed_points.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rmtjac.activations import Activation

__all__ = ["GaussianMap", "HiddenLayer", "Scalars", "means"]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)
_REACH = 9.0  # standard deviations
_PIECE = 0.6  # of asinh(u)
_SMALLEST = 1e-200  # of q
_MOST = 2_000_000  # values of an activation at once


class HiddenLayer(NamedTuple):
    """What follows one layer: its activation, then the next layer's sigma_w^2 and sigma_b^2.

    Attributes
    ----------
    phi : Activation
        The activation.
    weight, bias : float
        The row variance sigma_w^2 of the next weights, and the variance sigma_b^2 of the next biases.
    """

    phi: Activation
    weight: float
    bias: float


class Scalars(NamedTuple):
    """The four scalars of the last layer at points with given s = |x|^2.

    Attributes
    ----------
    q, beta, c0, radial : ndarray of float
        The variance of h; Cov(h, grad h) = beta x; the variance of a derivative across x, and along x given h.
    """

    q: np.ndarray
    beta: np.ndarray
    c0: np.ndarray
    radial: np.ndarray


def means(phi: Activation, q: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    r"""Return :math:`E\varphi^2, E\varphi'^2, E[\varphi\varphi' u], E(\varphi' u - \lambda\varphi)^2`, u ~ N(0, q).

    The rule is Gauss-Legendre in asinh(u) on short pieces, split at the breakpoints of phi.
    """
    given = np.asarray(q, dtype=float)
    q = np.maximum(given, _SMALLEST)
    root = np.sqrt(q)
    reach = np.arcsinh(_REACH * root)
    pieces = max(4, int(np.ceil(float(reach.max(initial=1.0)) / _PIECE)))
    edges = reach[:, None] * np.linspace(-1.0, 1.0, 2 * pieces + 1)
    own = np.arcsinh(np.array(phi.breakpoints, dtype=float))[None, :]
    edges = np.sort(np.concatenate([edges, np.clip(own, -reach[:, None], reach[:, None])], axis=1), axis=1)
    chunk = max(1, _MOST // (edges.shape[1] * len(_NODES)))
    parts = [_means(phi, root[i : i + chunk], edges[i : i + chunk]) for i in range(0, len(q), chunk)]
    one, two, three, four = (np.concatenate(column) for column in zip(*parts, strict=True))
    return np.where(given > 0.0, one, phi.at_zero**2), two, three, four


def _means(phi: Activation, root: np.ndarray, edges: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the means for a few standard deviations, by a rule on the pieces between the edges in asinh(u)."""
    half = 0.5 * np.diff(edges, axis=1)[:, :, None]
    tau = 0.5 * (edges[:, 1:] + edges[:, :-1])[:, :, None] + half * _NODES
    shape = len(root), -1
    u = np.sinh(tau).reshape(shape)
    z = u / root[:, None]
    with np.errstate(under="ignore"):
        weight = (half * _WEIGHTS * np.cosh(tau)).reshape(shape) * np.exp(-0.5 * z * z) / root[:, None]
    weight /= weight.sum(axis=1, keepdims=True)
    with np.errstate(over="ignore", under="ignore"):
        value = np.asarray(phi(u.ravel()), dtype=float).reshape(u.shape)
        slope = np.asarray(phi.derivative(u.ravel()), dtype=float).reshape(u.shape)
        size = np.einsum("ij,ij,ij->i", weight, value, value)
        bent = slope * u
        mixed = np.einsum("ij,ij,ij->i", weight, value, bent)
        ratio = np.divide(mixed, size, out=np.zeros_like(size), where=size > 0.0)
        rest = bent - ratio[:, None] * value
        return size, np.einsum("ij,ij,ij->i", weight, slope, slope), mixed, np.einsum("ij,ij,ij->i", weight, rest, rest)


@dataclass(frozen=True)
class GaussianMap:
    """Hold a random map h from R^n to R^n whose coordinates are independent Gaussian processes, then an activation.

    Attributes
    ----------
    n : int
        The dimension.
    weight, bias : float
        The variance of a weight of the first layer, and of a bias.
    hidden : tuple of HiddenLayer
        What follows the first layer; empty for one layer.
    phi : Activation
        The activation of the last layer.
    """

    n: int
    weight: float
    bias: float
    hidden: tuple[HiddenLayer, ...]
    phi: Activation

    def variances(self, s: np.ndarray) -> list[np.ndarray]:
        """Return the variance of the preactivations of each layer at points with |x|^2 = s."""
        out = [self.bias + self.weight * np.asarray(s, dtype=float)]
        for layer in self.hidden:
            out.append(layer.bias + layer.weight * means(layer.phi, out[-1])[0])
        return out

    def scalars(self, s: np.ndarray) -> Scalars:
        """Return the scalars of the last layer at points with |x|^2 = s, shape (B,)."""
        s = np.asarray(s, dtype=float)
        q = np.maximum(self.bias + self.weight * s, _SMALLEST)
        beta = np.full_like(s, self.weight)
        c0 = beta.copy()
        radial = self.weight * (self.bias / q)
        for layer in self.hidden:
            size, steep, mixed, rest = means(layer.phi, q)
            ratio = np.divide(mixed, size, out=np.zeros_like(size), where=size > 0.0)
            after = layer.weight * size + layer.bias
            bend = rest + mixed * ratio * np.divide(layer.bias, after, out=np.zeros_like(after), where=after > 0.0)
            radial = layer.weight * (steep * radial + s * (beta / q) * ((beta / q) * bend))
            beta = layer.weight * mixed * (beta / q)
            c0 = layer.weight * steep * c0
            q = np.maximum(after, _SMALLEST)
        return Scalars(q, beta, c0, radial)
