"""Maps: the phases of signal propagation, and where the iteration of Berlyand and Slavin converges.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from rmtjac.plotting.canvas import new_axes
from rmtjac.validate import choice

if TYPE_CHECKING:
    from rmtjac.propagation.phase import PhaseDiagram
    from rmtjac.theory.limit.convergence import ConvergenceMap

__all__ = ["cells", "plot_convergence", "plot_phase_diagram"]

_LINE = r"$\chi_1 = 1$: spectral radius 1"
_LEVELS = (0.25, 0.5, 0.6, 0.7, 0.8, 0.9, 1.1, 1.2, 1.3, 1.4, 1.5, 1.75, 2.0, 2.5, 3.0)


def cells(centers: np.ndarray) -> np.ndarray:
    """Return the borders of cells around ascending centres; a single cell gets the width 1."""
    if centers.size == 1:
        return centers[0] + np.array([-0.5, 0.5])
    middle = 0.5 * (centers[1:] + centers[:-1])
    return np.concatenate([[2.0 * centers[0] - middle[0]], middle, [2.0 * centers[-1] - middle[-1]]])


def plot_phase_diagram(diagram: PhaseDiagram, ax: Axes | None = None, *, quantity: str = "chi_1") -> dict[str, Any]:
    r"""Draw the phases of order and chaos in the plane of the weight and bias variances, with the critical line.

    Order is where :math:`\chi_1 < 1` and two inputs become equal, chaos is where :math:`\chi_1 > 1`. The eigenvalues of
    the Jacobian of one wide layer fill a disc of radius :math:`\sqrt{\chi_1}`, and those of L layers one of radius
    :math:`\chi_1^{L/2}`, so the critical line is also where the spectral radius is 1, at any depth.

    Parameters
    ----------
    diagram : PhaseDiagram
        The phases, from `rmtjac.theory.phase_diagram`.
    ax : matplotlib.axes.Axes, optional
        Where to draw. By default a new figure is made.
    quantity : {"chi_1", "spectral_radius", "xi_c"}
        ``"chi_1"``: :math:`\log\chi_1`, red in chaos and blue in order, clipped at 1.5.
        ``"spectral_radius"``: that of one layer, :math:`\sqrt{\chi_1}`, in the same colours, with
        labelled contour lines. ``"xi_c"``: the number of layers over which correlations reach, in powers of ten.

    Returns
    -------
    dict of str to artists
        ``"ax"``: the Axes; ``"mesh"``: the cells; ``"critical"``: the line :math:`\chi_1 = 1`; ``"colorbar"``;
        ``"contours"`` and ``"legend"`` for the spectral radius. Points
        without a number (an unbounded signal, :math:`\chi_1 = 0`, or :math:`\xi_c` 0 or infinite) stay white.

    Raises
    ------
    ValueError
        If `quantity` is none of the three words.

    See Also
    --------
    rmtjac.theory.phase_diagram : Compute what is drawn here.
    rmtjac.theory.critical_line : Compute the line alone.

    References
    ----------
    Poole et al. 2016, Schoenholz et al. 2017. See docs/references.md.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> import rmtjac as rj
    >>> diagram = rj.theory.phase_diagram("tanh", weight_variances=[0.5, 2.0], bias_variances=[0.0, 0.1])
    >>> drawn = rj.plotting.plot_phase_diagram(diagram, Figure().subplots())
    >>> bool((drawn["mesh"].get_array() > 0.0).any())  # chaos
    True
    """
    from rmtjac.propagation.tuning import critical_line

    choice("quantity", quantity, ("chi_1", "spectral_radius", "xi_c"))
    ax = new_axes(ax)
    columns, rows = np.argsort(diagram.weight_variances), np.argsort(diagram.bias_variances)
    weight, bias = diagram.weight_variances[columns], diagram.bias_variances[rows]
    value = getattr(diagram, quantity)[np.ix_(rows, columns)]
    value = np.log(np.where((value > 0.0) & np.isfinite(value), value, np.nan))
    style: dict[str, Any]
    if quantity != "xi_c":
        reach = min(1.5, max(1e-3, float(np.nanmax(np.abs(value), initial=0.0))))
        style, label = {"cmap": "RdBu_r", "vmin": -reach, "vmax": reach}, r"$\log\,\chi_1$"
        if quantity == "spectral_radius":
            label = r"log of the spectral radius, $\log\sqrt{\chi_1}$"
    else:
        value, style, label = value / np.log(10.0), {"cmap": "cividis"}, r"$\log_{10}\,\xi_c$ (layers)"
    x, y = cells(weight), cells(bias)
    mesh = ax.pcolormesh(x, y, np.ma.masked_invalid(value), rasterized=True, **style)
    low = max(0.0, y[0])
    heights = low + (y[-1] - low) * np.linspace(0.0, 1.0, 60) ** 3  # closer at the lower end, where the line is flat
    line = ax.plot(critical_line(diagram.activation, heights), heights, color="k", lw=1.4, label=_LINE)
    ax.set_xlim(max(0.0, x[0]), x[-1])
    ax.set_ylim(low, y[-1])
    ax.set_xlabel(r"weight variance $\sigma_w^2$")
    ax.set_ylabel(r"bias variance $\sigma_b^2$")
    bar = ax.figure.colorbar(mesh, ax=ax, label=label)
    artists: dict[str, Any] = {"ax": ax, "mesh": mesh, "critical": line, "colorbar": bar}
    if quantity == "spectral_radius":
        artists["legend"] = ax.legend(frameon=False, fontsize="small", loc="lower right")
    if quantity == "spectral_radius" and weight.size > 1 and bias.size > 1:
        radius = np.ma.masked_invalid(np.exp(value))
        levels = [one for one in _LEVELS if radius.min() < one < radius.max()]
        artists["contours"] = ax.contour(weight, bias, radius, levels, colors="k", linewidths=0.5) if levels else None
        if levels:
            ax.clabel(artists["contours"], fmt="%g", fontsize="x-small")
    return artists


def plot_convergence(found: ConvergenceMap, ax: Axes | None = None) -> dict[str, Any]:
    r"""Draw the error of the density that the iteration of Berlyand and Slavin arrives at, over depth and lambda.

    Parameters
    ----------
    found : ConvergenceMap
        The errors, from `rmtjac.theory.convergence_map`.
    ax : matplotlib.axes.Axes, optional
        Where to draw. By default a new figure is made.

    Returns
    -------
    dict of str to artists
        ``"ax"``: the Axes; ``"mesh"``: the cells; ``"unconverged"``: crosses at points where the iteration did not
        converge; ``"colorbar"``; ``"legend"``, if there are crosses. Points outside the support stay white.

    Raises
    ------
    AttributeError
        If `found` is no `ConvergenceMap`.

    See Also
    --------
    rmtjac.theory.convergence_map : Compute what is drawn here.

    References
    ----------
    BS (18)-(23). See docs/references.md.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> import rmtjac as rj
    >>> law = rj.theory.DiscreteLaw.from_points([1.0], [1.0])
    >>> found = rj.theory.convergence_map(law, depths=[3], lams=[0.5], steps=20)
    >>> drawn = rj.plotting.plot_convergence(found, Figure().subplots())
    >>> "legend" in drawn  # no crosses: all points converged
    False
    """
    ax = new_axes(ax)
    columns, rows = np.argsort(found.lams), np.argsort(found.depths)
    lams, depths = found.lams[columns], found.depths[rows]
    error = np.log10(np.maximum(found.relative_error[np.ix_(rows, columns)], 1e-16))
    mesh = ax.pcolormesh(
        np.exp(cells(np.log(lams))), cells(np.arange(depths.size)), np.ma.masked_invalid(error),
        cmap="cividis", vmin=min(-6.0, float(np.nanmin(error, initial=0.0))), vmax=0.0, rasterized=True,
    )  # fmt: skip
    row, column = np.nonzero(~found.converged[np.ix_(rows, columns)])
    # White under black can be seen on every colour.
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
