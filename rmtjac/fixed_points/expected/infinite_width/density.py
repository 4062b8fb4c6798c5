"""The density of fixed points over the outputs x, for hidden layers of infinite width."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rmtjac.activations import Activation
from rmtjac.ensemble import Ensemble
from rmtjac.fixed_points.expected.infinite_width.of_ensemble import gaussian_map
from rmtjac.theory.counts.determinants import determinants
from rmtjac.theory.counts.faint_biases import without_faint_biases
from rmtjac.theory.counts.kac_rice import by_flat_coordinates, laws_at, passes_origin
from rmtjac.validate import real_array

__all__ = ["density", "preimage", "saturated"]

_FAR = 1e8
_HALVINGS = 200


def density(ensemble: Ensemble, points: Any) -> np.ndarray:
    """Return the densities of all fixed points, stable points, saddles and repellers, shape (4, ...)."""
    net = gaussian_map(ensemble)
    if net.n > 2:
        raise ValueError(f"n={net.n}: the density is known for n = 1 and n = 2")
    if net.phi.facts.monotone_from != -math.inf:
        raise ValueError(f"activation={net.phi.spec!r} of the last layer is not known to be nondecreasing")
    given = real_array("points", points)
    if given.ndim == 0 or given.shape[-1] != net.n:
        raise ValueError(f"points of shape {given.shape} must have the shape (..., {net.n})")
    x = given.reshape(-1, net.n)
    y, inside = preimage(net.phi, x)
    y = np.where(inside, y, 0.1)
    slopes = np.asarray(net.phi.derivative(y.ravel()), dtype=float).reshape(y.shape)
    good = np.all(inside & (slopes > 0.0), axis=1)
    out = np.zeros((4, len(x)))
    if passes_origin(net):
        at = np.all(x == 0.0, axis=1)
        out[:, at] = math.nan
        good &= ~at
    if good.any():
        laws = laws_at(net, y[good])
        found = determinants(laws.mean, laws.factor, laws.slopes)
        with np.errstate(under="ignore", over="ignore"):
            size = -0.5 * np.sum(np.minimum(y[good] ** 2 / laws.q[:, None], 1e4), axis=1)
            weight = np.exp(size - np.sum(np.log(slopes[good]), axis=1) - 0.5 * net.n * np.log(2.0 * math.pi * laws.q))
        parts = (found.total, found.stable, found.saddles, found.repellers)
        out[:, good] = [weight * part for part in parts]
    return out.reshape(4, *given.shape[:-1])


def saturated(ensemble: Ensemble) -> np.ndarray:
    """Return the expected numbers of fixed points with 0, 1, ..., n saturated coordinates, shape (n + 1,)."""
    net = without_faint_biases(gaussian_map(ensemble))
    if net.n > 2:
        raise ValueError(f"n={net.n}: the saturated coordinates are counted for n = 1 and n = 2")
    numbers = by_flat_coordinates(net)
    numbers[0] += passes_origin(net)  # as if biases that no number feels were 0
    return numbers


def preimage(phi: Activation, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return y with phi(y) = x for a nondecreasing phi, and whether there is one, by bisection."""
    low, high = np.full(x.shape, -_FAR), np.full(x.shape, _FAR)
    with np.errstate(over="ignore", under="ignore"):
        inside = (phi(low.ravel()).reshape(x.shape) < x) & (phi(high.ravel()).reshape(x.shape) > x)
        for _ in range(_HALVINGS):
            # In asinh(y), so that small y are as precise as large ones.
            middle = np.sinh(0.5 * (np.arcsinh(low) + np.arcsinh(high)))
            above = phi(middle.ravel()).reshape(x.shape) >= x
            if np.all((middle <= low) | (middle >= high)):
                break
            low, high = np.where(above, low, middle), np.where(above, middle, high)
    return 0.5 * (low + high), inside
