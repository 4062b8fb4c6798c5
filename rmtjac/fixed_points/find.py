"""Find the fixed points of a network: the choice of the method, and checks of its settings.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import dataclasses

import numpy as np

from rmtjac.fixed_points.certified.existence import joined, newton_fixed_points, unique_fixed_point, unique_in_box
from rmtjac.fixed_points.domain import checked_network, search_domain
from rmtjac.fixed_points.iterated.grid import grid_fixed_points
from rmtjac.fixed_points.points import placed
from rmtjac.fixed_points.proved.search import MOST_BOXES, proved_fixed_points
from rmtjac.fixed_points.regions import checked_affine, regions
from rmtjac.fixed_points.result import FixedPoints
from rmtjac.network import Network
from rmtjac.rng import RngLike, as_generator
from rmtjac.validate import choice, finite, positive_int, real_array

__all__ = ["METHODS", "STEP", "find_fixed_points", "grid_domain"]

STEP = 0.05
_TOLERANCE, _STEPS, _FOLLOW = 1e-5, 50, 2000
_MATCH = 1e-9  # proved and enumerated points differ by no more than this
METHODS = ("auto", "exact", "interval", "grid", "newton")
_FEW = 3  # up to this n a search is quick and a grid is possible
_FEW_STARTS, _NEWTON_STARTS = 8, 32
_WORK = 10**10  # the number of operations that a search in many dimensions may take
_ASK = "nothing was searched, because no domain is known: pass domain= for a search, starts= for more starts"


def find_fixed_points(
    network: Network,
    method: str = "auto",
    *,
    domain: object = None,
    max_boxes: int | None = None,
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
    network : Network
        A network with n_0 = n_L = n.
    method : {"auto", "exact", "interval", "grid", "newton"}, optional
        ``"exact"``
            Finds all fixed points, with proof, of a network with piecewise affine activations: branch and bound on
            affine forms that are rounded outward, and rational arithmetic where floats cannot decide (n <= 2: points on
            kinks or closer together than rounding, continua, slopes too steep for floats).
        ``"interval"``
            The same search for any activation that the kernels know. Boxes that stay open are in ``undecided``.
        ``"grid"``
            Follows the protocol of BS Section IV: iterate a grid of starts until they move by less than `tol`. This
            finds what attracts these starts and proves nothing about other points. Newton's method refines the limits;
            two limits are different if they differ by more than their errors. Starts that do not settle are followed
            until they come to rest, close a cycle, diverge, or have taken `follow` more steps.
        ``"newton"``
            Runs damped Newton's method from `starts` and from iterates of them, for any n. It finds points that attract
            and points that do not. Krawczyk's operator proves each point by itself. Whether there are others stays
            open.
        ``"auto"``
            Tries several methods, one after the other, until the result is complete. For n <= 3: the search
            (``"exact"`` or ``"interval"``), certificates that there is exactly one fixed point (F contracts in the
            2-norm or in a weighted maximum norm, or I - W is strongly monotone), ``"newton"``. For n > 3: certificates,
            ``"newton"``, the search. If no search is possible (no domain is known, or the kernels do not know an
            activation), then for n <= 3 ``"grid"`` takes its place, after the certificates. The field ``reason`` of
            the result names the method that decided. The field ``statement`` says what is proved to exist and whether
            there may be other fixed points.
    domain : array_like of float, shape (2,) or (2, n), optional
        The box to search: ``(low, high)`` for all coordinates, or two corners. Its faces belong to it, and ``places``
        says which points lie on one. By default a box that provably holds every fixed point, if a bounded layer, the
        signs of weights or the growth of F in some norm give one; for the grid [-1, 1]^n.
    max_boxes : int, optional
        The largest number of boxes that ``"exact"`` and ``"interval"`` search; boxes that are left then are in
        ``undecided``. By default a million, and for n > 3 in ``"auto"`` as many as take some seconds. In ``"exact"``
        rational arithmetic, which is slower, gets a tenth of this budget. If it fails, and the search needs, at its
        pace so far, more than twice the budget, the search ends early, and ``reason`` says so. Fixed points that no
        budget can separate, such as a multiple one, are in ``clusters``, with their index.
    cross_check : bool, optional
        Whether to compare ``"exact"`` and ``"interval"`` with the enumeration of all linear regions (n <= 2, piecewise
        affine). A difference makes the result incomplete.
    step : float, optional
        The distance of neighbouring starts of the grid.
    tol : float, optional
        A start of the grid has settled when one step is shorter than this.
    max_iter : int, optional
        The number of steps after which the protocol of the grid ends.
    follow : int, optional
        How many more steps a start of the grid that has not settled is followed.
    starts : int or array_like of float, shape (K, n), optional
        The starts of ``"newton"`` and ``"grid"``, or how many to draw uniformly from `domain` ([-1, 1]^n if it is not
        given). By default Newton's method starts from the middle of this box and from 32 random points in it (fewer for
        n > 62, and 8 in ``"auto"``), and the grid method from a grid (n <= 3).
    rng : int, SeedSequence or Generator, optional
        Seed of starts that are drawn.

    Returns
    -------
    FixedPoints
        The fixed points, what is proved of them, and whether there may be others.

    Raises
    ------
    TypeError
        If `network` is not a `Network`.
    ValueError
        If the method does not apply to the network, no domain is known, or a setting is out of range.

    See Also
    --------
    count_fixed_points : Count the fixed points of many networks.
    find_basins : Find which starts end in which fixed point.
    rmtjac.fixed_points.regions : List the linear regions of a piecewise affine network.

    Notes
    -----
    Cost of ``"exact"`` and ``"interval"``: a box costs about n + 2 products with each weight matrix. 20 networks of
    `Ensemble.berlyand_slavin` of width 100 take 4, 7 and 43 ms in all at depth 1, 2 and 3. Cost of ``"grid"``: up to
    `max_iter` + `follow` evaluations for each start. Cost of ``"newton"``: up to 60 Jacobians and n x n systems for
    each start.

    References
    ----------
    BS (7)-(9)
    BS Section IV
    docs/theory/fixed_points.md
    docs/theory/certificates.md
    See docs/references.md.

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
    choice("method", method, METHODS)
    budget = None if max_boxes is None else positive_int("max_boxes", max_boxes)
    unknown = ", ".join(phi.spec for phi in net.activations if phi.code is None)
    if method == "auto":
        grid = (step, tol, max_iter, positive_int("follow", follow))
        found = _auto(net, domain, budget, grid, starts, rng)
    elif method == "grid":
        found = _grid(net, domain, step, tol, max_iter, positive_int("follow", follow), starts, rng)
    elif method == "newton":
        box = None if domain is None else search_domain(net, domain)
        found = newton_fixed_points(net, box, _newton_starts(net, box, starts, rng))
    else:
        if starts is not None:
            raise ValueError(f"starts=... is for method='grid' or method='newton', not {method!r}")
        if unknown:
            raise ValueError(f"activation={unknown!r} has no interval extension; use method='grid' or method='newton'")
        if method == "exact":
            checked_affine(net)
        found = proved_fixed_points(net, method, domain, budget or MOST_BOXES)
    return _cross_checked(net, found) if cross_check and found.method in ("exact", "interval") else found


def _auto(
    net: Network, domain: object, budget: int | None, grid: tuple[float, float, int, int], starts: object, rng: RngLike
) -> FixedPoints:
    """Return what the methods of ``"auto"`` find; the cheapest runs first: for n <= 3 the search, else certificates."""
    method = "exact" if all(phi.piecewise_affine for phi in net.activations) else "interval"
    unknown = any(phi.code is None for phi in net.activations)
    low = net.widths[0] <= _FEW
    given = None if domain is None else search_domain(net, domain)
    if low and not unknown and _known_domain(net, domain) is not None:
        found = proved_fixed_points(net, method, domain, budget or MOST_BOXES)
        if found.complete:
            return found
        only = unique_fixed_point(net, given)
        if only is not None and only.complete:
            return only
        return joined(found, _near_starts(net, given, starts, rng), loose=False)
    only = unique_fixed_point(net, given)
    if only is not None and only.complete:
        return only
    box = None if unknown else _known_domain(net, domain)
    if box is not None:
        only = unique_in_box(net, box)
        if only is not None:
            return only
    more = _near_starts(net, given, starts, rng)
    if low:
        found = _grid(net, domain, *grid, starts, rng)
        why = "an activation has no interval extension" if unknown else "no domain is known"
        found = dataclasses.replace(found, reason=f"{found.reason} ({why}, so the grid was used)")
        return joined(found, more, loose=True)
    if box is None:
        return more if unknown else dataclasses.replace(more, reason=f"{more.reason}; {_ASK}")
    found = proved_fixed_points(net, method, domain, budget or _affordable(net))
    return found if found.complete else joined(found, more, loose=True)


def _near_starts(net: Network, given: np.ndarray | None, starts: object, rng: RngLike) -> FixedPoints:
    """Return what Newton's method finds from few starts and from their iterates."""
    return newton_fixed_points(net, given, _newton_starts(net, given, starts, rng, _FEW_STARTS))


def _affordable(net: Network) -> int:
    """Return a number of boxes that takes some seconds, for many dimensions."""
    n = net.widths[0]
    work = 2 * (n + 10) * sum(matrix.size for matrix in net.weights) + 500 * sum(net.widths) + 40 * n**3
    return int(min(MOST_BOXES, max(1, _WORK // work)))


def _grid(
    net: Network, domain: object, step: float, tol: float, max_iter: int, follow: int, starts: object, rng: RngLike
) -> FixedPoints:
    """Return what the grid, or given starts, lead to."""
    box = grid_domain(net, domain)
    return grid_fixed_points(net, box, *_protocol(box, step, tol, max_iter), _starts(net, box, starts, rng), follow)


def _known_domain(net: Network, domain: object) -> np.ndarray | None:
    """Return the box to search; None if none is given or known."""
    if domain is not None:
        return search_domain(net, domain)
    try:
        return search_domain(net, None)
    except ValueError:
        return None


def grid_domain(net: Network, domain: object) -> np.ndarray:
    """Return the box of the grid, [-1, 1]^n unless it is given."""
    return search_domain(net, (-1.0, 1.0) if domain is None else domain)


def _protocol(box: np.ndarray, step: float, tol: float, max_iter: int) -> tuple[float, float, int]:
    """Return the settings of the protocol, after checks."""
    step = finite("step", step, above=0.0)
    if step > float((box[1] - box[0]).min()):
        raise ValueError(f"step={step!r} is larger than the domain {box.tolist()}; one that fits in it is needed")
    return step, finite("tol", tol, above=0.0), positive_int("max_iter", max_iter)


def _starts(net: Network, box: np.ndarray, starts: object, rng: RngLike) -> np.ndarray | None:
    """Return the given starts, or as many random points of the box as `starts` asks for; None stands for a grid."""
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
    points = real_array("starts", starts)
    if points.ndim != 2 or points.shape[1] != n or not len(points) or not np.isfinite(points).all():
        raise ValueError(f"starts has shape {points.shape}; finite numbers of shape (K, {n}) are needed")
    return points


def _newton_starts(
    net: Network, box: np.ndarray | None, starts: object, rng: RngLike, count: int = _NEWTON_STARTS
) -> np.ndarray:
    """Return the given starts, or the middle of the box (by default [-1, 1]^n) and some points drawn from it."""
    box = grid_domain(net, None) if box is None else box
    middle = (0.5 * box[0] + 0.5 * box[1])[None]
    drawn = _starts(net, box, max(1, min(count, _FEW_STARTS * 250 // net.widths[0])) if starts is None else starts, rng)
    assert drawn is not None
    return np.concatenate([middle, drawn]) if starts is None else drawn


def _cross_checked(net: Network, found: FixedPoints) -> FixedPoints:
    """Return the result after a comparison with the fixed points that the enumeration of regions lists."""
    pieces = regions(net, found.domain)
    listed = pieces.fixed_points()
    if found.continua or not pieces.complete:
        return dataclasses.replace(found, reason=f"{found.reason}; no cross-check: the enumeration cannot list them")
    # The enumeration also lists points that lie outside by less than its slack, so near a face it decides nothing.
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
