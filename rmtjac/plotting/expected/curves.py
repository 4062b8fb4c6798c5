"""Pictures of expected numbers of fixed points: curves, and maps over the scales of weights and biases.

Sources: BS, Poole et al. 2016 (docs/references.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize

from rmtjac.plotting.canvas import PALETTE, new_axes
from rmtjac.plotting.maps import cells
from rmtjac.validate import choice

if TYPE_CHECKING:
    from rmtjac.fixed_points.expected.grid import ExpectedGrid

__all__ = ["AXIS_NAMES", "along_axis", "is_log", "lines_of_grid", "plot_expected", "plot_expected_map"]

AXIS_NAMES = {
    "depth": ("depth $L$", "L"),
    "width": ("width $N$", "N"),
    "sigma_w": (r"$\sigma_w$", r"\sigma_w"),
    "sigma_b": (r"$\sigma_b$", r"\sigma_b"),
    "cell": ("", ""),
}
_NAMES = {"total": "all", "stable": "stable", "saddles": "saddles", "repellers": "repellers"}
_MAPS = {"total": "$E[Q]$, all fixed points", "stable": "$E[S]$, stable ones", "saddles": "saddles",
         "repellers": "repellers"}  # fmt: skip
_STYLES = {"total": "-", "stable": "--", "saddles": "-.", "repellers": ":"}
_TICKS = 14  # the most labels along a logarithmic axis
_LARGE = 12.0  # numbers that reach so far get a logarithmic axis


def is_log(along: str, values: np.ndarray) -> bool:
    """Return whether the horizontal axis is logarithmic: depths or widths that reach over a factor of ten."""
    return along in ("depth", "width") and bool(np.max(values) >= 10 * np.min(values))


def along_axis(ax: Axes, along: str, values: np.ndarray) -> None:
    """Set scale, ticks and label of the horizontal axis."""
    distinct = np.unique(values)
    ax.set_xlabel(AXIS_NAMES[along][0])
    if along in ("depth", "width"):
        if is_log(along, values):
            ax.set_xscale("log")
            apart = np.log(distinct[-1] / distinct[0]) / _TICKS
            shown = [float(distinct[-1])]
            for one in distinct[-2::-1]:  # labels of values that are too close would overlap
                if np.log(shown[-1] / one) >= apart:
                    shown.append(float(one))
            ax.set_xticks(shown, [f"{one:g}" for one in shown])
            ax.minorticks_off()
        elif distinct.size <= 12:
            ax.set_xticks(distinct, [f"{one:g}" for one in distinct])


def lines_of_grid(grid: ExpectedGrid, along: str, quantity: str) -> list[tuple[np.ndarray, np.ndarray, str]]:
    """Return the curves of a grid along one axis: places, values, and the values of the other axes as text."""
    names = list(grid.axes)
    if along not in names:
        raise ValueError(f"along={along!r} must be an axis of the grid: {', '.join(names)}")
    values = np.moveaxis(getattr(grid, quantity), names.index(along), -1)
    others = [name for name in names if name != along]
    out = []
    for place in np.ndindex(values.shape[:-1]):
        words = [
            f"${AXIS_NAMES[name][1]} = {grid.axes[name][i]:g}$"
            for name, i in zip(others, place, strict=True)
            if len(grid.axes[name]) > 1
        ]
        order = np.argsort(grid.axes[along], kind="stable")
        out.append((grid.axes[along][order], values[place][order], ", ".join(words)))
    return out


def plot_expected(
    grid: ExpectedGrid,
    ax: Axes | None = None,
    *,
    along: str | None = None,
    quantities: Sequence[str] = ("total", "stable", "saddles", "repellers"),
) -> dict[str, Any]:
    """Draw expected numbers of fixed points along one axis of a grid.

    Parameters
    ----------
    grid : ExpectedGrid
        The numbers, from `rmtjac.fixed_points.expected_over`.
    ax : matplotlib.axes.Axes, optional
        Where to draw. By default a new figure is made.
    along : str, optional
        The axis that is drawn horizontally. Default: the first one with more than one value.
    quantities : sequence of str, default ("total", "stable", "saddles", "repellers")
        Which numbers to draw; each has its kind of line, and each value of the other axes its colour.

    Returns
    -------
    dict of str to artists
        ``"ax"``: the Axes; ``"lines"``; ``"legend"``.

    Raises
    ------
    ValueError
        If there is no such axis or number.

    See Also
    --------
    plot_expected_map : Draw a grid over two of its axes.
    plot_counts : Draw counts on the curve.

    References
    ----------
    docs/theory/expected_fixed_points.md.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> import rmtjac as rj
    >>> grid = rj.fixed_points.expected_over(depths=[1, 2, 3], sigma_w=2.0, sigma_b=0.1)
    >>> drawn = rj.plotting.plot_expected(grid, Figure().subplots(), quantities=["total", "stable"])
    >>> [line.get_label() for line in drawn["lines"]]
    ['all', 'stable']
    """
    if along is None:
        along = next((name for name, axis in grid.axes.items() if len(axis) > 1), next(iter(grid.axes)))
    for one in quantities:
        choice("quantities", one, tuple(_NAMES))
    fresh = ax is None
    ax = new_axes(ax)
    lines, largest = [], 0.0
    groups = len(lines_of_grid(grid, along, "total"))
    for q, quantity in enumerate(quantities):
        for g, (x, y, word) in enumerate(lines_of_grid(grid, along, quantity)):
            color = PALETTE[(g if groups > 1 else q) % len(PALETTE)]
            label = ", ".join(part for part in (_NAMES[quantity], word) if part)
            places = np.arange(x.size) if along == "cell" else x
            lines += ax.plot(
                places, y, _STYLES[quantity], color=color, lw=1.4, marker="o" if x.size <= 12 else "", ms=3, label=label
            )
            largest = max(largest, float(np.nanmax(y, initial=0.0)))
    if along == "cell":
        ax.set_xticks(range(len(grid.axes["cell"])), list(grid.axes["cell"]), rotation=30, ha="right")
    else:
        along_axis(ax, along, grid.axes[along])
    ax.set_ylabel(f"expected number of {'stable ' if list(quantities) == ['stable'] else ''}fixed points")
    if largest > _LARGE:
        ax.set_yscale("log")
        ax.set_ylim(bottom=0.02)
    else:
        ax.set_ylim(bottom=0.0)
    beside = fresh and len(lines) > 6
    place: dict[str, Any] = {"loc": "center left", "bbox_to_anchor": (1.0, 0.5)} if beside else {}
    return {"ax": ax, "lines": lines, "legend": ax.legend(frameon=False, fontsize="small", **place)}


def plot_expected_map(
    grid: ExpectedGrid,
    ax: Axes | None = None,
    *,
    x: str = "sigma_w",
    y: str = "sigma_b",
    quantities: str | Sequence[str] = ("total", "stable"),
    at: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    r"""Draw expected numbers of fixed points in colours over two axes of a grid, with the order-chaos line.

    Parameters
    ----------
    grid : ExpectedGrid
        The numbers, from `rmtjac.fixed_points.expected_over`.
    ax : matplotlib.axes.Axes, optional
        Where to draw one quantity. By default a new figure is made, with a panel for each quantity.
    x : str, default "sigma_w"
        The horizontal axis.
    y : str, default "sigma_b"
        The vertical axis.
    quantities : str or sequence of str, default ("total", "stable")
        What the panels show; numbers that reach far get logarithmic colours.
    at : mapping of str to number, optional
        The values of the other axes, if they have more than one.

    Returns
    -------
    dict of str to artists
        ``"figure"``, ``"axes"`` (a list), ``"meshes"``, ``"colorbars"``, and ``"critical"``: the lines
        :math:`\chi_1 = 1` between order and chaos, if the axes are the two scales and all layers have one activation.

    Raises
    ------
    ValueError
        If an axis or number does not exist, a value of another axis is missing, or `ax` is given for several
        quantities.

    See Also
    --------
    rmtjac.fixed_points.expected_over : Compute what is drawn here.
    rmtjac.theory.critical_line : Compute the line alone.
    plot_phase_diagram : Draw the phases of order and chaos.

    References
    ----------
    docs/theory/expected_fixed_points.md; Poole et al. 2016. See docs/references.md.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> import rmtjac as rj
    >>> grid = rj.fixed_points.expected_over(depths=3, sigma_w=[0.5, 1.5, 2.5], sigma_b=[0.1, 0.5])
    >>> drawn = rj.plotting.plot_expected_map(grid, Figure().subplots(), quantities="total")
    >>> drawn["meshes"][0].get_array().shape
    (2, 3)
    """
    shown = [quantities] if isinstance(quantities, str) else list(quantities)
    for one in shown:
        choice("quantities", one, tuple(_MAPS))
    if ax is not None and len(shown) != 1:
        raise ValueError(f"ax: one panel shows one of {shown}; pick one, or give no ax")
    if ax is not None:
        figure, axes = ax.figure, [ax]
    else:
        import matplotlib.pyplot as plt

        figure, panels = plt.subplots(
            1, len(shown), layout="constrained", squeeze=False, sharey=True, figsize=(0.8 + 4.4 * len(shown), 3.6)
        )
        axes = list(panels[0])
    out: dict[str, Any] = {"figure": figure, "axes": axes, "meshes": [], "colorbars": [], "critical": []}
    line = _critical(grid, x, y)
    for panel, quantity in zip(axes, shown, strict=True):
        values, columns, rows = _slice(grid, quantity, x, y, at or {})
        edges_x, edges_y = cells(columns), cells(rows)
        finite = values[np.isfinite(values) & (values > 0.0)]
        wide = quantity != "stable" and finite.size > 0 and finite.max() > _LARGE * finite.min()
        norm = LogNorm(finite.min(), finite.max()) if wide else Normalize()
        mesh = panel.pcolormesh(
            edges_x, edges_y, np.ma.masked_invalid(values), cmap="cividis", norm=norm, rasterized=True
        )
        if line is not None:
            # White under black can be seen on every colour.
            panel.plot(*line, color="w", lw=3.0)
            out["critical"] += panel.plot(*line, color="k", lw=1.4, label=r"$\chi_1 = 1$")
        panel.set_xlim(max(0.0, edges_x[0]), edges_x[-1])
        panel.set_ylim(max(0.0, edges_y[0]), edges_y[-1])
        panel.set_xlabel(AXIS_NAMES.get(x, (x,))[0])
        panel.set_title(_MAPS[quantity], fontsize="medium")
        out["meshes"].append(mesh)
        out["colorbars"].append(figure.colorbar(mesh, ax=panel, format="%g"))
    axes[0].set_ylabel(AXIS_NAMES.get(y, (y,))[0])
    if out["critical"]:
        axes[0].legend(handles=out["critical"][:1], loc="upper left", fontsize="small")
    return out


def _slice(
    grid: ExpectedGrid, quantity: str, x: str, y: str, at: Mapping[str, Any]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the values over rows and columns, and the ascending values of the two axes."""
    for name in (x, y, *at):
        if name not in grid.axes or name == "cell":
            raise ValueError(f"{name!r} is not an axis with numbers; the grid has {', '.join(grid.axes)}")
    if x == y:
        raise ValueError(f"x and y are the same axis, {x!r}")
    places: list[Any] = []
    for name, axis in grid.axes.items():
        if name in (x, y):
            places.append(slice(None))
        elif name in at:
            here = np.flatnonzero(np.isclose(axis, at[name], rtol=1e-9, atol=1e-9))
            if not here.size:
                raise ValueError(f"at: {name}={at[name]!r} must be one of {axis.tolist()}")
            places.append(int(here[0]))
        elif len(axis) == 1:
            places.append(0)
        else:
            raise ValueError(f"at: {name} is missing; it is one of {axis.tolist()}")
    values = getattr(grid, quantity)[tuple(places)]
    if list(grid.axes).index(x) < list(grid.axes).index(y):
        values = values.T
    columns, rows = np.argsort(grid.axes[x]), np.argsort(grid.axes[y])
    return values[np.ix_(rows, columns)], grid.axes[x][columns], grid.axes[y][rows]


def _critical(grid: ExpectedGrid, x: str, y: str) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the order-chaos line in the plane of the two axes, or None if there is none."""
    from rmtjac.propagation.tuning import critical_line

    names = {name for one in grid.facts for name in one.get("ensemble", {}).get("activations", ())}
    if {x, y} != {"sigma_w", "sigma_b"} or len(names) != 1:
        return None
    bias = grid.axes["sigma_b"]
    low, high = max(0.0, cells(np.sort(bias))[0]), cells(np.sort(bias))[-1]
    heights = low + (high - low) * np.linspace(0.0, 1.0, 60) ** 2  # closer at the lower end, where the line is flat
    weights = np.sqrt(critical_line(names.pop(), heights**2))
    return (weights, heights) if x == "sigma_w" else (heights, weights)
