"""Parts of pictures of densities: axes, steps of bins, lines of limits, the mass at 0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rmtjac.spectra.histogram import Histogram

__all__ = ["SCALES", "draw_atom", "draw_band", "draw_curve", "draw_steps", "dress", "has_atom", "limit_name"]

SCALES = ("semilog", "loglog")
_ATOM = "rmtjac-atom"  # marks the label of the mass at 0, so that it is drawn once


def dress(ax: Axes, scale: str) -> None:
    """Set the scales and the labels of both axes."""
    ax.set_yscale("log")
    ax.set_xscale("log" if scale == "loglog" else "linear")
    ax.set_xlabel(r"$\lambda$")
    ax.set_ylabel(r"density $\rho(\lambda)$")


def draw_steps(ax: Axes, histogram: Histogram, label: str, color: str) -> list[Any]:
    """Draw the densities of the bins as steps, and a band of one standard error."""
    density, error = histogram.density, np.nan_to_num(histogram.density_error)
    seen = density[density > 0.0]
    floor = 0.3 * float(seen.min()) if seen.size else 1e-300  # the height at which the outermost bins begin
    line = ax.stairs(np.maximum(density, floor), histogram.edges, baseline=floor, color=color, lw=1.2, label=label)
    low, high = np.maximum(density - error, floor), np.maximum(density + error, floor)
    band = ax.stairs(high, histogram.edges, baseline=low, fill=True, color=color, alpha=0.3, lw=0)
    return [line, band]


def draw_curve(
    ax: Axes, lam: np.ndarray, density: np.ndarray, support: np.ndarray, label: str, color: str
) -> list[Any]:
    """Draw the density of the limit, one line for each interval of the support."""
    lines = []
    for i, (low, high) in enumerate(support):
        here = (lam >= low) & (lam <= high)
        # At an edge the density is 0: on the logarithmic axis the line runs off its lower end.
        lines += ax.plot(
            lam[here], np.maximum(density[here], 1e-300), color=color, lw=1.4, label=label if i == 0 else None
        )
    return lines


def draw_band(ax: Axes, lam: np.ndarray, density: np.ndarray, error: np.ndarray, color: str) -> list[Any]:
    """Draw a band of one error of the limit on both sides, unless the errors are too small to be seen."""
    if not np.any(error > 1e-3 * density):
        return []
    low = np.maximum(density - error, 1e-3 * density)  # a logarithmic axis has no 0
    return [ax.fill_between(lam, low, density + error, color=color, alpha=0.25, lw=0)]


def limit_name(method: str | None = None, smoothing: float = 0.0) -> str:
    """Return the name of a limit in a legend; for heavy tails with the method and the angle of the smoothing."""
    name = r"limit $N\to\infty$" if method is None else rf"limit $N\to\infty$ ({method})"
    return rf"{name}, smoothed, angle {smoothing:.3g}" if smoothing > 0.0 else name


def draw_atom(ax: Axes, text: str, color: str, scale: str) -> list[Any]:
    """Draw the mass at 0 as a labelled arrow: upright at lambda = 0, or to the left on a logarithmic axis."""
    arrow = {"arrowstyle": "-|>", "color": color, "lw": 1.4, "shrinkA": 0.0, "shrinkB": 0.0}
    if scale == "loglog":
        tip, tail, place, where = (0.005, 0.93), (0.09, 0.93), (0.105, 0.93), ax.transAxes
    else:
        tip, tail, place = (0.0, 0.985), (0.0, 0.83), (0.06, 0.93)
        where = ax.get_xaxis_transform()  # x in data, y in fractions of the axis
    if ax.get_autoscaley_on():  # makes space for the label above the curve
        low, high = ax.get_ylim()
        ax.set_ylim(low, high * (high / low) ** 0.15)
    head = ax.annotate("", xy=tip, xytext=tail, xycoords=where, textcoords=where, arrowprops=arrow)
    words = ax.text(*place, text, transform=ax.transAxes, color=color, fontsize="small", va="center", gid=_ATOM)
    return [head, words]


def has_atom(ax: Axes) -> bool:
    """Return whether the label of the mass at 0 is drawn already."""
    return any(words.get_gid() == _ATOM for words in ax.texts)
