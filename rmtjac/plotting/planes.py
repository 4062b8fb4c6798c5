"""The plane of a network from R^2 to itself: fixed points, basins, linear regions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import ListedColormap, to_rgb

from rmtjac.fixed_points.basins import Basins
from rmtjac.fixed_points.ends import Cycle, Label
from rmtjac.fixed_points.regions import Regions
from rmtjac.fixed_points.result import FixedPoints
from rmtjac.plotting.canvas import BLACK, GREY, PALETTE, new_axes
from rmtjac.validate import choice

__all__ = ["plot_basins", "plot_fixed_points", "plot_regions"]

_DARK = "#666666"  # what diverges
# kind: marker, filled, legend
_KINDS = {"stable": ("o", True, "stable"), "saddle": ("s", False, "saddle"), "repeller": ("D", False, "repeller")}


def _plane(name: str, dimensions: int) -> None:
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
    side = 0.02 * (domain[1] - domain[0])
    ax.set_xlim(domain[0, 0] - side[0], domain[1, 0] + side[0])
    ax.set_ylim(domain[0, 1] - side[1], domain[1, 1] + side[1])
    ax.set_aspect("equal")
    ax.set_xlabel("$x_1$")
    ax.set_ylabel("$x_2$")


def _marks(ax: Axes, points: np.ndarray, kinds: Sequence[str], cycles: Sequence[Cycle]) -> list[Any]:
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
    handles, labels = ax.get_legend_handles_labels()
    if not handles:
        return None
    return ax.legend(
        handles, labels, frameon=False, fontsize="small", ncols=4, loc="lower left", bbox_to_anchor=(0.0, 1.0),
        borderaxespad=0.2, handletextpad=0.4, columnspacing=1.2,
    )  # fmt: skip


def plot_fixed_points(found: FixedPoints, ax: Axes | None = None) -> dict[str, Any]:
    """Draw the fixed points: stable ones filled, saddles and repellers hollow, cycles as polygons, continua as lines.

    Parameters
    ----------
    found
        From `rmtjac.find_fixed_points`, n = 2.
    ax
        Where to draw, e.g. over basins or regions; default a new figure.

    Returns
    -------
    dict
        The axes and the artists. Undecided boxes are grey.
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
    """Draw the basins in colour, with what attracts in them.

    Parameters
    ----------
    basins
        From `rmtjac.find_basins`, n = 2.
    ax
        Where to draw; default a new figure.
    show
        ``"labels"``: where grid points end; those without an attractor are grey (bounded, no cycle found), dark
        (diverged) or white (on the stable set of an unstable point). ``"proved"``: the cells that are proved to lie in
        a basin; the others are grey.
    fixed_points
        From `rmtjac.find_fixed_points`: all points to mark, saddles and repellers too; default those of `basins`.

    Returns
    -------
    dict
        The axes and the artists. The colour of an attractor is that of its number modulo seven; every further seven
        are paler.
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
    """A colour mixed with white."""
    return tuple(1.0 - (1.0 - c) * 0.6**paler for c in to_rgb(color))


def plot_regions(regions: Regions, ax: Axes | None = None, *, color: str = "stretch") -> dict[str, Any]:
    r"""Draw the linear regions of a network of two inputs.

    Parameters
    ----------
    regions
        From `rmtjac.fixed_points.regions`.
    ax
        Where to draw; default a new figure.
    color
        ``"stretch"``: by :math:`\log_{10}` of the largest singular value of A, the stretch of the network there;
        ``"none"``: outlines only.

    Returns
    -------
    dict
        The axes and the artists. Regions where the network is constant stay white.
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
