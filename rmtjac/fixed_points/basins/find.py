"""Basins of attraction: the end of every grid point, cells that are proved to lie in one basin, and shares of volume.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import itertools

import numpy as np

from rmtjac.fixed_points.basins.cover import proved_cells
from rmtjac.fixed_points.basins.result import Basins
from rmtjac.fixed_points.basins.shares import in_cells, parts_of_cells, parts_of_grid, random_points, share
from rmtjac.fixed_points.domain import checked_network
from rmtjac.fixed_points.ends import FIRST_CYCLE, Label, renumbered
from rmtjac.fixed_points.find import STEP, grid_domain
from rmtjac.fixed_points.iterated.attractors import Attractors
from rmtjac.fixed_points.iterated.destinations import ends_of
from rmtjac.fixed_points.iterated.orbits import grid_starts
from rmtjac.fixed_points.points import spectral_radii
from rmtjac.network import Network
from rmtjac.validate import finite, positive_int

__all__ = ["find_basins"]

_FOLLOW = 2000
_PROOFS = 2
_SAMPLES = 2048  # random points where nothing is proved


def find_basins(
    network: Network,
    *,
    step: float = STEP,
    domain: object = None,
    refine: int = 0,
    prove: int = 3,
    follow: int = _FOLLOW,
) -> Basins:
    r"""Find the basin in which each point of a grid lies, and prove which parts of the domain lie in which basin.

    Around every stable fixed point and cycle affine forms certify a *core*, a parallelepiped that an iterate of F maps
    into itself and contracts. A cell of the domain belongs to the basin if it lies in the core, or if a box that
    contains its image is covered by cells of the basin. This gives lower bounds of the shares. Random points in the
    remaining cells estimate the rest.

    Parameters
    ----------
    network : Network
        A network with n_0 = n_L = n <= 3.
    step : float, optional
        The distance of neighbouring grid points.
    domain : array_like of float, shape (2,) or (2, n), optional
        ``(low, high)`` for all coordinates, or two corners. By default [-1, 1]^n.
    refine : int, optional
        How often the step is halved where neighbours have different ends.
    prove : int, optional
        The finest cells of the proof are ``32 * 2**prove`` along each axis (n = 3: ``8 * 2**prove``); -1 for no proof.
    follow : int, optional
        The largest number of steps for which an orbit is followed.

    Returns
    -------
    Basins
        The labels of the grid, the attractors, and the proved and estimated shares of their basins.

    Raises
    ------
    TypeError
        If `network` is not a `Network`.
    ValueError
        If the network does not map R^n to itself, n > 3, the domain is not a box, or a setting is out of range.

    See Also
    --------
    find_fixed_points : Find all fixed points, also those that do not attract.
    rmtjac.plotting.plot_basins : Draw the result.

    Notes
    -----
    Cost: for the grid, at most `follow` steps for each point that does not settle. For the proof, one affine form, the
    cost of n + 2 products with each weight matrix, for each cell and refinement. For the shares, 2048 more orbits, from
    random points of a fixed seed.

    References
    ----------
    BS (7)-(9)
    docs/theory/fixed_points.md
    See docs/references.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> net = rj.Network([[[2.0, 0.0], [0.0, 0.5]]], activation="hardtanh")
    >>> print(rj.find_basins(net, step=0.5).table())
                               attractor    radius    share    error      proved bracket
                   (-1.000000, 0.000000)       0.5   0.5000   0.0001    [0.4961, 0.5039]
                    (1.000000, 0.000000)       0.5   0.5000   0.0001    [0.4961, 0.5039]
    25 grid points; converged: 80.00%; on the stable set of an unstable point or cycle: 20.00%
    """
    net = checked_network(network)
    n = net.widths[0]
    if n > 3:
        raise ValueError(f"network maps R^{n} to itself; basins are computed for n <= 3")
    box = grid_domain(net, domain)
    step = finite("step", step, above=0.0)
    if step > float((box[1] - box[0]).min()):
        raise ValueError(f"step={step!r} is larger than the domain {box.tolist()}; one that fits in it is needed")
    refine = positive_int("refine", refine) if refine else 0
    follow = positive_int("follow", follow)
    starts, shape = grid_starts(box, step)
    raw, found = ends_of(net, starts, follow)
    labels = raw.reshape(shape)
    for _ in range(refine):
        step *= 0.5
        labels = _refined(net, found, labels, box, step, follow)
    axes = tuple(low + step * np.arange(size) for low, size in zip(box[0], labels.shape, strict=True))
    provable = prove >= 0 and all(phi.code is not None for phi in net.activations)
    for _ in range(_PROOFS):  # a second time if random points find attractors that the grid did not
        count, known = len(found.points), len(found.points) + len(found.cycles)
        cells = np.full((1,) * n, Label.OPEN)
        if provable:
            cells = proved_cells(net, box, [*found.point_cores, *found.cycle_cores], int(prove))
            cells = np.where(cells >= count, FIRST_CYCLE - (cells - count), cells)
        parts = parts_of_cells(box, cells) if provable else parts_of_grid(box, axes, labels)
        samples = random_points(parts, _SAMPLES, np.random.default_rng(0))
        ends = in_cells(net, parts, samples) if provable else np.full(len(samples), Label.OPEN)
        ends[ends == Label.OPEN], _ = ends_of(net, samples[ends == Label.OPEN], follow, found)
        if not provable or known == len(found.points) + len(found.cycles):
            break
    # The points are sorted, and those that attract no volume are separated.
    attract = found.attract(np.concatenate([np.ravel(parts.labels), ends]))
    new = found.sort()
    attract[new] = attract.copy()
    first = int(attract.sum())
    places = np.where(attract, np.cumsum(attract) - 1, Label.UNSTABLE)[new]
    labels, cells, ends, held = (renumbered(raw, places, first) for raw in (labels, cells, ends, parts.labels))
    cycles = found.found_cycles()
    volumes = parts.volumes
    left = float(volumes[held == Label.OPEN].sum())
    shares = [share(volumes[held == k], ends, k, left) for k in range(first + len(cycles))]
    fractions, errors = np.array(shares).reshape(-1, 2).T
    if not provable:
        errors = np.hypot(errors, np.sqrt(fractions * (1.0 - fractions) / labels.size))
    proved = np.array([float((cells == k).mean()) for k in range(len(fractions))])
    undecided = float((cells == Label.OPEN).mean())
    points = np.array(found.points).reshape(-1, n)
    radii = spectral_radii(np.array(found.jacobians).reshape(-1, n, n))
    facts = {"step": step, "refine": refine, "follow": follow}
    return Basins(
        axes, labels, points[attract], radii[attract], cycles, points[~attract], fractions, errors, proved, undecided,
        cells, box, facts,
    )  # fmt: skip


def _refined(
    net: Network, found: Attractors, labels: np.ndarray, box: np.ndarray, step: float, follow: int
) -> np.ndarray:
    """Return labels on the grid of half the step; a new point is iterated only if its old neighbours disagree."""
    starts, shape = grid_starts(box, step)
    index = np.stack(np.unravel_index(np.arange(len(starts)), shape), axis=1)
    last = np.array(labels.shape) - 1
    first = labels[tuple((index // 2).T)]
    alike = (((index + 1) // 2) <= last).all(axis=1)
    for corner in itertools.product((0, 1), repeat=len(shape)):
        neighbour = np.minimum((index + np.array(corner)) // 2, last)
        alike &= labels[tuple(neighbour.T)] == first
    new = first.copy()
    new[~alike], _ = ends_of(net, starts[~alike], follow, found)
    return new.reshape(shape)
