r"""The law of the absolute values :math:`|x_j|` of the input of a layer, and its transform that the layer needs."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from scipy.special import wofz

from rmtjac.kernels.heavy_tails.coupled_transform import coupled_transform
from rmtjac.validate import finite, real_array

__all__ = ["InputLaw", "deficit", "empirical_input", "fixed_input", "gaussian_input", "scaled_erfc", "stationary_input"]

_BIN = 0.02  # width in log|x| of the bins of a long list of values
_MANY = 256


def scaled_erfc(z: np.ndarray) -> np.ndarray:
    """Return erfcx(z) = exp(z^2) erfc(z)."""
    return wofz(1j * z)


def deficit(z: np.ndarray) -> np.ndarray:
    """Return 1 - sqrt(pi) z erfcx(z), which is 1/(2 z^2) for large z in the right half-plane, with its digits."""
    z = np.asarray(z, dtype=complex)
    out = 1.0 - math.sqrt(math.pi) * z * scaled_erfc(z)
    large = (np.abs(z) > 30.0) & (z.real > -0.4 * np.abs(z.imag))
    r = 0.5 / z[large] / z[large]
    out[large] = r * (1.0 - 3.0 * r * (1.0 - 5.0 * r * (1.0 - 7.0 * r * (1.0 - 9.0 * r))))
    return out


class InputLaw(NamedTuple):
    """A law of |x|: a mixture of points, of 0, and of the absolute value of a normal variable.

    Attributes
    ----------
    nodes, weights : ndarray of float, shape (k,)
        Points > 0 in increasing order, and their weights; those of a quadrature rule for a density may be negative.
    zero : float
        P(x = 0).
    normal : float
        The weight of the normal variable.
    variance : float
        Its variance.
    sharp : ndarray of float
        The points, in increasing order, at which |x| has an atom or an edge of its density.
    """

    nodes: np.ndarray
    weights: np.ndarray
    zero: float
    normal: float
    variance: float
    sharp: np.ndarray

    @property
    def mean(self) -> float:
        """E|x|."""
        return float(self.nodes @ self.weights) + self.normal * math.sqrt(2.0 * self.variance / math.pi)

    @property
    def density_at_zero(self) -> float:
        """The density of |x| at 0+."""
        return self.normal * math.sqrt(2.0 / (math.pi * self.variance)) if self.normal else 0.0

    def transform(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return E|x| exp(-a x^2 - b |x|) for complex a, b of shape (n,)."""
        out = np.zeros(a.size, dtype=complex)
        if self.nodes.size:
            out += coupled_transform(a, b, self.nodes, self.weights)
        if self.normal:
            wide = a + 0.5 / self.variance
            out += self.density_at_zero * 0.5 / wide * deficit(0.5 * b / np.sqrt(wide))
        return out


_NONE = np.empty(0)


def fixed_input(size: float = 1.0) -> InputLaw:
    """Return the law of |x| = size.

    Raises
    ------
    TypeError, ValueError
        If `size` is not a finite number >= 0.
    """
    size = finite("size", size, least=0.0)
    if size == 0.0:
        return InputLaw(_NONE, _NONE, 1.0, 0.0, 1.0, _NONE)
    return InputLaw(np.array([size]), np.ones(1), 0.0, 0.0, 1.0, np.array([size]))


def gaussian_input(variance: float = 1.0) -> InputLaw:
    """Return the law of |x| for normal x of mean 0.

    Raises
    ------
    TypeError, ValueError
        If `variance` is not a finite number >= 0.
    """
    variance = finite("variance", variance, least=0.0)
    if variance == 0.0:
        return fixed_input(0.0)
    return InputLaw(_NONE, _NONE, 0.0, 1.0, variance, _NONE)


def stationary_input(scale: float) -> InputLaw:
    r"""Return the law of |hardtanh(scale C)| for a standard Cauchy variable C: the input of a layer behind HardTanh.

    The density on [0, 1) is a normal one with the same value at 0, and a remainder that vanishes there and is
    integrated by a rule; the rest is an atom at 1.

    Raises
    ------
    TypeError, ValueError
        If `scale` is not a finite number > 0.
    """
    scale = finite("scale", scale, above=0.0)
    at_zero = 2.0 / (math.pi * scale)
    spread = min(scale / math.sqrt(2.0), 0.4)  # the same curvature at 0, unless the normal law is then far too wide
    mass = at_zero * spread * math.sqrt(0.5 * math.pi)
    unit, rule = np.polynomial.legendre.leggauss(14)
    least = spread * 2.0**-9
    ends = [least]
    for end in (1.0, max(1.0, 9.0 * spread)):
        while ends[-1] < end:
            ends.append(min(ends[-1] * 1.6, end))
    left, right = np.array(ends[:-1]), np.array(ends[1:])
    nodes = (0.5 * (left + right)[:, None] + 0.5 * (right - left)[:, None] * unit).ravel()
    lengths = (0.5 * (right - left)[:, None] * rule).ravel()
    density = np.where(nodes < 1.0, at_zero * scale**2 / (scale**2 + nodes**2), 0.0)
    density -= at_zero * np.exp(-0.5 * (nodes / spread) ** 2)
    atom = 2.0 / math.pi * math.atan(scale)
    nodes, weights = np.append(nodes, 1.0), np.append(lengths * density, atom)
    order = np.argsort(nodes)
    return InputLaw(nodes[order], weights[order], 0.0, mass, spread**2, np.ones(1))


def empirical_input(values: Any) -> InputLaw:
    """Return the law of the absolute values of a list; more than 256 different ones are put into bins of 2 per cent.

    Raises
    ------
    TypeError, ValueError
        If `values` is not a list of at least one finite number.
    """
    x = np.abs(real_array("values", values)).ravel()
    if x.size == 0 or not np.isfinite(x).all():
        raise ValueError("values must be at least one finite number")
    positive = np.sort(x[x > 0.0])
    zero = 1.0 - positive.size / x.size
    nodes, counts = np.unique(positive, return_counts=True)
    if nodes.size > _MANY:
        bins = np.floor(np.log(nodes) / _BIN).astype(np.int64)
        _, index = np.unique(bins, return_inverse=True)
        total = np.bincount(index, counts)
        nodes = np.bincount(index, counts * nodes) / total
        counts = total
    return InputLaw(nodes, counts / x.size, zero, 0.0, 1.0, nodes)
