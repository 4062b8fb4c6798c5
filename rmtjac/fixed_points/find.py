"""`find_fixed_points`: the methods under one name."""

from __future__ import annotations

import dataclasses

import numpy as np

from rmtjac.fixed_points.domain import checked_network, search_domain
from rmtjac.fixed_points.grid import grid_fixed_points
from rmtjac.fixed_points.proof import MOST_BOXES, proved_fixed_points
from rmtjac.fixed_points.regions import checked_affine, regions
from rmtjac.fixed_points.result import FixedPoints, placed
from rmtjac.network import Network
from rmtjac.rng import RngLike, as_generator
from rmtjac.validate import choice, finite, positive_int

__all__ = ["STEP", "find_fixed_points", "grid_domain"]

STEP = 0.05
_TOLERANCE, _STEPS, _FOLLOW = 1e-5, 50, 2000
_MATCH = 1e-9  # proved and enumerated points agree to this


def find_fixed_points(
    network: Network,
    method: str = "auto",
    *,
    domain: object = None,
    max_boxes: int = MOST_BOXES,
    cross_check: bool = False,
    step: float = STEP,
    tol: float = _TOLERANCE,
    max_iter: int = _STEPS,
    follow: int = _FOLLOW,
    starts: object = None,
    rng: RngLike = 0,
) -> FixedPoints:
    r"""Find the fixed points :math:`F(x) = x` of a network from R^n to itself.

    Parameters
    ----------
    network
        A `Network` with n_0 = n_L = n.
    method
        ``"exact"``
            All of them, with proof, for piecewise affine activations: branch and bound on affine forms with outward
            rounding, and exact rational arithmetic where that cannot decide (n <= 2: points on kinks or closer
            together than rounding, continua, transitions too steep for floats).
        ``"interval"``
            The same search for any activation that the kernels know; boxes that stay open are returned in
            ``undecided``.
        ``"grid"``
            The protocol of BS, Section IV: iterate starts until they move less than `tol`. It shows what attracts,
            and proves nothing about the rest. Limits are polished by Newton's method and told apart by their errors;
            starts that do not settle are followed until they come to rest, close a cycle, diverge, or `follow` ends.
        ``"auto"``
            ``"exact"`` where it applies, then ``"interval"``, then ``"grid"``; ``reason`` says which.
    domain
        Box to search, ``(low, high)`` or two corners; its faces belong to it, and ``places`` says which points lie on
        one. Default: a box that holds every fixed point, if a bounded layer, the signs of weights or the growth of
        F in some norm give one; for the grid [-1, 1]^n.
    max_boxes
        Budget of ``"exact"`` and ``"interval"``; what is left when it ends is in ``undecided``. A box costs about the
        n + 2 products of its affine form with each weight matrix; exact arithmetic, which is slower, gets a tenth of
        it. A search that would take many times as many, as far as one can tell, ends early and says so. Fixed points
        that no budget tells apart, as a multiple one, are in ``clusters``, with their index.
    cross_check
        ``"exact"`` only: compare with the enumeration of all linear regions; a difference makes the result incomplete.
    step, tol, max_iter, follow
        Of the grid: its step, the tolerance and the number of iterations of the protocol, and how many more a start
        that has not settled is followed.
    starts
        Of the grid: starts of one's own, shape (K, n), or how many to draw uniformly from the domain. Needed for n > 3.
    rng
        Seed of drawn starts.

    Returns
    -------
    FixedPoints

    Raises
    ------
    ValueError
        If the method does not apply to the network, no domain is known, or a setting makes no sense.

    Examples
    --------
    >>> import rmtjac as rj
    >>> net = rj.Ensemble.berlyand_slavin(100, 3).draw(rng=0)
    >>> fps = rj.find_fixed_points(net)
    >>> fps
    FixedPoints(9: 4 stable, 4 saddles, 1 repellers; complete)
    >>> fps.index_sum
    1
    >>> rj.find_fixed_points(net, method="grid")
    FixedPoints(4: 4 stable; not proved complete)
    """
    net = checked_network(network)
    choice("method", method, ("auto", "exact", "interval", "grid"))
    affine = all(phi.piecewise_affine for phi in net.activations)
    known = all(phi.code is not None for phi in net.activations)
    auto = method == "auto"
    if auto:
        bounded = known and (domain is not None or _has_domain(net))
        method = "grid" if not bounded else "exact" if affine else "interval"
    if method == "grid":
        box = grid_domain(net, domain)
        found = grid_fixed_points(
            net,
            box,
            *_protocol(box, step, tol, max_iter),
            _starts(net, box, starts, rng),
            positive_int("follow", follow),
        )
        if auto:
            why = "no domain is known" if known else "an activation has no interval extension"
            found = dataclasses.replace(found, reason=f"{found.reason} ({why}, so the grid was used)")
        return found
    if starts is not None:
        raise ValueError(f"starts=... is for method='grid', not {method!r}")
    if not known:
        names = ", ".join(phi.spec for phi in net.activations if phi.code is None)
        raise ValueError(f"activation={names!r} has no interval extension; use method='grid'")
    if method == "exact":
        checked_affine(net)
    found = proved_fixed_points(net, method, domain, positive_int("max_boxes", max_boxes))
    return _cross_checked(net, found) if cross_check else found


def _has_domain(net: Network) -> bool:
    try:
        search_domain(net, None)
    except ValueError:
        return False
    return True


def grid_domain(net: Network, domain: object) -> np.ndarray:
    """Return the box of the grid, [-1, 1]^n unless it is given."""
    return search_domain(net, (-1.0, 1.0) if domain is None else domain)


def _protocol(box: np.ndarray, step: float, tol: float, max_iter: int) -> tuple[float, float, int]:
    step = finite("step", step, above=0.0)
    if step > float((box[1] - box[0]).min()):
        raise ValueError(f"step={step!r} is larger than the domain {box.tolist()}; one that fits in it is needed")
    return step, finite("tol", tol, above=0.0), positive_int("max_iter", max_iter)


def _starts(net: Network, box: np.ndarray, starts: object, rng: RngLike) -> np.ndarray | None:
    n = net.widths[0]
    if starts is None:
        if n > 3:
            raise ValueError(
                f"starts=None: a grid in {n} dimensions is too large; pass starts= (points, or how many to draw), or "
                "domain=(low, high) to search a box with proof"
            )
        return None
    if np.ndim(starts) == 0:  # type: ignore[arg-type]
        count = positive_int("starts", starts)
        return as_generator(rng).uniform(box[0], box[1], (count, n))
    points = np.asarray(starts, dtype=float)
    if points.ndim != 2 or points.shape[1] != n or not len(points) or not np.isfinite(points).all():
        raise ValueError(f"starts has shape {points.shape}; finite numbers of shape (K, {n}) are needed")
    return points


def _cross_checked(net: Network, found: FixedPoints) -> FixedPoints:
    """Compare with the enumeration of regions."""
    pieces = regions(net, found.domain)
    listed = pieces.fixed_points()
    if found.continua or not pieces.complete:
        return dataclasses.replace(found, reason=f"{found.reason}; no cross-check: the enumeration cannot list them")
    # The enumeration counts what lies outside by less than its slack; near a face it decides nothing.
    gaps = np.abs(listed[:, None] - found.points[None]).max(axis=2)
    inside = placed(listed, np.full_like(listed, 2.0 * _MATCH), found.domain) == "inside"
    listed = listed[inside | (gaps.min(axis=1, initial=np.inf) <= _MATCH)]
    gaps = np.abs(listed[:, None] - found.points[None]).max(axis=2)
    same = len(listed) == len(found)
    same = same and all((gaps.min(axis=axis, initial=np.inf) <= _MATCH).all() for axis in (0, 1))
    if same:
        return dataclasses.replace(found, reason=f"{found.reason}; the enumeration of {len(pieces)} regions agrees")
    reason = f"not complete: branch and bound finds {len(found)} points, the enumeration {len(listed)}"
    return dataclasses.replace(found, complete=False, reason=reason)
