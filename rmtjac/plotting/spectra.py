"""Pictures of spectra: samples and limits.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rmtjac.plotting.canvas import BLACK, BLUE, new_axes
from rmtjac.plotting.densities import SCALES, draw_atom, draw_curve, draw_steps, dress, has_atom
from rmtjac.validate import choice

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rmtjac.spectra.empirical import EmpiricalSpectrum
    from rmtjac.theory.limit.spectrum import LimitSpectrum

__all__ = ["plot_limit", "plot_spectrum"]


def plot_spectrum(
    empirical: EmpiricalSpectrum, ax: Axes | None = None, *, scale: str = "semilog", bins: int = 80,
    label: str | None = None, color: str = BLUE,
) -> dict[str, Any]:  # fmt: skip
    r"""Draw the sampled density in bins, with a band of one standard error and the mass at 0 as a labelled arrow.

    Parameters
    ----------
    empirical : EmpiricalSpectrum or BinnedSpectrum
        The samples, from `rmtjac.sample_spectrum`.
    ax : matplotlib.axes.Axes, optional
        Where to draw. By default a new figure is made.
    scale : {"semilog", "loglog"}
        Scale of axes and bins: :math:`\lambda` linear and the density logarithmic, or both logarithmic. Heavy tails
        need ``"loglog"``.
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
    limit: LimitSpectrum, ax: Axes | None = None, *, scale: str = "semilog", points: int = 600,
    low: float | None = None, label: str = r"limit $N\to\infty$", color: str = BLACK,
) -> dict[str, Any]:  # fmt: skip
    r"""Draw the density of the limit as a line, one for each interval of the support.

    Parameters
    ----------
    limit : LimitSpectrum
        The limit, from `rmtjac.limit_spectrum`.
    ax : matplotlib.axes.Axes, optional
        Where to draw. By default a new figure is made.
    scale : {"semilog", "loglog"}
        Axes: :math:`\lambda` linear and the density logarithmic, or both logarithmic.
    points : int
        Number of points of the curve, as in `LimitSpectrum.curve`.
    low : float, optional
        Smallest :math:`\lambda` of the curve, as a share of the upper edge. By default it is the smallest that the Axes
        shows already, or 1e-4.
    label : str
        The name of the curve in the legend.
    color : str
        The colour of the curve, as matplotlib takes it.

    Returns
    -------
    dict of str to artists
        ``"ax"``: the Axes; ``"density"``: the lines; ``"atom"``: the arrow and its text, if there is mass at 0 and the
        Axes has no such label yet.

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
    choice("scale", scale, SCALES)
    ax = new_axes(ax)
    drawn = ax.has_data()
    if low is None:
        seen = ax.get_xlim()[0] / limit.support[-1, 1] if drawn and scale == "loglog" else 1e-4
        low = min(1e-4, seen) if seen > 0.0 else 1e-4
    view = ax.get_ylim()
    lam, density = limit.curve(points, low, "log" if scale == "loglog" else "linear")
    artists: dict[str, Any] = {"ax": ax, "density": draw_curve(ax, lam, density, limit.support, label, color)}
    dress(ax, scale)
    if drawn:
        ax.set_ylim(view)
    else:  # the density vanishes at the edges, so the smallest density away from them sets the range of the axis
        ends = np.abs(np.subtract.outer(np.log(lam), np.log(limit.support[limit.support > 0.0]))).min(axis=1)
        room = 12.0 if limit.atom > 0.0 else 2.0  # the label of the atom goes above the curve
        ax.set_ylim(0.3 * density[ends > 1e-3].min(), room * density.max())
    if limit.atom > 0.0 and not has_atom(ax):
        artists["atom"] = draw_atom(ax, rf"atom at 0: {limit.atom:.4f}", color, scale)
    ax.legend(frameon=False, fontsize="small")
    return artists
