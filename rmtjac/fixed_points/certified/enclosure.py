r"""A network over a box by dense matrix products: bounds of F and of its Jacobian, for any n.

Boxes and matrices are kept as centre and radius. With :math:`u = 2^{-53}` a sum of k products is off by at most
:math:`ku/(1-ku)` times the sum of their sizes, in whatever order it is taken (Higham, Accuracy and Stability, 3.1);
twice that, and `TINY` for underflow, is added. An overflow leaves an infinity or NaN, which no comparison accepts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rmtjac.activations import Activation
from rmtjac.network import Network

__all__ = ["TINY", "TWO_UNITS", "Enclosed", "Slopes", "enclose", "jacobian_bounds", "product_bounds", "slope_bounds"]

TWO_UNITS = 2.0**-52
TINY = 1e-290

Slopes = list[tuple[np.ndarray, np.ndarray]]  # per layer: bounds of phi' for each neuron


class Enclosed(NamedTuple):
    """F over a box: centre and radius of the image, and per layer bounds of the slopes phi' that occur."""

    centre: np.ndarray
    radius: np.ndarray
    slopes: Slopes


def enclose(net: Network, centre: np.ndarray, radius: np.ndarray) -> Enclosed:
    """Enclose F on `centre` +- `radius`; all activations are known to the kernels. Cost: 3 products per matrix."""
    from rmtjac.kernels.boxes.ranges import ranges

    c, r = centre, radius
    slopes = []
    with np.errstate(all="ignore"):
        for matrix, bias, phi in zip(net.weights, net.biases, net.activations, strict=True):
            unit = (matrix.shape[1] + 8) * TWO_UNITS
            sizes = np.abs(matrix)
            h = matrix @ c + bias
            spread = (sizes @ (r + unit * np.abs(c)) + unit * np.abs(bias)) * (1.0 + unit) + TINY
            c, r, least, most = ranges(phi.code, phi.parameter, h, spread)
            slopes.append((least, most))
    return Enclosed(c, r, slopes)


def slope_bounds(net: Network) -> Slopes | None:
    """Return per layer bounds of phi' on the whole line, for each neuron; None if one is neither known nor declared."""
    out = []
    for phi, width in zip(net.activations, net.widths[1:], strict=True):
        bounds = _on_the_line(phi)
        if bounds is None:
            return None
        out.append((np.full(width, bounds[0]), np.full(width, bounds[1])))
    return out


_FAR = 40.0  # beyond, phi' of the smooth activations goes to its limit, 0 or 1, without turning back


def _on_the_line(phi: Activation) -> tuple[float, float] | None:
    if phi.slopes is not None:
        return min(phi.slopes), max(phi.slopes)
    if phi.code is None:
        known = phi.facts
        if known.steepest is None or not known.steepest < np.inf:
            return None
        return 0.0 if known.nondecreasing_from(-np.inf) else -known.steepest, known.steepest
    from rmtjac.kernels.boxes.activations import derivative_range

    least, most = derivative_range(phi.code, phi.parameter, -_FAR, _FAR)
    return min(0.0, least), most


def product_bounds(matrix: np.ndarray, centre: np.ndarray, radius: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Enclose `matrix` times the matrix `centre` +- `radius`. Cost: 2 products."""
    unit = (matrix.shape[1] + 8) * TWO_UNITS
    return matrix @ centre, np.abs(matrix) @ (radius + unit * np.abs(centre)) * (1.0 + unit) + TINY


def jacobian_bounds(net: Network, slopes: Slopes) -> tuple[np.ndarray, np.ndarray]:
    """Enclose D_L W_L ... D_1 W_1 for all D within `slopes`. Cost: 2 products of matrices per layer after the first."""
    centre, radius = np.empty(0), np.empty(0)
    with np.errstate(all="ignore"):
        for l, (matrix, (least, most)) in enumerate(zip(net.weights, slopes, strict=True)):
            if l == 0:
                centre, radius = matrix, np.zeros_like(matrix)
            else:
                centre, radius = product_bounds(matrix, centre, radius)
            middle = 0.5 * (least + most)
            half = np.maximum(most - middle, middle - least)[:, None]
            middle = middle[:, None]
            radius = np.abs(middle) * radius + half * (np.abs(centre) + radius)
            centre = middle * centre
            radius = (radius + TWO_UNITS * np.abs(centre)) * (1.0 + 8.0 * TWO_UNITS) + TINY
    return centre, radius
