"""Pictures of results, drawn on an Axes; the only module that imports matplotlib.

Functions take ``ax``, return what they drew, never call ``show`` and never touch rcParams. The colours are told
apart by colour-blind readers and in grey print.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rmtjac.comparison import BinnedComparison, Comparison
from rmtjac.spectra.empirical import EmpiricalSpectrum, Histogram
from rmtjac.theory.convergence import ConvergenceMap
from rmtjac.theory.phase import PhaseDiagram
from rmtjac.theory.spectrum import LimitSpectrum
from rmtjac.theory.tuning import critical_line
from rmtjac.validate import choice

__all__ = ["plot_comparison", "plot_convergence", "plot_limit", "plot_phase_diagram", "plot_spectrum"]

_SAMPLED, _LIMIT = "#0072B2", "#000000"
_SCALES = ("semilog", "loglog")
_ATOM = "rmtjac-atom"  # marks the label of the mass at 0, so that it is drawn once


def _axes(ax: Axes | None) -> Axes:
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(layout="constrained")[1]


def _dress(ax: Axes, scale: str) -> None:
    ax.set_yscale("log")
    ax.set_xscale("log" if scale == "loglog" else "linear")
    ax.set_xlabel(r"$\lambda$")
    ax.set_ylabel(r"density $\rho(\lambda)$")


def _steps(ax: Axes, histogram: Histogram, label: str, color: str) -> list[Any]:
    density, error = histogram.density, np.nan_to_num(histogram.density_error)
    seen = density[density > 0.0]
    floor = 0.3 * float(seen.min()) if seen.size else 1e-300  # where the sides of the outermost bins end
    line = ax.stairs(np.maximum(density, floor), histogram.edges, baseline=floor, color=color, lw=1.2, label=label)
    low, high = np.maximum(density - error, floor), np.maximum(density + error, floor)
    band = ax.stairs(high, histogram.edges, baseline=low, fill=True, color=color, alpha=0.3, lw=0)
    return [line, band]


def _atom(ax: Axes, text: str, color: str, scale: str) -> list[Any]:
    """Draw the mass at 0 as a labelled arrow: upright at lambda = 0, or to the left, where 0 lies on a log axis."""
    arrow = {"arrowstyle": "-|>", "color": color, "lw": 1.4, "shrinkA": 0.0, "shrinkB": 0.0}
    if scale == "loglog":
        tip, tail, place, where = (0.005, 0.93), (0.09, 0.93), (0.105, 0.93), ax.transAxes
    else:
        tip, tail, place = (0.0, 0.985), (0.0, 0.83), (0.06, 0.93)
        where = ax.get_xaxis_transform()  # x in data, y in fractions of the axis
    if ax.get_autoscaley_on():  # room for the label above what is drawn
        low, high = ax.get_ylim()
        ax.set_ylim(low, high * (high / low) ** 0.15)
    head = ax.annotate("", xy=tip, xytext=tail, xycoords=where, textcoords=where, arrowprops=arrow)
    words = ax.text(*place, text, transform=ax.transAxes, color=color, fontsize="small", va="center", gid=_ATOM)
    return [head, words]


def _has_atom(ax: Axes) -> bool:
    return any(words.get_gid() == _ATOM for words in ax.texts)


def plot_spectrum(
    empirical: EmpiricalSpectrum, ax: Axes | None = None, *, scale: str = "semilog", bins: int = 80,
    label: str | None = None, color: str = _SAMPLED,
) -> dict[str, Any]:  # fmt: skip
    """Draw the sampled density with a band of one standard error; the mass at 0 as a labelled arrow.

    Parameters
    ----------
    empirical
        From `rmtjac.sample_spectrum`.
    ax
        Where to draw; default a new figure.
    scale
        ``"semilog"`` (lambda linear, density logarithmic) or ``"loglog"``, with bins to match. Heavy tails need
        the latter.
    bins
        Number of bins.
    label, color
        Of the curve.

    Returns
    -------
    dict
        The axes and the artists.
    """
    choice("scale", scale, _SCALES)
    ax = _axes(ax)
    histogram = empirical.histogram(bins, "log" if scale == "loglog" else "linear")
    name = label or rf"sampled, $N={empirical.size}$, {empirical.samples} matrices"
    view = None if ax.get_autoscaley_on() else ax.get_ylim()
    artists: dict[str, Any] = {"ax": ax, "density": _steps(ax, histogram, name, color)}
    _dress(ax, scale)
    if view is not None:  # a second spectrum beside one whose label fixed the range
        seen = histogram.density[histogram.density > 0.0]
        ax.set_ylim(min(view[0], 0.3 * seen.min()), max(view[1], 2.0 * seen.max()))
    if empirical.atom > 0.0 and not _has_atom(ax):
        artists["atom"] = _atom(ax, rf"atom at 0: {empirical.atom:.4f}", color, scale)
    ax.legend(frameon=False, fontsize="small")
    return artists


def plot_limit(
    limit: LimitSpectrum, ax: Axes | None = None, *, scale: str = "semilog", points: int = 600,
    low: float | None = None, label: str = r"limit $N\to\infty$", color: str = _LIMIT,
) -> dict[str, Any]:  # fmt: skip
    """Draw the limiting density as a line, one per interval of the support.

    Parameters
    ----------
    limit
        From `rmtjac.limit_spectrum`.
    ax
        Where to draw; default a new figure.
    scale
        ``"semilog"`` or ``"loglog"``.
    points, low
        As in `LimitSpectrum.curve`; `low` is by default what the axis shows already, or 1e-4.
    label, color
        Of the curve.
    """
    choice("scale", scale, _SCALES)
    ax = _axes(ax)
    drawn = ax.has_data()
    if low is None:
        seen = ax.get_xlim()[0] / limit.support[-1, 1] if drawn and scale == "loglog" else 1e-4
        low = min(1e-4, seen) if seen > 0.0 else 1e-4
    view = ax.get_ylim()
    lam, density = limit.curve(points, low, "log" if scale == "loglog" else "linear")
    artists: dict[str, Any] = {"ax": ax, "density": _curve(ax, lam, density, limit.support, label, color)}
    _dress(ax, scale)
    if drawn:
        ax.set_ylim(view)
    else:  # at its edges the density vanishes: show it down to where it is about to
        ends = np.abs(np.subtract.outer(np.log(lam), np.log(limit.support[limit.support > 0.0]))).min(axis=1)
        room = 12.0 if limit.atom > 0.0 else 2.0  # the label of the atom goes above the curve
        ax.set_ylim(0.3 * density[ends > 1e-3].min(), room * density.max())
    if limit.atom > 0.0 and not _has_atom(ax):
        artists["atom"] = _atom(ax, rf"atom at 0: {limit.atom:.4f}", color, scale)
    ax.legend(frameon=False, fontsize="small")
    return artists


def _curve(ax: Axes, lam: np.ndarray, density: np.ndarray, support: np.ndarray, label: str, color: str) -> list[Any]:
    lines = []
    for i, (low, high) in enumerate(support):
        here = (lam >= low) & (lam <= high)
        # At an edge the density is 0: on the logarithmic axis the line runs off its lower end.
        lines += ax.plot(
            lam[here], np.maximum(density[here], 1e-300), color=color, lw=1.4, label=label if i == 0 else None
        )
    return lines


def plot_comparison(
    comparison: Comparison, ax: Axes | None = None, *, scale: str = "semilog", title: str | None = None
) -> dict[str, Any]:
    """Draw samples and limit in one picture.

    Parameters
    ----------
    comparison
        From `rmtjac.compare`.
    ax
        One Axes: only the spectrum is drawn there, in the given `scale`. Default: a new figure with the spectrum in
        semi-log and in log-log scale, each above the pulls of its bins.
    scale
        ``"semilog"`` or ``"loglog"``, with `ax` only.
    title
        Title of the figure, with ``ax=None``.

    Returns
    -------
    dict
        Figure (if new), axes and artists.
    """
    choice("scale", scale, _SCALES)
    if ax is not None:
        return _panel(ax, comparison, scale)
    import matplotlib.pyplot as plt

    figure: Figure = plt.figure(figsize=(9.6, 5.4), layout="constrained")
    grid = figure.subplots(2, 2, sharex="col", gridspec_kw={"height_ratios": [3, 1]})
    artists: dict[str, Any] = {"figure": figure, "axes": grid}
    for column, kind in enumerate(_SCALES):
        artists[kind] = _panel(grid[0, column], comparison, kind)
        grid[0, column].set_xlabel("")
        binned = comparison.log if kind == "loglog" else comparison.linear
        artists[f"{kind}_pulls"] = _pulls(grid[1, column], binned)
    grid[0, 1].set_ylabel("")
    grid[1, 1].set_ylabel("")
    grid[0, 1].get_legend().remove()
    if title:
        figure.suptitle(title, fontsize="medium")
    return artists


def _panel(ax: Axes, comparison: Comparison, scale: str) -> dict[str, Any]:
    binned = comparison.log if scale == "loglog" else comparison.linear
    name = rf"sampled, $N={comparison.size}$, {comparison.samples} matrices"
    artists = {"ax": ax, "sampled": _steps(ax, binned.histogram, name, _SAMPLED)}
    _dress(ax, scale)
    edges = binned.histogram.edges
    floor, ceiling = _limits(binned)
    lam, limit = comparison.curve
    artists["limit"] = _curve(ax, lam, limit, comparison.support, r"limit $N\to\infty$", _LIMIT)
    ax.set_ylim(floor, ceiling)
    top = max(edges[-1], comparison.support[-1, 1])
    ax.set_xlim(*((edges[0] * 0.8, top * 1.4) if scale == "loglog" else (-0.02 * top, 1.02 * top)))
    if max(comparison.atom, comparison.limit_atom) > 0.0:
        artists["atom"] = _atom(
            ax, f"atom at 0: {comparison.atom:.4f}\nlimit: {comparison.limit_atom:.4f}", _SAMPLED, scale
        )
    ax.legend(frameon=False, fontsize="small", loc="upper right")
    return artists


def _limits(binned: BinnedComparison) -> tuple[float, float]:
    """Range of the density axis: what the bins reach, with room for the label above."""
    density = binned.histogram.density
    seen = density[density > 0.0]
    return float(seen.min()) * 0.4, float(seen.max()) * 8.0


def _pulls(ax: Axes, binned: BinnedComparison) -> Any:
    artists = ax.axhspan(-2.0, 2.0, color="0.9", lw=0), ax.axhline(0.0, color=_LIMIT, lw=0.8)
    points = ax.plot(binned.histogram.centers, binned.pulls, ".", color=_SAMPLED, ms=4)
    reach = np.nanmax(np.abs(binned.pulls), initial=3.0)
    ax.set_ylim(-1.15 * reach, 1.15 * reach)
    if reach > 10.0:
        ax.set_yscale("symlog", linthresh=3.0)
    ax.set_xlabel(r"$\lambda$")
    ax.set_ylabel("pull")
    return [*artists, *points]


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
    ax = _axes(ax)
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
    ax = _axes(ax)
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
