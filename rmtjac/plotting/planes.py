"""Pictures of networks from R^2 to itself: fixed points, basins of attraction, linear regions.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import ListedColormap, to_rgb

from rmtjac.plotting.canvas import BLACK, GREY, PALETTE, new_axes
from rmtjac.validate import choice

if TYPE_CHECKING:
    from rmtjac.fixed_points.basins import Basins
    from rmtjac.fixed_points.ends import Cycle
    from rmtjac.fixed_points.regions import Regions
    from rmtjac.fixed_points.result import FixedPoints

__all__ = ["plot_basins", "plot_fixed_points", "plot_regions"]

_DARK = "#666666"  # the colour of points that diverge
# By kind: the marker, whether it is filled, and the text of the legend.
_KINDS = {"stable": ("o", True, "stable"), "saddle": ("s", False, "saddle"), "repeller": ("D", False, "repeller")}


def _plane(name: str, dimensions: int) -> None:
    """Raise an error if a result is not of the plane."""
    if dimensions != 2:
        raise ValueError(f"{name} has {dimensions} dimensions; pictures are drawn of the plane")


def _bounded(domain: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return the domain, or a box around the points where it is infinite."""
    if np.isfinite(domain).all():
        return domain
    points = points if len(points) else np.zeros((1, domain.shape[1]))
    low, high = points.min(axis=0), points.max(axis=0)
    room = np.maximum(1.0, high - low)
    return np.where(np.isfinite(domain), domain, np.array([low - room, high + room]))


def _frame(ax: Axes, domain: np.ndarray) -> None:
    """Show the domain with a small margin, in equal units."""
    side = 0.02 * (domain[1] - domain[0])
    ax.set_xlim(domain[0, 0] - side[0], domain[1, 0] + side[0])
    ax.set_ylim(domain[0, 1] - side[1], domain[1, 1] + side[1])
    ax.set_aspect("equal")
    ax.set_xlabel("$x_1$")
    ax.set_ylabel("$x_2$")


def _marks(ax: Axes, points: np.ndarray, kinds: Sequence[str], cycles: Sequence[Cycle]) -> list[Any]:
    """Mark fixed points by their kind, and cycles as polygons."""
    artists: list[Any] = []
    for kind, (marker, filled, label) in _KINDS.items():
        here = points[np.array(kinds) == kind] if len(points) else points
        if len(here):
            face, edge = (BLACK, "white") if filled else ("white", BLACK)
            artists += ax.plot(
                *here.T, marker, ms=7, mfc=face, mec=edge, mew=1.2, ls="none", label=label, zorder=5, clip_on=False
            )
    for j, cycle in enumerate(cycles):
        ring = np.concatenate([cycle.points, cycle.points[:1]])
        name = "cycles" if j == 0 else None
        artists += ax.plot(*ring.T, "-", color="white", lw=3.0, zorder=4)
        polygon = (max(3, min(cycle.period, 8)), 0, 0)
        line = ax.plot(*ring.T, "-", color=BLACK, lw=1.2, marker=polygon, ms=7, mfc="white", label=name, zorder=4)
        line[0].set_clip_on(False)
        artists += line
    return artists


def _legend(ax: Axes) -> Any:
    """Draw a legend above the Axes if there is something to name."""
    handles, labels = ax.get_legend_handles_labels()
    if not handles:
        return None
    return ax.legend(
        handles, labels, frameon=False, fontsize="small", ncols=4, loc="lower left", bbox_to_anchor=(0.0, 1.0),
        borderaxespad=0.2, handletextpad=0.4, columnspacing=1.2,
    )  # fmt: skip


def plot_fixed_points(found: FixedPoints, ax: Axes | None = None) -> dict[str, Any]:
    """Draw fixed points: stable ones filled, saddles and repellers hollow, cycles as polygons, continua as lines.

    Parameters
    ----------
    found : FixedPoints
        The fixed points of a map of the plane, from `rmtjac.find_fixed_points`.
    ax : matplotlib.axes.Axes, optional
        Where to draw, for example over basins or regions. By default a new figure is made.

    Returns
    -------
    dict of str to artists
        ``"ax"``: the Axes; ``"undecided"``: boxes without a decision, in grey; ``"continua"``; ``"points"``: points and
        cycles; ``"legend"``, or None.

    Raises
    ------
    ValueError
        If the network does not map the plane to itself.

    See Also
    --------
    rmtjac.find_fixed_points : Compute what is drawn here.
    plot_basins : Draw the basins of attraction.

    References
    ----------
    BS Fig. 2. See docs/references.md.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> import rmtjac as rj
    >>> found = rj.find_fixed_points(rj.Network([[[3.0, 0.0], [0.0, 3.0]]], activation="hardtanh"))
    >>> drawn = rj.plotting.plot_fixed_points(found, Figure().subplots())
    >>> [(line.get_label(), len(line.get_xdata())) for line in drawn["points"]]
    [('stable', 4), ('saddle', 4), ('repeller', 1)]
    """
    _plane("found", found.points.shape[1])
    fresh = ax is None
    ax = new_axes(ax)
    artists: dict[str, Any] = {"ax": ax}
    corners = [[[a, c], [b, c], [b, d], [a, d]] for (a, c), (b, d) in found.undecided]
    artists["undecided"] = ax.add_collection(PolyCollection(corners, facecolor=GREY, edgecolor=GREY))
    pieces = [ax.fill(*p.T, fc="none", ec=BLACK, lw=2.0, label="continuum" if i == 0 else None)
              for i, p in enumerate(found.continua)]  # fmt: skip
    artists["continua"] = pieces
    artists["points"] = _marks(ax, found.points, list(found.kinds), found.cycles)
    if fresh:
        _frame(ax, _bounded(found.domain, found.points))
    artists["legend"] = _legend(ax)
    return artists


def plot_basins(
    basins: Basins, ax: Axes | None = None, *, show: str = "labels", fixed_points: FixedPoints | None = None
) -> dict[str, Any]:
    """Draw the basins of attraction in colour, with the attractors in them.

    Parameters
    ----------
    basins : Basins
        The basins of a map of the plane, from `rmtjac.find_basins`.
    ax : matplotlib.axes.Axes, optional
        Where to draw. By default a new figure is made.
    show : {"labels", "proved"}
        ``"labels"``: the end of each grid point; points without an attractor are grey (bounded, no cycle found), dark
        (diverged) or white (on the stable set of an unstable point). ``"proved"``: the cells that are proved to lie in
        a basin; the other cells are grey.
    fixed_points : FixedPoints, optional
        All points to mark, from `rmtjac.find_fixed_points`, saddles and repellers included. By default the points in
        `basins`.

    Returns
    -------
    dict of str to artists
        ``"ax"``: the Axes; ``"mesh"``: the cells; ``"points"``: points and cycles; ``"legend"``, or None. The seven
        colours repeat, paler each time.

    Raises
    ------
    ValueError
        If the network does not map the plane to itself, or `show` is none of the two words.

    See Also
    --------
    rmtjac.find_basins : Compute what is drawn here.
    plot_fixed_points : Draw points alone.

    References
    ----------
    BS Fig. 2. See docs/references.md.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> import rmtjac as rj
    >>> network = rj.Network([[[3.0, 0.0], [0.0, 3.0]]], activation="hardtanh")
    >>> basins = rj.find_basins(network, step=0.5, prove=-1)
    >>> drawn = rj.plotting.plot_basins(basins, Figure().subplots())
    >>> len(drawn["points"][0].get_xdata())  # stable points
    4
    """
    _plane("basins", len(basins.axes))
    choice("show", show, ("labels", "proved"))
    ax = new_axes(ax)
    count = len(basins.points) + len(basins.cycles)
    colors: list[Any] = [_shade(PALETTE[k % len(PALETTE)], k // len(PALETTE)) for k in range(count)]
    if show == "labels":
        values, scheme, lowest = basins.labels, ["white", "white", _DARK, GREY, *colors], -4
        x, y = (
            np.concatenate([axis - 0.5 * basins.facts["step"], axis[-1:] + 0.5 * basins.facts["step"]])
            for axis in basins.axes
        )
    else:
        from rmtjac.fixed_points.ends import Label

        values, scheme, lowest = np.where(basins.cells == Label.OPEN, -1, basins.cells), [GREY, *colors], -1
        x, y = (
            np.linspace(low, high, size + 1) for low, high, size in zip(*basins.domain, basins.cells.shape, strict=True)
        )
    mesh = ax.pcolormesh(
        x,
        y,
        values.T,
        cmap=ListedColormap(scheme),
        vmin=lowest - 0.5,
        vmax=count - 0.5,
        rasterized=True,
        alpha=0.75,
        lw=0,
    )
    points = np.concatenate([basins.points, basins.unstable_points])
    kinds = ["stable"] * len(basins.points) + ["saddle"] * len(basins.unstable_points)
    if fixed_points is not None:
        points, kinds = fixed_points.points, list(fixed_points.kinds)
    artists: dict[str, Any] = {"ax": ax, "mesh": mesh, "points": _marks(ax, points, kinds, basins.cycles)}
    _frame(ax, basins.domain)
    artists["legend"] = _legend(ax)
    return artists


def _shade(color: str, paler: int) -> tuple[float, ...]:
    """Return a colour mixed with white, `paler` times."""
    return tuple(1.0 - (1.0 - c) * 0.6**paler for c in to_rgb(color))


def plot_regions(regions: Regions, ax: Axes | None = None, *, color: str = "stretch") -> dict[str, Any]:
    r"""Draw the linear regions of a piecewise affine network of two inputs.

    Parameters
    ----------
    regions : Regions
        The regions, from `rmtjac.fixed_points.regions`.
    ax : matplotlib.axes.Axes, optional
        Where to draw. By default a new figure is made.
    color : {"stretch", "none"}
        ``"stretch"``: :math:`\log_{10}` of the largest singular value of A, where the network is x -> A x + c.
        ``"none"``: outlines only.

    Returns
    -------
    dict of str to artists
        ``"ax"``: the Axes; ``"regions"``: the polygons; ``"colorbar"``, if there are colours. Regions where the network
        is constant stay white.

    Raises
    ------
    ValueError
        If the network has not two inputs, or `color` is none of the two words.

    See Also
    --------
    rmtjac.fixed_points.regions : Compute what is drawn here.
    plot_fixed_points : Draw fixed points over the regions.

    References
    ----------
    docs/theory/fixed_points.md.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> import rmtjac as rj
    >>> network = rj.Network([[[3.0, 0.0], [0.0, 3.0]]], activation="hardtanh")
    >>> regions = rj.fixed_points.regions(network, domain=(-1, 1))
    >>> drawn = rj.plotting.plot_regions(regions, Figure().subplots())
    >>> len(drawn["regions"].get_paths())
    9
    """
    _plane("regions", regions.vertices.shape[1])
    choice("color", color, ("stretch", "none"))
    ax = new_axes(ax)
    polygons = [regions.polygon(r) for r in range(len(regions))]
    lines = max(0.05, min(0.5, 30.0 / len(regions) ** 0.5))
    artists: dict[str, Any] = {"ax": ax}
    if color == "none":
        collection = PolyCollection(polygons, facecolor="none", edgecolor=BLACK, lw=lines)
    else:
        stretch = np.linalg.norm(regions.matrices, 2, axis=(1, 2))
        values = np.ma.masked_invalid(np.log10(np.where(stretch > 0.0, stretch, np.nan)))
        collection = PolyCollection(polygons, array=values, cmap="cividis", edgecolor=BLACK, lw=lines, rasterized=True)
    artists["regions"] = ax.add_collection(collection)
    _frame(ax, regions.domain)
    if color != "none" and not values.mask.all():
        artists["colorbar"] = ax.figure.colorbar(collection, ax=ax, label=r"$\log_{10}\,\|A\|$")
    return artists
