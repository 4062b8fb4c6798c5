"""Pictures of where fixed points are expected."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm

from rmtjac.plotting.canvas import PALETTE, new_axes
from rmtjac.validate import choice, finite, positive_int

if TYPE_CHECKING:
    from rmtjac.ensemble import Ensemble
    from rmtjac.fixed_points.expected.result import ExpectedFixedPoints

__all__ = ["plot_expected_density"]

_NAMES = ("total", "stable", "saddles", "repellers")
_TITLES = {"total": "all fixed points", "stable": "stable ones", "saddles": "saddles", "repellers": "repellers"}
_DECADES = 3.0  # densities further below the largest have its colour
_UNBOUNDED = 2.0  # the corner of the picture of an activation without bounds


def plot_expected_density(
    expected: ExpectedFixedPoints,
    ax: Axes | None = None,
    *,
    quantities: str | Sequence[str] = ("total", "stable"),
    points: int = 50,
    reach: float | None = None,
) -> dict[str, Any]:
    """Draw the density of fixed points over the square (n = 2), or over the interval (n = 1).

    Parameters
    ----------
    expected : ExpectedFixedPoints
        The expected numbers with the method ``"limit"``, from `rmtjac.expected_fixed_points`.
    ax : matplotlib.axes.Axes, optional
        Where to draw, for n = 2 one quantity. By default a new figure is made, for n = 2 with a panel for each
        quantity.
    quantities : str or sequence of str, default ("total", "stable")
        Which of total, stable, saddles and repellers to draw.
    points : int, default 50
        The number of points along each axis.
    reach : float, optional
        The largest coordinate that is drawn. Default: the bound of the last activation, or 2 if it has none.

    Returns
    -------
    dict of str to artists
        ``"figure"`` and ``"axes"`` (a list); for n = 2 ``"meshes"`` and ``"colorbars"``, with logarithmic colours over
        three decades; for n = 1 ``"lines"``.

    Raises
    ------
    TypeError
        If `points` is no whole number, or `reach` no number.
    ValueError
        If a quantity does not exist, `ax` is given for several of them, an argument is out of range, n > 2, or for the
        reasons of `ExpectedFixedPoints.density`.

    See Also
    --------
    rmtjac.expected_fixed_points : Compute the expected numbers.
    plot_expected_map : Draw the numbers over the scales of weights and biases.

    Notes
    -----
    Cost: about 0.3 ms a point. Fixed points on the boundary of the range, and at the origin, are left out.

    References
    ----------
    docs/theory/expected_fixed_points.md.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> import rmtjac as rj
    >>> ens = rj.Ensemble([2, 50, 2], "tanh", rj.Gaussian(2.0), rj.Gaussian(0.3))
    >>> expected = rj.expected_fixed_points(ens)
    >>> drawn = rj.plotting.plot_expected_density(expected, Figure().subplots(), quantities="stable", points=8)
    >>> drawn["axes"][0].get_title()
    'stable ones'
    """
    shown = [quantities] if isinstance(quantities, str) else list(quantities)
    for one in shown:
        choice("quantities", one, _NAMES)
    count = positive_int("points", points)
    if "ensemble" not in expected.facts:
        raise ValueError("expected does not say of which ensemble it is")
    from rmtjac.ensemble import Ensemble

    ensemble = Ensemble.from_dict(expected.facts["ensemble"])
    n = ensemble.widths[0]
    if n > 2:
        raise ValueError(f"expected has {n} dimensions; pictures are drawn of one or two")
    low, high = _range(ensemble, reach)
    edges = np.linspace(low, high, count + 1)
    centers = 0.5 * (edges[1:] + edges[:-1])
    if n == 1:
        return _lines(expected, new_axes(ax), centers, shown)
    if ax is not None and len(shown) != 1:
        raise ValueError(f"ax: one panel shows one of {shown}; pick one, or give no ax")
    if ax is not None:
        figure, axes = ax.figure, [ax]
    else:
        import matplotlib.pyplot as plt

        figure, panels = plt.subplots(
            1, len(shown), layout="constrained", squeeze=False, sharey=True, figsize=(0.8 + 3.9 * len(shown), 3.6)
        )
        axes = list(panels[0])
    values = expected.density(np.stack(np.meshgrid(centers, centers), axis=-1))
    out: dict[str, Any] = {"figure": figure, "axes": axes, "meshes": [], "colorbars": []}
    for panel, quantity in zip(axes, shown, strict=True):
        density = values[_NAMES.index(quantity)]
        top = max(float(np.nanmax(density, initial=0.0)), 1e-300)
        mesh = panel.pcolormesh(
            edges, edges, np.maximum(density, top * 10.0**-_DECADES), cmap="cividis", rasterized=True,
            norm=LogNorm(top * 10.0**-_DECADES, top),
        )  # fmt: skip
        panel.set_aspect("equal")
        panel.set_xlabel("$x_1$")
        panel.set_title(_TITLES[quantity], fontsize="medium")
        out["meshes"].append(mesh)
        out["colorbars"].append(figure.colorbar(mesh, ax=panel, label="density"))
    axes[0].set_ylabel("$x_2$")
    return out


def _range(ensemble: Ensemble, reach: float | None) -> tuple[float, float]:
    """Return the interval that is drawn: the range of the last activation, cut at `reach`."""
    facts = ensemble.activations[-1].facts
    far = None if reach is None else finite("reach", reach, above=0.0)
    low, high = (
        sign * (_UNBOUNDED if far is None else far) if bound is None or not math.isfinite(bound) else bound
        for sign, bound in ((-1.0, facts.lower), (1.0, facts.upper))
    )
    return (low, high) if far is None else (max(low, -far), min(high, far))


def _lines(expected: ExpectedFixedPoints, ax: Axes, x: np.ndarray, shown: list[str]) -> dict[str, Any]:
    """Draw the densities over an interval."""
    values = expected.density(x[:, None])
    lines = []
    for q, quantity in enumerate(shown):
        color = PALETTE[q % len(PALETTE)]
        lines += ax.plot(x, values[_NAMES.index(quantity)], color=color, lw=1.4, label=_TITLES[quantity])
    ax.set_xlabel("$x$")
    ax.set_ylabel("density of fixed points")
    ax.set_ylim(bottom=0.0)
    ax.legend(frameon=False, fontsize="small")
    return {"figure": ax.figure, "axes": [ax], "lines": lines}
