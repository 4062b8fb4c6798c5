"""Pictures of samples and limits together.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rmtjac.plotting.canvas import BLACK, BLUE, PALETTE
from rmtjac.plotting.densities import SCALES, draw_atom, draw_curve, draw_steps, dress, limit_name
from rmtjac.validate import choice

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from rmtjac.comparison.spectra.result import BinnedComparison, Comparison

__all__ = ["plot_comparison"]


def plot_comparison(
    comparison: Comparison, ax: Axes | None = None, *, scale: str | None = None, title: str | None = None
) -> dict[str, Any]:
    r"""Draw samples and limit in one picture.

    The default picture has four panels: the density in semi-log and in log-log scale, and below each the pulls of its
    bins, (sampled - limit) / standard error. If the limit is smoothed, the sample is smoothed in the same way. A band
    shows where the largest eigenvalue of a matrix of the sampled size lies with probability 95 %, if the theory has its
    law (`rmtjac.LimitSpectrum.largest`).

    Parameters
    ----------
    comparison : Comparison
        The comparison, from `rmtjac.compare`.
    ax : matplotlib.axes.Axes, optional
        Where to draw the density, in the given `scale` and without pulls. By default a new figure with four panels is
        made.
    scale : {"semilog", "loglog"}, optional
        Scale of the density; used with `ax` only. The default is ``"loglog"`` for heavy tails, else ``"semilog"``.
    title : str, optional
        Title of the new figure; used without `ax` only.

    Returns
    -------
    dict of str to artists
        With `ax`: ``"ax"``, ``"sampled"``, ``"limit"``, ``"largest"`` if there is a law of the largest eigenvalue, and
        ``"atom"`` if there is mass at 0. Else ``"figure"``, ``"axes"`` (2 x 2), ``"semilog"`` and ``"loglog"`` (each a
        dict as with `ax`), ``"semilog_pulls"`` and ``"loglog_pulls"``.

    Raises
    ------
    ValueError
        If `scale` is none of the two words.

    See Also
    --------
    rmtjac.compare : Compute what is drawn here.
    plot_spectrum : Draw samples alone.
    plot_limit : Draw a limit alone.

    References
    ----------
    BS Fig. 5. See docs/references.md.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> import rmtjac as rj
    >>> ens = rj.Ensemble.square(20, 1, "linear")
    >>> result = rj.compare(rj.sample_spectrum(ens, samples=10, rng=0), rj.limit_spectrum(ens))
    >>> drawn = rj.plotting.plot_comparison(result, Figure().subplots(), scale="loglog")
    >>> sorted(drawn)
    ['ax', 'largest', 'limit', 'sampled']
    """
    if scale is None:
        scale = "loglog" if np.isinf(comparison.support[-1, 1]) else "semilog"
    choice("scale", scale, SCALES)
    if ax is not None:
        return _panel(ax, comparison, scale)
    import matplotlib.pyplot as plt

    figure: Figure = plt.figure(figsize=(9.6, 5.4), layout="constrained")
    grid = figure.subplots(2, 2, sharex="col", gridspec_kw={"height_ratios": [3, 1]})
    artists: dict[str, Any] = {"figure": figure, "axes": grid}
    for column, kind in enumerate(SCALES):
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
    """Draw samples and limit into one Axes."""
    binned = comparison.log if scale == "loglog" else comparison.linear
    name = rf"sampled, $N={comparison.size}$, {comparison.samples} matrices"
    if comparison.smoothing > 0.0:
        name += ", smoothed"
    artists = {"ax": ax, "sampled": draw_steps(ax, binned.histogram, name, BLUE)}
    edges = binned.histogram.edges
    heavy = np.isinf(comparison.support[-1, 1])
    low, high = comparison.largest_interval
    known = not np.isnan(low)
    top = edges[-1] if heavy else max(edges[-1], comparison.support[-1, 1], high if known else 0.0)
    # Before the axes become logarithmic: matplotlib's own limits may leave the range of a float.
    ax.set_ylim(*_limits(binned))
    ax.set_xlim(*((edges[0] * 0.8, top * 1.4) if scale == "loglog" else (-0.02 * top, 1.02 * top)))
    dress(ax, scale)
    lam, limit = comparison.curve
    label = limit_name(comparison.method, comparison.smoothing) if heavy else limit_name()
    artists["limit"] = draw_curve(ax, lam, limit, comparison.support, label, BLACK)
    if known:
        label = rf"largest of $N={comparison.size}$, 95 %"
        artists["largest"] = ax.axvspan(low, high, color=PALETTE[1], alpha=0.35, lw=0, zorder=0, label=label)
    if max(comparison.atom, comparison.limit_atom) > 0.0:
        artists["atom"] = draw_atom(
            ax, f"atom at 0: {comparison.atom:.4f}\nlimit: {comparison.limit_atom:.4f}", BLUE, scale
        )
    ax.legend(frameon=False, fontsize="small", loc="upper right")
    return artists


def _limits(binned: BinnedComparison) -> tuple[float, float]:
    """Return the range of the density axis: the range of the bins, with space for the label above."""
    density = binned.histogram.density
    seen = density[density > 0.0]
    return float(seen.min()) * 0.4, float(seen.max()) * 8.0


def _pulls(ax: Axes, binned: BinnedComparison) -> Any:
    """Draw the pulls of the bins and a grey band from -2 to 2."""
    artists = ax.axhspan(-2.0, 2.0, color="0.9", lw=0), ax.axhline(0.0, color=BLACK, lw=0.8)
    points = ax.plot(binned.histogram.centers, binned.pulls, ".", color=BLUE, ms=4)
    reach = np.nanmax(np.abs(binned.pulls), initial=3.0)
    ax.set_ylim(-1.15 * reach, 1.15 * reach)
    if reach > 10.0:
        ax.set_yscale("symlog", linthresh=3.0)
    ax.set_xlabel(r"$\lambda$")
    ax.set_ylabel("pull")
    return [*artists, *points]
