"""Maps: order and chaos, and where the route of the paper works."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from rmtjac.plotting.canvas import new_axes
from rmtjac.propagation.phase import PhaseDiagram
from rmtjac.propagation.tuning import critical_line
from rmtjac.theory.limit.convergence import ConvergenceMap
from rmtjac.validate import choice

__all__ = ["plot_convergence", "plot_phase_diagram"]


def _cells(centers: np.ndarray) -> np.ndarray:
    """Borders of cells around ascending centres; a single one gets the width 1."""
    if centers.size == 1:
        return centers[0] + np.array([-0.5, 0.5])
    middle = 0.5 * (centers[1:] + centers[:-1])
    return np.concatenate([[2.0 * centers[0] - middle[0]], middle, [2.0 * centers[-1] - middle[-1]]])


def plot_phase_diagram(diagram: PhaseDiagram, ax: Axes | None = None, *, quantity: str = "chi_1") -> dict[str, Any]:
    r"""Draw order and chaos in the plane of the weight and bias variances, with the critical line.

    Parameters
    ----------
    diagram
        From `rmtjac.theory.phase_diagram`.
    ax
        Where to draw; default a new figure.
    quantity
        ``"chi_1"``: :math:`\log\chi_1`, red in chaos and blue in order, clipped at 1.5; ``"xi_c"``: the depth to which
        correlations reach.

    Returns
    -------
    dict
        The axes and the artists. Points without a number (an unbounded signal, chi_1 = 0, xi_c = 0 or infinite) stay
        white.
    """
    choice("quantity", quantity, ("chi_1", "xi_c"))
    ax = new_axes(ax)
    columns, rows = np.argsort(diagram.weight_variances), np.argsort(diagram.bias_variances)
    weight, bias = diagram.weight_variances[columns], diagram.bias_variances[rows]
    value = getattr(diagram, quantity)[np.ix_(rows, columns)]
    value = np.log(np.where((value > 0.0) & np.isfinite(value), value, np.nan))
    style: dict[str, Any]
    if quantity == "chi_1":
        reach = min(1.5, max(1e-3, float(np.nanmax(np.abs(value), initial=0.0))))
        style, label = {"cmap": "RdBu_r", "vmin": -reach, "vmax": reach}, r"$\log\,\chi_1$"
    else:
        value, style, label = value / np.log(10.0), {"cmap": "cividis"}, r"$\log_{10}\,\xi_c$ (layers)"
    x, y = _cells(weight), _cells(bias)
    mesh = ax.pcolormesh(x, y, np.ma.masked_invalid(value), rasterized=True, **style)
    low = max(0.0, y[0])
    heights = low + (y[-1] - low) * np.linspace(0.0, 1.0, 60) ** 3  # the line is flat where it ends, without bias
    line = ax.plot(critical_line(diagram.activation, heights), heights, color="k", lw=1.4, label=r"$\chi_1 = 1$")
    ax.set_xlim(max(0.0, x[0]), x[-1])
    ax.set_ylim(low, y[-1])
    ax.set_xlabel(r"weight variance $\sigma_w^2$")
    ax.set_ylabel(r"bias variance $\sigma_b^2$")
    bar = ax.figure.colorbar(mesh, ax=ax, label=label)
    return {"ax": ax, "mesh": mesh, "critical": line, "colorbar": bar}


def plot_convergence(found: ConvergenceMap, ax: Axes | None = None) -> dict[str, Any]:
    """Draw where the route of the paper works: the error of its density, and a cross where it did not converge.

    Parameters
    ----------
    found
        From `rmtjac.theory.convergence_map`.
    ax
        Where to draw; default a new figure.

    Returns
    -------
    dict
        The axes and the artists. Points outside the support stay white.
    """
    ax = new_axes(ax)
    columns, rows = np.argsort(found.lams), np.argsort(found.depths)
    lams, depths = found.lams[columns], found.depths[rows]
    error = np.log10(np.maximum(found.relative_error[np.ix_(rows, columns)], 1e-16))
    mesh = ax.pcolormesh(
        np.exp(_cells(np.log(lams))), _cells(np.arange(depths.size)), np.ma.masked_invalid(error),
        cmap="cividis", vmin=min(-6.0, float(np.nanmin(error, initial=0.0))), vmax=0.0, rasterized=True,
    )  # fmt: skip
    row, column = np.nonzero(~found.converged[np.ix_(rows, columns)])
    # White under black: seen on every colour.
    crosses = [
        ax.plot(lams[column], row, "x", color=color, ms=size, mew=width, label=label)[0]
        for color, size, width, label in (("w", 6.0, 2.6, None), ("k", 5.0, 1.2, "not converged"))
    ]
    ax.set_xscale("log")
    ax.set_yticks(np.arange(depths.size), [str(depth) for depth in depths])
    ax.set_xlabel(r"$\lambda$ / upper edge")
    ax.set_ylabel("depth $L$")
    bar = ax.figure.colorbar(mesh, ax=ax, label=r"$\log_{10}$ relative error of the density")
    artists = {"ax": ax, "mesh": mesh, "unconverged": crosses, "colorbar": bar}
    if row.size:
        artists["legend"] = ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), frameon=False, fontsize="small")
    return artists
