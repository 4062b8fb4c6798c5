"""Pictures of counted fixed points on the curve of their expected number.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from rmtjac.plotting.canvas import BLACK, PALETTE
from rmtjac.plotting.expected.curves import AXIS_NAMES, along_axis, is_log, lines_of_grid
from rmtjac.validate import choice

if TYPE_CHECKING:
    from rmtjac.comparison.counts.result import CountsComparison
    from rmtjac.fixed_points.expected.grid import ExpectedGrid

__all__ = ["plot_counts"]

_MARKERS = "os^Dv<>"
_STYLES = ("-", "--", ":", "-.")
_NAMES = {
    "total": "mean number of fixed points",
    "stable": "mean number of stable fixed points",
    "saddles": "mean number of saddles",
    "repellers": "mean number of repellers",
    "more_than_one": "share of networks with $Q > 1$",
}
_COORDINATES = ("depth", "width", "sigma_w", "sigma_b")


def plot_counts(
    compared: CountsComparison,
    ax: Axes | None = None,
    *,
    along: str = "depth",
    quantity: str | None = None,
    theory: ExpectedGrid | None = None,
) -> dict[str, Any]:
    r"""Draw counted fixed points with error bars on the curve of their expected number.

    Parameters
    ----------
    compared : CountsComparison
        The numbers, from `rmtjac.compare`.
    ax : matplotlib.axes.Axes, optional
        Where to draw one quantity. By default a new figure is made, with a panel for all fixed points and one for the
        stable ones if `quantity` is not given.
    along : {"depth", "width", "sigma_w", "sigma_b"}, default "depth"
        What the horizontal axis shows. Cells that differ in anything else get colours and markers of their own.
    quantity : {"total", "stable", "saddles", "repellers", "more_than_one"}, optional
        What the vertical axis shows; ``"more_than_one"`` is the share of networks with more than one fixed point,
        beside the bound (E[total] - 1) / 2. Default: ``"total"``, and ``"stable"`` in a second panel.
    theory : ExpectedGrid, optional
        A finer grid of expected numbers for the curves. By default a curve joins the expected numbers of the cells.

    Returns
    -------
    dict of str to artists
        ``"figure"``, ``"axes"`` (a list), ``"points"`` (error bars, one for each group of cells in each panel) and
        ``"curves"``. Counts that are lower bounds are hollow, with an arrow.

    Raises
    ------
    ValueError
        If `along` or `quantity` is none of the words.

    See Also
    --------
    rmtjac.compare : Compute what is drawn here.
    plot_sweep : Draw a sweep without theory.
    plot_expected : Draw expected numbers alone.

    References
    ----------
    BS Fig. 3. See docs/references.md.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> import rmtjac as rj
    >>> ensembles = [rj.Ensemble([2, *[20] * (L - 1), 2], "tanh", biases=rj.Gaussian(0.1)) for L in (1, 2)]
    >>> counts = [rj.count_fixed_points(one, 20) for one in ensembles]
    >>> compared = rj.compare(counts, rj.fixed_points.expected_over(ensembles))
    >>> drawn = rj.plotting.plot_counts(compared, Figure().subplots(), quantity="stable")
    >>> drawn["axes"][0].get_ylabel()
    'mean number of stable fixed points'
    """
    choice("along", along, _COORDINATES)
    if quantity is not None:
        choice("quantity", quantity, tuple(_NAMES))
    shown = [quantity] if quantity is not None else ["total"] if ax is not None else ["total", "stable"]
    if ax is not None:
        figure, axes = ax.figure, [ax]
    else:
        import matplotlib.pyplot as plt

        figure, panels = plt.subplots(
            1, len(shown), layout="constrained", squeeze=False, figsize=(1.2 + 4.2 * len(shown), 3.8)
        )
        axes = list(panels[0])
    groups = _groups(compared, along)
    out: dict[str, Any] = {"figure": figure, "axes": axes, "points": [], "curves": []}
    for panel, what in zip(axes, shown, strict=True):
        _panel(panel, compared, groups, along, what, theory, out)
        along_axis(panel, along, compared.coordinates[along])
        panel.set_ylabel(_NAMES[what])
    if len(groups) > 1 or len(shown) == 1:
        axes[-1].legend(frameon=False, fontsize="small")
    else:
        axes[0].legend(frameon=False, fontsize="small")
    return out


def _groups(compared: CountsComparison, along: str) -> dict[str, np.ndarray]:
    """Return the cells of each group, in the order of the horizontal axis, by the label of the group.

    Over depths and widths the convention of a sweep stands for the scales, which may depend on N and L. Over a scale
    the conventions of a sweep differ in just that scale, and their names do not count.
    """
    scales = ("sigma_w", "sigma_b")
    named = along not in scales and all(compared.conventions)
    others = [name for name in _COORDINATES if name != along and not (named and name in scales)]
    keys = [
        (compared.conventions[k] if along not in scales else "", *(compared.coordinates[name][k] for name in others))
        for k in range(len(compared))
    ]
    varying = [i for i in range(len(others) + 1) if len({_word(key[i]) for key in keys}) > 1]
    groups: dict[tuple[str, ...], list[int]] = {}
    for k, key in enumerate(keys):
        groups.setdefault(tuple(map(_word, key)), []).append(k)
    out = {}
    for key, members in groups.items():
        words = [key[i] if i == 0 else f"${AXIS_NAMES[others[i - 1]][1]} = {key[i]}$" for i in varying]
        x = compared.coordinates[along][members]
        out[", ".join(word for word in words if word) or "counted"] = np.array(members)[np.argsort(x, kind="stable")]
    return out


def _word(value: Any) -> str:
    """Return a coordinate as text, by which cells are grouped."""
    return value if isinstance(value, str) else f"{value:.6g}"


def _values(compared: CountsComparison, what: str) -> tuple[np.ndarray, np.ndarray]:
    """Return counted values with errors, shape (K, 2), and the values of the curve, shape (K,)."""
    if what == "more_than_one":
        return compared.more_than_one, compared.bound
    place = ("total", "stable", "saddles", "repellers").index(what)
    return compared.counted[:, place], compared.expected[:, place, 0]


def _panel(
    ax: Axes,
    compared: CountsComparison,
    groups: dict[str, np.ndarray],
    along: str,
    what: str,
    theory: ExpectedGrid | None,
    out: dict[str, Any],
) -> None:
    """Draw one quantity."""
    counted, expected = _values(compared, what)
    x = compared.coordinates[along].astype(float)
    name = "bound $(E[Q] - 1)/2$" if what == "more_than_one" else "theory"
    # Groups whose curves are the same (several widths and one limit) share one black curve.
    curves: dict[tuple[tuple[float, ...], tuple[float, ...]], list[str]] = {}
    for label, members in groups.items():
        curves.setdefault((tuple(x[members]), tuple(expected[members])), []).append(label)
    colors = {label: PALETTE[g % len(PALETTE)] for g, label in enumerate(groups)}
    fine = None if theory is None or what == "more_than_one" else lines_of_grid(theory, along, what)
    if fine is not None:
        for i, (place, height, word) in enumerate(fine):
            text = f"{name}, {word}" if len(fine) > 1 else name
            out["curves"] += ax.plot(
                place, height, _STYLES[i % len(_STYLES)], color=BLACK, lw=1.3, label=text, zorder=1
            )
    else:
        for (at, line), labels in curves.items():
            color, text = (BLACK, name) if len(curves) == 1 else (colors[labels[0]], "")
            out["curves"] += ax.plot(at, line, "-", lw=1.3, zorder=1, color=color, label=text or None)
    log = is_log(along, x)
    step = _step(np.log(x) if log else x, len(groups))
    for g, (label, members) in enumerate(groups.items()):
        side = (g - 0.5 * (len(groups) - 1)) * step
        shifted = x[members] * np.exp(side) if log else x[members] + side
        lower = ~compared.complete[members]
        look: dict[str, Any] = {"ls": "none", "ms": 5, "capsize": 2, "elinewidth": 1.0}
        look["marker"] = _MARKERS[g % len(_MARKERS)]
        color = colors[label]
        kinds: list[tuple[np.ndarray, str, dict[str, Any]]] = [(~lower, color, {}), (lower, "white", {"lolims": True})]
        for those, face, extra in kinds:
            if those.any():
                y, error = counted[members][those].T
                text = f"{label} (lower bounds)" if extra else label
                drawn = ax.errorbar(
                    shifted[those], y, error, color=color, mfc=face, zorder=3, label=text, **look, **extra
                )
                out["points"].append(drawn)


def _step(x: np.ndarray, groups: int) -> float:
    """Return the distance between the points of neighbouring groups, which stand beside each other."""
    gaps = np.diff(np.unique(x))
    return min(0.08, 0.4 / groups) * float(gaps.min()) if gaps.size else 0.02
