"""The box in which fixed points are searched, and checks of a network and of a given box."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rmtjac.fixed_points.certified.growth import fixed_point_box
from rmtjac.fixed_points.layers import value_range
from rmtjac.network import Network
from rmtjac.validate import real_array

__all__ = ["Domain", "checked_network", "image_box", "resolved_domain", "search_domain"]

# Part of the sides by which a box around the image of F is made larger: its corners may be fixed points.
_MARGIN = 1e-3
# Parts of the sides, and of the distance from 0, by which the search reaches beyond a given box, so that a point on a
# face lies inside what is searched.
_BESIDE, _FAR_BESIDE = 2.0**-20, 2.0**-40
_LEAST = 1e-250  # much larger than what the kernels add because of underflow


class Domain(NamedTuple):
    """The box of the caller, or the default one, and what is known about fixed points outside it."""

    box: np.ndarray  # (2, n), corners
    search: np.ndarray  # (2, n), corners of the box to search, which contains `box`
    everything: bool  # whether it is proved that `box` holds every fixed point
    degree: int | None  # if `everything`, the sum of the indices of all fixed points; None if it is not known


def checked_network(net: object) -> Network:
    """Return a network that maps R^n to itself; raise TypeError for anything else, ValueError for other networks."""
    if not isinstance(net, Network):
        raise TypeError(f"network={net!r} must be a Network; Ensemble.draw(rng) makes one")
    if net.widths[0] != net.widths[-1]:
        raise ValueError(
            f"network maps {net.widths[0]} numbers to {net.widths[-1]}; fixed points need n_0 = n_L, "
            f"e.g. widths [2, 100, 2]"
        )
    return net


def image_box(net: Network) -> np.ndarray | None:
    """Return the corners (2, n) of a box that contains F(R^n); None if F is unbounded or its range is not known."""
    found = np.array(value_range(net.activations[-1]))
    if not np.isfinite(found).all():
        return None
    return np.repeat(found[:, None], net.widths[-1], axis=1)


def resolved_domain(net: Network, domain: object) -> Domain:
    """Return the given box, or by default one that holds every fixed point, as a `Domain`.

    Raises
    ------
    ValueError
        If `domain` is not a box, or if it is None and no box is known to hold every fixed point.
    """
    image = image_box(net)
    held, degree = (image, 1) if image is not None else fixed_point_box(net) or (None, None)
    if domain is not None:
        box = _given(domain, net.widths[0])
        with np.errstate(over="ignore"):
            side = np.maximum(_BESIDE * (box[1] - box[0]), _FAR_BESIDE * np.abs(box).max(axis=0))
            search = np.array([box[0] - side, box[1] + side])
        search = np.where(np.isfinite(search), search, box)
        everything = held is not None and bool((box[0] <= held[0]).all() and (held[1] <= box[1]).all())
        return Domain(box, search, everything, degree if everything else None)
    if held is None:
        raise ValueError(
            f"domain=None: fixed points of {net!r} may lie anywhere; pass the box to search, e.g. domain=(-10, 10)"
        )
    with np.errstate(over="ignore"):
        side = np.maximum(_MARGIN * (held[1] - held[0]), _FAR_BESIDE * np.abs(held).max(axis=0))
        side = np.maximum(side, _LEAST)
        box = np.clip([held[0] - side, held[1] + side], -np.finfo(float).max, np.finfo(float).max)
    return Domain(box, box, True, degree)


def search_domain(net: Network, domain: object) -> np.ndarray:
    """Return the corners (2, n) of the given box, or by default of one that holds every fixed point."""
    return resolved_domain(net, None).box if domain is None else _given(domain, net.widths[0])


def _given(domain: object, n: int) -> np.ndarray:
    """Return the corners (2, n) of a box that the caller gave."""
    box = real_array("domain", domain).copy()
    if box.shape == (2,):
        box = np.repeat(box[:, None], n, axis=1)
    if box.shape != (2, n):
        raise ValueError(f"domain has shape {box.shape}; (low, high) or two corners of {n} numbers are needed")
    if not np.isfinite(box).all() or not (box[0] < box[1]).all():
        raise ValueError(f"domain={box.tolist()} must be finite, with low < high in every coordinate")
    return box
