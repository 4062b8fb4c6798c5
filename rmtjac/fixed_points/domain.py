"""Where to look for fixed points, and checks of a network and of a box."""

from __future__ import annotations

import numpy as np

from rmtjac.network import Network

__all__ = ["checked_network", "image_box", "search_domain"]

_MARGIN = 1e-3  # of the sides: corners of the image are fixed points too, and must lie inside the domain


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
    known = net.activations[-1].facts
    if known.lower is None or known.upper is None or not (np.isfinite(known.lower) and np.isfinite(known.upper)):
        return None
    return np.array([np.full(net.widths[-1], value) for value in (known.lower, known.upper)])


def _contraction_box(net: Network) -> np.ndarray | None:
    """Return a box around all fixed points if the Lipschitz constant K is below 1: norm(x) <= norm(F(0)) / (1 - K)."""
    slopes = [np.inf if phi.facts.steepest is None else phi.facts.steepest for phi in net.activations]
    norms = [np.abs(matrix).sum(axis=1).max() for matrix in net.weights]
    lipschitz = float(np.prod([s * w for s, w in zip(slopes, norms, strict=True)])) * (1.0 + 1e-9)
    if not lipschitz < 1.0:
        return None
    radius = float(np.abs(net(np.zeros(net.widths[0]))).max()) / (1.0 - lipschitz) * (1.0 + 1e-9) + 1e-300
    return np.array([np.full(net.widths[0], -radius), np.full(net.widths[0], radius)])


def search_domain(net: Network, domain: object) -> np.ndarray:
    """Return the box to search, corners (2, n): the given one, or one that holds every fixed point.

    Raises
    ------
    ValueError
        If `domain` is no box, or is not given and none is known.
    """
    n = net.widths[0]
    if domain is not None:
        box = np.asarray(domain, dtype=float)
        if box.shape == (2,):
            box = np.repeat(box[:, None], n, axis=1)
        if box.shape != (2, n):
            raise ValueError(f"domain has shape {box.shape}; (low, high) or two corners of {n} numbers are needed")
        if not np.isfinite(box).all() or not (box[0] < box[1]).all():
            raise ValueError(f"domain={box.tolist()} must be finite, with low < high in every coordinate")
        return box.copy()
    known = all(phi.code is not None for phi in net.activations)
    held = image_box(net) if known else None
    if held is None and known:
        held = _contraction_box(net)
    if held is None:
        raise ValueError(
            f"domain=None: fixed points of {net!r} may lie anywhere; pass the box to search, e.g. domain=(-10, 10)"
        )
    side = np.maximum(held[1] - held[0], 1e-300)
    return np.array([held[0] - _MARGIN * side, held[1] + _MARGIN * side])
