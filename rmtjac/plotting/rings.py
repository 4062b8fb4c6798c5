"""The eigenvalues of J in the complex plane, the circles of their limit, and the radial cdf.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rmtjac.plotting.canvas import BLACK, BLUE, GREY, PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from rmtjac.spectra.eigenvalues.empirical import EmpiricalEigenvalues
    from rmtjac.theory.eigenvalues.ring_law import RingLaw

__all__ = ["plot_ring"]

_MOST = 6000  # points in the plane; more of them only blacken the picture
_CLOSE = 0.02  # of the outer radius: with half of the mass inside, the axis of radii is logarithmic


def plot_ring(
    law: RingLaw, sample: EmpiricalEigenvalues | None = None, ax: Axes | None = None, *, title: str | None = None
) -> dict[str, Any]:
    r"""Draw the ring of the eigenvalues with its two circles, and the radial cdf under it.

    Parameters
    ----------
    law : RingLaw
        The limit, from `rmtjac.limit_eigenvalues`.
    sample : EmpiricalEigenvalues, optional
        Sampled eigenvalues, from `rmtjac.sample_eigenvalues`.
    ax : matplotlib.axes.Axes, optional
        Where to draw the plane, without the cdf. By default a new figure with both panels is made.
    title : str, optional
        Title of the new figure; used without `ax` only.

    Returns
    -------
    dict of str to artists
        ``"ax"``: the Axes of the plane; ``"circles"``: the outer circle and, if there is a hole, the inner one;
        ``"unit"``: the unit circle, inside of which fixed points are stable; ``"eigenvalues"``: the sampled ones, at
        most 6000 of them, if there is a sample. Without `ax` also ``"figure"``, ``"cdf_ax"``, ``"cdf"`` (the line of
        the limit) and ``"sampled_cdf"`` (steps and a band of two standard errors).

    Raises
    ------
    OverflowError
        If a radius leaves the range of a float.

    See Also
    --------
    rmtjac.limit_eigenvalues, rmtjac.sample_eigenvalues : What is drawn.
    rmtjac.compare : The numbers of the same picture.

    References
    ----------
    docs/theory/eigenvalues.md.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> import rmtjac as rj
    >>> ens = rj.Ensemble.square(50, 1, "leaky_relu:0.5", rj.Orthogonal())
    >>> sample = rj.sample_eigenvalues(ens, samples=4, rng=0)
    >>> drawn = rj.plotting.plot_ring(rj.limit_eigenvalues(ens), sample, Figure().subplots())
    >>> len(drawn["circles"])
    2
    """
    if ax is not None:
        return _plane(ax, law, sample)
    import matplotlib.pyplot as plt

    figure: Figure = plt.figure(figsize=(6.4, 6.6), layout="constrained")
    top, bottom = figure.subplots(2, 1, gridspec_kw={"height_ratios": [5, 2.2]})
    artists = {"figure": figure, **_plane(top, law, sample), "cdf_ax": bottom, **_radial(bottom, law, sample)}
    if title:
        figure.suptitle(title, fontsize="medium")
    return artists


def _plane(ax: Axes, law: RingLaw, sample: EmpiricalEigenvalues | None) -> dict[str, Any]:
    """Draw eigenvalues and circles in the complex plane."""
    outer, inner = law.spectral_radius, law.inner_radius
    artists: dict[str, Any] = {"ax": ax}
    reach = outer
    if sample is not None:
        values = sample.eigenvalues.ravel()
        reach = max(reach, float(np.abs(values).max()))
        values = values[values != 0.0]
        if values.size > _MOST:  # the eigenvalues of one matrix repel each other, so whole matrices are shown
            rows = max(1, _MOST // sample.size)
            values = sample.eigenvalues[:rows].ravel()[:: max(1, sample.size // _MOST)]
            values = values[values != 0.0]
        name = f"sampled, $N={sample.size}$"
        artists["eigenvalues"] = ax.plot(
            values.real, values.imag, ".", color=BLUE, ms=2.0, alpha=0.5, mew=0, label=name, rasterized=True
        )
    angle = np.linspace(0.0, 2.0 * np.pi, 361)
    radii = [outer] if inner == 0.0 or law.circle else [outer, inner]
    artists["circles"] = []
    for place, r in enumerate(radii):
        label = None if place else rf"limit, $r_{{out}} = {outer:.4g}$"
        if not place and len(radii) == 2:
            label = rf"limit, $r = {inner:.4g} \ldots {outer:.4g}$"
        artists["circles"] += ax.plot(r * np.cos(angle), r * np.sin(angle), "-", color=BLACK, lw=1.4, label=label)
    if law.atom > 0.0:
        artists["atom"] = ax.plot(0.0, 0.0, "+", color=BLACK, ms=2.5, mew=1.2, label=f"atom at 0: {law.atom:.4f}")
    # The unit circle is shown if it does not shrink the ring to a dot.
    shown = reach > 0.4
    label = "$|z| = 1$" if shown else None
    artists["unit"] = ax.plot(np.cos(angle), np.sin(angle), "--", color=PALETTE[5], lw=1.0, label=label)
    reach = 1.08 * max(reach, 1.0 if shown else 0.0)
    ax.set_xlim(-reach, reach)
    ax.set_ylim(-reach, reach)
    ax.set_aspect("equal")
    ax.locator_params(axis="x", nbins=5)
    ax.set_xlabel(r"Re $z$")
    ax.set_ylabel(r"Im $z$")
    ax.legend(frameon=False, fontsize="x-small", loc="upper left", bbox_to_anchor=(1.02, 1.0), markerscale=4.0)
    return artists


def _radial(ax: Axes, law: RingLaw, sample: EmpiricalEigenvalues | None) -> dict[str, Any]:
    """Draw the radial cdf."""
    share = np.linspace(0.0, 1.0, 600)[1:]
    r = np.exp(law.log_quantile_nonzero(share))
    logarithmic = bool(0.0 < r[300] < _CLOSE * r[-1])
    top = 1.1 * r[-1] if sample is None else max(1.1 * r[-1], 1.02 * float(sample.spectral_radii.max()))
    low = max(float(r[5]), 1e-250) if logarithmic else 0.0
    grid = np.geomspace(low, top, 500) if logarithmic else np.linspace(0.0, top, 500)
    grid = np.unique(np.concatenate([grid, r[(r >= low) & (r <= top)], np.nextafter(law.support, 0.0)]))
    artists: dict[str, Any] = {}
    if sample is not None:
        cdf, error = sample.cdf(grid), np.nan_to_num(sample.cdf_error(grid))
        band = ax.fill_between(grid, cdf - 2.0 * error, cdf + 2.0 * error, color=BLUE, alpha=0.25, lw=0)
        name = f"sampled, {sample.samples} matrices" + (r" $\pm 2$ s.e." if sample.samples > 1 else "")
        artists["sampled_cdf"] = [*ax.plot(grid, cdf, color=BLUE, lw=1.6, label=name), band]
    artists["cdf"] = ax.plot(grid, law.cdf(grid), color=BLACK, lw=1.0, ls="--", label="limit")
    for radius in {law.inner_radius, law.spectral_radius} - {0.0}:
        ax.axvline(radius, color=GREY, lw=0.8)
    if logarithmic:
        ax.set_xscale("log")
    ax.set_xlim(max(low, 1e-300) if logarithmic else 0.0, top)
    ax.set_ylim(0.0, 1.04)
    ax.set_xlabel(r"$r$")
    ax.set_ylabel(r"share of $|z| \leq r$")
    ax.legend(frameon=False, fontsize="small", loc="lower right")
    return artists
