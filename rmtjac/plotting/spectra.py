"""Pictures of spectra: samples and limits.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from rmtjac.plotting.canvas import BLACK, BLUE, new_axes
from rmtjac.plotting.densities import SCALES, draw_atom, draw_band, draw_curve, draw_steps, dress, has_atom, limit_name
from rmtjac.validate import choice

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rmtjac.spectra.empirical import EmpiricalSpectrum
    from rmtjac.theory.heavy_tails.limit import HeavyTailedLimit
    from rmtjac.theory.limit.spectrum import LimitSpectrum

__all__ = ["plot_limit", "plot_spectrum"]


def plot_spectrum(
    empirical: EmpiricalSpectrum, ax: Axes | None = None, *, scale: str | None = None, bins: int = 80,
    label: str | None = None, color: str = BLUE,
) -> dict[str, Any]:  # fmt: skip
    r"""Draw the sampled density in bins, with a band of one standard error and the mass at 0 as a labelled arrow.

    Parameters
    ----------
    empirical : EmpiricalSpectrum or BinnedSpectrum
        The samples, from `rmtjac.sample_spectrum`.
    ax : matplotlib.axes.Axes, optional
        Where to draw. By default a new figure is made.
    scale : {"semilog", "loglog"}, optional
        Scale of axes and bins: :math:`\lambda` linear and the density logarithmic, or both logarithmic. The default is
        ``"loglog"`` for samples of heavy-tailed weights, else ``"semilog"``.
    bins : int
        Number of bins.
    label : str, optional
        The name of the curve in the legend. By default it states N and the number of matrices.
    color : str
        The colour of the curve, as matplotlib takes it.

    Returns
    -------
    dict of str to artists
        ``"ax"``: the Axes; ``"density"``: the steps and the band; ``"atom"``: the arrow and its text, if there is mass
        at 0 and the Axes has no such label yet.

    Raises
    ------
    ValueError
        If `scale` is none of the two words, or `bins` is no positive whole number.

    See Also
    --------
    plot_limit : Draw the limit, also into the same Axes.
    plot_comparison : Draw samples and limit with the differences of the bins.

    References
    ----------
    BS Fig. 5, BS Fig. 7. See docs/references.md.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> import rmtjac as rj
    >>> emp = rj.sample_spectrum(rj.Ensemble.square(20, 2, "relu"), samples=10, rng=0)
    >>> drawn = rj.plotting.plot_spectrum(emp, Figure().subplots(), scale="loglog")
    >>> drawn["atom"][1].get_text()
    'atom at 0: 0.5300'
    """
    if scale is None:
        scale = "loglog" if _heavy_sample(empirical) else "semilog"
    choice("scale", scale, SCALES)
    ax = new_axes(ax)
    histogram = empirical.histogram(bins, "log" if scale == "loglog" else "linear")
    name = label or rf"sampled, $N={empirical.size}$, {empirical.samples} matrices"
    view = None if ax.get_autoscaley_on() else ax.get_ylim()
    artists: dict[str, Any] = {"ax": ax, "density": draw_steps(ax, histogram, name, color)}
    dress(ax, scale)
    if view is not None:  # the label of an earlier spectrum fixed the range of the axis
        seen = histogram.density[histogram.density > 0.0]
        ax.set_ylim(min(view[0], 0.3 * seen.min()), max(view[1], 2.0 * seen.max()))
    if empirical.atom > 0.0 and not has_atom(ax):
        artists["atom"] = draw_atom(ax, rf"atom at 0: {empirical.atom:.4f}", color, scale)
    ax.legend(frameon=False, fontsize="small")
    return artists


def plot_limit(
    limit: LimitSpectrum | HeavyTailedLimit, ax: Axes | None = None, *, scale: str | None = None, points: int = 600,
    low: float | None = None, label: str | None = None, color: str = BLACK,
) -> dict[str, Any]:  # fmt: skip
    r"""Draw the density of the limit as a line, one for each interval of the support.

    The limit of heavy-tailed weights has a band of its error, and its name says by which method it was computed, and by
    which angle it is smoothed in :math:`\log\lambda`.

    Parameters
    ----------
    limit : LimitSpectrum or HeavyTailedLimit
        The limit, from `rmtjac.limit_spectrum`.
    ax : matplotlib.axes.Axes, optional
        Where to draw. By default a new figure is made.
    scale : {"semilog", "loglog"}, optional
        Axes: :math:`\lambda` linear and the density logarithmic, or both logarithmic. The default is ``"loglog"`` for
        heavy tails, else ``"semilog"``.
    points : int
        Number of points of the curve, as in `LimitSpectrum.curve`.
    low : float, optional
        Smallest :math:`\lambda` of the curve, as a share of the upper edge. By default it is the smallest that the Axes
        shows already, or 1e-4. For heavy tails it is the share of the mass that the curve leaves out at each end, by
        default 1e-3, or what the Axes shows already.
    label : str, optional
        The name of the curve in the legend. By default it says that this is the limit, and how it was computed if the
        weights are heavy-tailed.
    color : str
        The colour of the curve, as matplotlib takes it.

    Returns
    -------
    dict of str to artists
        ``"ax"``: the Axes; ``"density"``: the lines, and a band of the error for heavy tails; ``"atom"``: the arrow and
        its text, if there is mass at 0 and the Axes has no such label yet.

    Raises
    ------
    ValueError
        If `scale` is none of the two words.

    See Also
    --------
    plot_spectrum : Draw samples, also into the same Axes.
    plot_comparison : Draw samples and limit with the differences of the bins.

    References
    ----------
    BS Fig. 6. See docs/references.md.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> import rmtjac as rj
    >>> limit = rj.limit_spectrum(rj.Ensemble.square(100, 1, "leaky_relu:0.1"))
    >>> drawn = rj.plotting.plot_limit(limit, Figure().subplots())
    >>> len(drawn["density"])  # the support has two intervals
    2
    """
    heavy = math.isinf(limit.support[-1, 1])
    if scale is None:
        scale = "loglog" if heavy else "semilog"
    choice("scale", scale, SCALES)
    ax = new_axes(ax)
    drawn = ax.has_data()
    view = ax.get_ylim()
    lam, density = _points(limit, ax, drawn, scale, points, low)
    name = limit_name(limit.method, getattr(limit, "smoothing", 0.0)) if heavy else limit_name()
    artists: dict[str, Any] = {"ax": ax, "density": draw_curve(ax, lam, density, limit.support, label or name, color)}
    if heavy:
        artists["density"] += draw_band(ax, lam, density, limit.density_error(lam), color)
    dress(ax, scale)
    if drawn:
        ax.set_ylim(view)
    else:  # the density vanishes at the edges, so the smallest density away from them sets the range of the axis
        inner = limit.support[(limit.support > 0.0) & np.isfinite(limit.support)]
        ends = np.abs(np.subtract.outer(np.log(lam), np.log(inner))).min(axis=1, initial=1.0)
        room = 12.0 if limit.atom > 0.0 else 2.0  # the label of the atom goes above the curve
        seen = density[(ends > 1e-3) & (density > 0.0)]
        ax.set_ylim(0.3 * seen.min(), room * seen.max())
    if limit.atom > 0.0 and not has_atom(ax):
        artists["atom"] = draw_atom(ax, rf"atom at 0: {limit.atom:.4f}", color, scale)
    ax.legend(frameon=False, fontsize="small")
    return artists


def _heavy_sample(empirical: EmpiricalSpectrum) -> bool:
    """Return whether the facts of a sample name weights without a variance."""
    from rmtjac.ensemble import Ensemble

    facts = empirical.facts.get("ensemble")
    try:
        return facts is not None and not all(one.finite_variance for one in Ensemble.from_dict(facts).weights)
    except (KeyError, TypeError, ValueError):  # the facts of a user's own sample may hold anything
        return False


def _points(
    limit: LimitSpectrum | HeavyTailedLimit, ax: Axes, drawn: bool, scale: str, points: int, low: float | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the points of the curve and the density there; they cover what the Axes shows already."""
    kind = "log" if scale == "loglog" else "linear"
    if not math.isinf(limit.support[-1, 1]):
        if low is None:
            seen = ax.get_xlim()[0] / limit.support[-1, 1] if drawn and scale == "loglog" else 1e-4
            low = min(1e-4, seen) if seen > 0.0 else 1e-4
        return limit.curve(points, low, kind)
    if low is not None or not drawn:
        # On a linear axis the last per cent of a power law would hide all the rest.
        return limit.curve(points, low or (1e-3 if kind == "log" else 0.05), scale=kind)
    first, last = ax.get_xlim()
    lam = np.geomspace(first, last, points) if kind == "log" else np.linspace(max(first, 0.0), last, points + 1)[1:]
    return lam, limit.density(lam)
