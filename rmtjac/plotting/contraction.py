"""How likely a random network is a contraction: P(|J| < 1) against the scale of the weights.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from rmtjac.plotting.canvas import PALETTE, new_axes
from rmtjac.validate import real_array

if TYPE_CHECKING:
    from rmtjac.estimate import Estimate

__all__ = ["plot_contraction"]


def plot_contraction(
    scales: Any,
    widths: Sequence[int],
    probabilities: Any,
    ax: Axes | None = None,
    *,
    frequencies: Sequence[tuple[int, float, Estimate]] = (),
) -> dict[str, Any]:
    """Draw P(|J| < 1) against the scale of the weights, one curve for each width, with sampled frequencies.

    Parameters
    ----------
    scales : array_like of float, shape (n,)
        The scales sigma_w, ascending.
    widths : sequence of int, length k
        The widths N of the curves.
    probabilities : array_like of float, shape (k, n)
        The probabilities, from `rmtjac.theory.contraction_probability`.
    ax : matplotlib.axes.Axes, optional
        Where to draw. By default a new figure is made.
    frequencies : sequence of (int, float, Estimate), optional
        Width, scale and sampled frequency (`rmtjac.spectra.ExtremeSample.frequency`) of points with error bars.

    Returns
    -------
    dict of str to artists
        ``"ax"``: the Axes; ``"curves"``: one line for each width; ``"points"``: one set of error bars for each width
        that has frequencies.

    Raises
    ------
    ValueError
        If the shapes do not fit together, or a frequency belongs to a width without a curve.
    TypeError
        If an array does not hold real numbers.

    See Also
    --------
    rmtjac.theory.contraction_probability : Compute the curves.
    rmtjac.spectra.sample_largest : Sample the frequencies.

    References
    ----------
    BS Section III. See docs/references.md.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> import rmtjac as rj
    >>> scales, widths = np.linspace(0.4, 0.8, 9), [50, 200]
    >>> p = rj.theory.contraction_probability("tanh", [[50], [200]], 1, scales)
    >>> found = rj.spectra.sample_largest(rj.Ensemble.square(50, 1, "tanh", rj.Gaussian(0.6)), 50, rng=0).frequency()
    >>> drawn = rj.plotting.plot_contraction(scales, widths, p, Figure().subplots(), frequencies=[(50, 0.6, found)])
    >>> len(drawn["curves"]), len(drawn["points"])
    (2, 1)
    """
    scales, curves = real_array("scales", scales), real_array("probabilities", probabilities)
    if scales.ndim != 1 or curves.shape != (len(widths), scales.size):
        raise ValueError(
            f"probabilities has shape {curves.shape}; one row for each of the {len(widths)} widths and one column for "
            f"each of the scales (shape {scales.shape}) are needed"
        )
    alien = [n for n, _, _ in frequencies if n not in widths]
    if alien:
        raise ValueError(f"frequencies holds the width {alien[0]}, which is not among the widths {list(widths)}")
    ax = new_axes(ax)
    artists: dict[str, Any] = {"ax": ax, "curves": [], "points": []}
    for k, (width, curve) in enumerate(zip(widths, curves, strict=True)):
        color = PALETTE[k % len(PALETTE)]
        artists["curves"] += ax.plot(scales, curve, color=color, label=rf"$N={width}$")
        own = [(scale, found) for n, scale, found in frequencies if n == width]
        if own:
            x = np.array([scale for scale, _ in own])
            y, error = np.array([found for _, found in own]).T
            artists["points"].append(ax.errorbar(x, y, error, fmt="o", color=color, ms=4, capsize=2))
    ax.set_xlabel(r"$\sigma_w$")
    ax.set_ylabel(r"$P(\|J\| < 1)$")
    ax.set_ylim(-0.03, 1.03)
    ax.legend(frameon=False, title="points: sampled" if artists["points"] else None)
    return artists
