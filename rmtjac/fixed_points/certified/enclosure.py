r"""Bounds of F and of its Jacobian over a box, by products of dense matrices, for any n.

Boxes and interval matrices are stored as centre and radius. With the unit roundoff :math:`u = 2^{-53}` a sum of k
products has an error of at most :math:`ku/(1-ku)` times the sum of the absolute values of its terms, in whatever order
it is taken (Higham, Accuracy and Stability of Numerical Algorithms, 3.1). Twice that, and `TINY` for underflow, is
added. An overflow leaves an infinity or NaN, and every comparison of a proof fails for these.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rmtjac.activations import Activation
from rmtjac.network import Network

__all__ = ["TINY", "TWO_UNITS", "Enclosed", "Slopes", "enclose", "jacobian_bounds", "product_bounds", "slope_bounds"]

TWO_UNITS = 2.0**-52
TINY = 1e-290

Slopes = list[tuple[np.ndarray, np.ndarray]]  # for each layer the least and largest phi' of each neuron


class Enclosed(NamedTuple):
    """Bounds of F over a box."""

    centre: np.ndarray  # (n_L,), centre of the image
    radius: np.ndarray  # (n_L,), radius of the image
    slopes: Slopes  # bounds of the slopes phi' that occur


def enclose(net: Network, centre: np.ndarray, radius: np.ndarray) -> Enclosed:
    """Return bounds of F and of all phi' on `centre` +- `radius`; every activation must be known to the kernels.

    Cost: 3 products of a vector with each weight matrix.
    """
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
    """Return bounds of all phi' on the whole line; None if no bounds are known or declared for some layer."""
    out = []
    for phi, width in zip(net.activations, net.widths[1:], strict=True):
        bounds = _on_the_line(phi)
        if bounds is None:
            return None
        out.append((np.full(width, bounds[0]), np.full(width, bounds[1])))
    return out


_FAR = 40.0  # beyond it, phi' of the smooth activations tends to 0 or 1 monotonically


def _on_the_line(phi: Activation) -> tuple[float, float] | None:
    """Return bounds of phi' on the whole line, or None."""
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
    """Return centre and radius of `matrix` times the interval matrix `centre` +- `radius`. Cost: 2 products."""
    unit = (matrix.shape[1] + 8) * TWO_UNITS
    return matrix @ centre, np.abs(matrix) @ (radius + unit * np.abs(centre)) * (1.0 + unit) + TINY


def jacobian_bounds(net: Network, slopes: Slopes) -> tuple[np.ndarray, np.ndarray]:
    """Return centre and radius of an interval matrix that contains D_L W_L ... D_1 W_1 for all D within `slopes`.

    Cost: 2 products of matrices for each layer after the first.
    """
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
