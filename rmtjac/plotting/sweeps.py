"""Pictures of sweeps: the number of fixed points against the depth, or over width and depth.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from rmtjac.plotting.canvas import PALETTE
from rmtjac.validate import choice

if TYPE_CHECKING:
    from rmtjac.sweep.table import SweepTable

__all__ = ["plot_sweep"]

_STYLES = ("-", "--", ":", "-.")
_MARKERS = "os^Dv<>"
_NAMES = {
    "stable": "mean number of stable fixed points",
    "attracting": "mean number of stable fixed points (grid)",
    "limits": "mean number of limits of the grid",
    "complete": "share of networks with all fixed points proved",
    "lyapunov": "Lyapunov exponent of the hidden chain",
}


def plot_sweep(
    table: SweepTable, ax: Axes | None = None, *, column: str | None = None, kind: str = "lines"
) -> dict[str, Any]:
    """Draw the mean of a column over networks, with its standard error.

    Parameters
    ----------
    table : SweepTable
        The rows of a sweep, from `rmtjac.sweep.load`.
    ax : matplotlib.axes.Axes, optional
        Where to draw. By default a new figure is made; a map gets one panel for each convention.
    column : str, optional
        The column, which must hold numbers. By default ``"stable"``, or ``"attracting"`` if there is no such column.
    kind : {"lines", "map"}
        ``"lines"``: against the depth L, one line for each convention (colour) and width N (dashes). ``"map"``: colours
        and numbers over N x L, of one convention if `ax` is given.

    Returns
    -------
    dict of str to artists
        ``"figure"``, ``"axes"`` (a list), and ``"lines"`` or ``"images"``.

    Raises
    ------
    ValueError
        If there is no such column of numbers, if `kind` is none of the two words, or if `ax` is given for maps of
        several conventions.

    See Also
    --------
    rmtjac.sweep.load : Read the table of a sweep.
    rmtjac.sweep.run : Do the units of a sweep.

    References
    ----------
    BS Fig. 3. See docs/references.md.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> from matplotlib.figure import Figure
    >>> import rmtjac as rj
    >>> folder = mkdtemp() + "/sweep"
    >>> _ = rj.sweep.plan(folder, widths=[6], depths=[1, 2], seeds=4, block=4)
    >>> _ = rj.sweep.run(folder, "serial")
    >>> drawn = rj.plotting.plot_sweep(rj.sweep.load(folder), Figure().subplots())
    >>> drawn["axes"][0].get_ylabel()
    'mean number of stable fixed points'
    """
    choice("kind", kind, ("lines", "map"))
    if column is None:
        column = next((name for name in ("stable", "attracting") if name in table.kinds), "")
    if table.kinds.get(column) not in ("int", "float", "bool"):
        raise ValueError(f"column={column!r} must be a column of numbers: {', '.join(table.kinds)}")
    conventions = list(dict.fromkeys(cell.convention for cell in table.cells()))
    if kind == "lines":
        return _lines(table, ax, column, conventions)
    if ax is not None and len(conventions) > 1:
        raise ValueError(f"ax: a map shows one convention, not {', '.join(conventions)}; pick one, or give no ax")
    return _maps(table, ax, column, conventions)


def _figure(ax: Axes | None, panels: int, size: tuple[float, float]) -> tuple[Any, list[Axes]]:
    """Return the figure and the Axes: those given, or new ones."""
    if ax is not None:
        return ax.figure, [ax]
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, panels, layout="constrained", squeeze=False, sharey=True, figsize=size)
    return figure, list(axes[0])


def _label(column: str) -> str:
    """Return the words for the mean of a column."""
    return _NAMES.get(column, f"mean of {column}")


def _lines(table: SweepTable, ax: Axes | None, column: str, conventions: list[str]) -> dict[str, Any]:
    """Draw means against the depth, one line for each convention and width."""
    beside = len({cell[:2] for cell in table.cells()}) > 4  # with many lines the legend stands beside the Axes
    figure, (ax,) = _figure(ax, 1, (8.8 if beside else 6.4, 4.4))
    widths = sorted({cell.width for cell in table.cells()})
    lines = []
    for c, convention in enumerate(conventions):
        for w, width in enumerate(widths):
            depths = sorted(cell.depth for cell in table.cells() if cell[:2] == (convention, width))
            if not depths:
                continue
            mean, error = np.array([table.of(convention, width, depth).mean(column) for depth in depths]).T
            name = " ".join(
                ([convention] if len(conventions) > 1 else []) + ([f"$N={width}$"] if len(widths) > 1 else [])
            )
            lines.append(
                ax.errorbar(
                    depths, mean, error, color=PALETTE[c % len(PALETTE)], ls=_STYLES[w % len(_STYLES)],
                    marker=_MARKERS[w % len(_MARKERS)], ms=4, lw=1.2, capsize=2, label=name or convention,
                )
            )  # fmt: skip
    ax.set_xlabel("depth $L$")
    ax.set_ylabel(_label(column))
    depths = sorted({cell.depth for cell in table.cells()})
    if len(depths) > 1 and depths[-1] >= 10:
        ax.set_xscale("log")
        ax.set_xticks(depths, [str(depth) if depth != 6 else "" for depth in depths], minor=False)
        ax.minorticks_off()
    else:
        ax.set_xticks(depths)
    if beside:
        ax.legend(frameon=False, fontsize="small", loc="center left", bbox_to_anchor=(1.0, 0.5))
    else:
        ax.legend(frameon=False, fontsize="small")
    return {"figure": figure, "axes": [ax], "lines": lines}


def _maps(table: SweepTable, ax: Axes | None, column: str, conventions: list[str]) -> dict[str, Any]:
    """Draw means over widths and depths, one panel for each convention."""
    figure, axes = _figure(ax, len(conventions), (2.0 + 3.0 * len(conventions), 3.2))
    widths = sorted({cell.width for cell in table.cells()})
    depths = sorted({cell.depth for cell in table.cells()})
    grids = np.full((len(conventions), len(widths), len(depths), 2), np.nan)
    for convention, width, depth in table.cells():
        place = conventions.index(convention), widths.index(width), depths.index(depth)
        grids[place] = table.of(convention, width, depth).mean(column)
    low, high = np.nanmin(grids[..., 0]), np.nanmax(grids[..., 0])
    if not low < high:  # all values are equal, and get the same colour in all panels
        low, high = low - 0.1, high + 0.1
    images = []
    for panel, convention, grid in zip(axes, conventions, grids, strict=True):
        image = panel.imshow(grid[..., 0], origin="lower", aspect="auto", cmap="cividis", vmin=low, vmax=high)
        for (i, j), value in np.ndenumerate(grid[..., 0]):
            if np.isfinite(value):
                dark = value < 0.5 * (low + high)
                panel.text(
                    j, i, f"{value:.2f}", ha="center", va="center", fontsize=7, color="white" if dark else "black"
                )
        panel.set_xticks(range(len(depths)), [str(depth) for depth in depths])
        panel.set_yticks(range(len(widths)), [str(width) for width in widths])
        panel.set_xlabel("depth $L$")
        panel.set_title(convention, fontsize="medium")
        images.append(image)
    axes[0].set_ylabel("width $N$")
    figure.colorbar(images[-1], ax=axes, label=fill(_label(column), 30))
    return {"figure": figure, "axes": axes, "images": images}
