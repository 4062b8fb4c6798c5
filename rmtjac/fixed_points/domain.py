"""Where to look for fixed points, and checks of a network and of a box."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rmtjac.fixed_points.certified.growth import fixed_point_box
from rmtjac.fixed_points.layers import value_range
from rmtjac.network import Network
from rmtjac.validate import real_array

__all__ = ["Domain", "checked_network", "image_box", "resolved_domain", "search_domain"]

_MARGIN = 1e-3  # of the sides: corners of the image are fixed points too, and must lie inside the domain
# Of a given box, as a part of its sides and of its distance from 0: a point on a face has a neighbourhood there.
_BESIDE, _FAR_BESIDE = 2.0**-20, 2.0**-40
_LEAST = 1e-250  # far above what the kernels add for underflow


class Domain(NamedTuple):
    """Corners (2, n) of the box that is asked for and of the box to search around it.

    `everything`: whether the box holds every fixed point, by proof; then `degree`: what the indices of all of them add
    up to, if that is known.
    """

    box: np.ndarray
    search: np.ndarray
    everything: bool
    degree: int | None


def checked_network(net: object) -> Network:
    """Return `net` if it maps R^n to itself."""
    if not isinstance(net, Network):
        raise TypeError(f"network={net!r} must be a Network; Ensemble.draw(rng) makes one")
    if net.widths[0] != net.widths[-1]:
        raise ValueError(
            f"network maps {net.widths[0]} numbers to {net.widths[-1]}; fixed points need n_0 = n_L, "
            f"e.g. widths [2, 100, 2]"
        )
    return net


def image_box(net: Network) -> np.ndarray | None:
    """Return corners (2, n) of a box that holds F(R^n), or None if F is unbounded or its range is not known."""
    found = np.array(value_range(net.activations[-1]))
    if not np.isfinite(found).all():
        return None
    return np.repeat(found[:, None], net.widths[-1], axis=1)


def resolved_domain(net: Network, domain: object) -> Domain:
    """Return where to look: the given box, or one that holds every fixed point.

    Raises
    ------
    ValueError
        If `domain` is no box, or is not given and none is known.
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
    """Return the box that is asked for, or one that holds every fixed point; see `resolved_domain`."""
    return resolved_domain(net, None).box if domain is None else _given(domain, net.widths[0])


def _given(domain: object, n: int) -> np.ndarray:
    box = real_array("domain", domain).copy()
    if box.shape == (2,):
        box = np.repeat(box[:, None], n, axis=1)
    if box.shape != (2, n):
        raise ValueError(f"domain has shape {box.shape}; (low, high) or two corners of {n} numbers are needed")
    if not np.isfinite(box).all() or not (box[0] < box[1]).all():
        raise ValueError(f"domain={box.tolist()} must be finite, with low < high in every coordinate")
    return box
