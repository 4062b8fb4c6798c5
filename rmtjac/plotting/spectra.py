"""Spectra: samples, limits, and the two compared."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rmtjac.comparison.result import BinnedComparison, Comparison
from rmtjac.plotting.canvas import BLACK, BLUE, new_axes
from rmtjac.spectra.empirical import EmpiricalSpectrum
from rmtjac.spectra.histogram import Histogram
from rmtjac.theory.limit.spectrum import LimitSpectrum
from rmtjac.validate import choice

__all__ = ["plot_comparison", "plot_limit", "plot_spectrum"]

_SAMPLED, _LIMIT = BLUE, BLACK
_SCALES = ("semilog", "loglog")
_ATOM = "rmtjac-atom"  # marks the label of the mass at 0, so that it is drawn once


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
    ax = new_axes(ax)
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
    ax = new_axes(ax)
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
