"""Pictures of nonnegative networks: fixed points in the quadrant, reconstructions, training.

Sources: DEQ (docs/references.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from rmtjac.plotting.canvas import BLACK, BLUE, GREY, PALETTE, new_axes
from rmtjac.validate import choice

if TYPE_CHECKING:
    from rmtjac.learn import Autoencoder
    from rmtjac.learn.equilibrium.training import Epoch
    from rmtjac.network import Network
    from rmtjac.nonnegative import Certificate

__all__ = ["plot_certificate", "plot_reconstructions", "plot_training"]

_ARROWS, _GRID = 15, 161  # the numbers of arrows and of grid points along each side
_REST = 1e-12  # a movement by a smaller part of the length of an axis counts as none
_SEEN = 1e-3  # a distance of a smaller part of the length of an axis cannot be seen


def plot_certificate(
    network: Network, certificate: Certificate | None = None, ax: Axes | None = None, *, upper: float | None = None
) -> dict[str, Any]:
    """Draw a network of two inputs in the quadrant: where T(x) leads, and what is proved about its fixed points.

    Parameters
    ----------
    network : Network
        A map T of the plane.
    certificate : Certificate, optional
        The certificate of the network, from `rmtjac.nonnegative.certify`. By default it is computed.
    ax : matplotlib.axes.Axes, optional
        Where to draw. By default a new figure is made.
    upper : float, optional
        End of both axes. By default it lies a little beyond the greatest fixed point, or is 1.

    Returns
    -------
    dict of str to artists
        ``"ax"``: the Axes; ``"arrows"``: along T(x) - x; ``"lines"``: where one coordinate of T(x) - x is 0;
        ``"points"``: the least and the greatest fixed point; ``"ray"``: the interval between them, if all of it is
        fixed; ``"rest"``: an area of fixed points; ``"legend"``. The dict has only those that were drawn.

    Raises
    ------
    ValueError
        If the network does not map the plane to itself.

    See Also
    --------
    rmtjac.nonnegative.certify : Prove what is drawn here.

    References
    ----------
    docs/theory/nonnegative.md.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> import rmtjac as rj
    >>> network = rj.Network([[[0.75, 0.75], [0.375, 1.0]]], [[0.3, 0.3]], "tanh")
    >>> drawn = rj.plotting.plot_certificate(network, ax=Figure().subplots())
    >>> [point.get_label() for point in drawn["points"]]
    ['fixed point']
    """
    if network.widths[0] != 2 or network.widths[-1] != 2:
        raise ValueError(
            f"network maps R^{network.widths[0]} to R^{network.widths[-1]}; pictures are drawn of the plane"
        )
    if certificate is None:
        from rmtjac.nonnegative import certify

        certificate = certify(network)
    found = certificate
    ax = new_axes(ax)
    known = [one for one in (found.least, found.greatest) if one is not None and one.error <= _SEEN * one.upper.max()]
    ends = [one.point for one in known]
    if upper is None:
        bounds = [one.upper for one in (found.least, found.greatest) if one is not None and one.exists]
        top = max((float(end.max()) for end in ends), default=0.0)
        top = top or max((float(bound.max()) for bound in bounds), default=0.0)
        upper = 1.25 * top if top > 0.0 else 1.0
    side = np.linspace(0.0, upper, _GRID)
    plane = np.stack(np.meshgrid(side, side), axis=-1)
    moved = network(plane) - plane
    artists: dict[str, Any] = {"ax": ax, "lines": []}
    for i, (color, style) in enumerate(((PALETTE[1], "-"), (PALETTE[2], "--"))):
        if moved[..., i].min() < 0.0 < moved[..., i].max():
            ax.contour(side, side, moved[..., i], [0.0], colors=color, linestyles=style, linewidths=1.4)
            artists["lines"] += ax.plot([], [], style, color=color, lw=1.4, label=f"$T_{i + 1}(x) = x_{i + 1}$")
    middle = (np.arange(_ARROWS) + 0.5) * upper / _ARROWS
    at = np.stack(np.meshgrid(middle, middle), axis=-1).reshape(-1, 2)
    along = network(at) - at
    length = np.linalg.norm(along, axis=1)
    moving = length > _REST * upper
    if moving.any():
        unit = along[moving] / length[moving, None]
        artists["arrows"] = ax.quiver(
            *at[moving].T, *unit.T, color=GREY, pivot="mid", width=0.004, scale=1.5 * _ARROWS, scale_units="width"
        )
    rest = np.abs(moved).max(axis=-1) <= _REST * upper
    if rest.mean() > 0.05:  # an area, not a line
        artists["rest"] = ax.contourf(side, side, rest.astype(float), [0.5, 1.5], colors=[PALETTE[4]], alpha=0.5)
        artists["lines"] += ax.fill([], [], color=PALETTE[4], alpha=0.5, label="$T(x) = x$")
    if found.ray is not None:
        line = found.ray.points(np.array([0.0, 1.0]))
        if np.isinf(found.ray.end):
            line *= upper / line.max()
        artists["ray"] = ax.plot(*line.T, color=BLUE, lw=4.0, solid_capstyle="round", label="all fixed", zorder=3)
    artists["points"] = []
    same = len(ends) == 2 and np.abs(ends[0] - ends[1]).max() <= _SEEN * upper
    names = ["fixed point"] if same else ["least", "greatest"] if found.least in known else ["greatest"]
    for end, name, marker in zip(ends, names, "os", strict=False):
        artists["points"] += ax.plot(*end, marker, ms=8, mfc=BLACK, mec="white", label=name, zorder=5, clip_on=False)
    ax.set_xlim(0.0, upper)
    ax.set_ylim(0.0, upper)
    ax.set_aspect("equal")
    ax.set_xlabel("$x_1$")
    ax.set_ylabel("$x_2$")
    if artists["lines"] or ends:
        artists["legend"] = ax.legend(
            loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=3, fontsize="small", frameon=False
        )
    return artists


def plot_reconstructions(
    model: Autoencoder, images: np.ndarray, shape: tuple[int, int], ax: Axes | None = None
) -> dict[str, Any]:
    """Draw images x, below them their reconstructions T(x), and the norms of T(x) - x.

    Parameters
    ----------
    model : Autoencoder
        The autoencoder, from `rmtjac.learn.train_autoencoder`.
    images : array_like of float, shape (K, n)
        The images, one a row, n = height x width; grey from 0 (white) to 1 (black).
    shape : tuple of int
        Height and width.
    ax : matplotlib.axes.Axes, optional
        Where to draw. By default a new figure is made.

    Returns
    -------
    dict of str to artists
        ``"ax"``: the Axes; ``"image"``: one picture of all images.

    Raises
    ------
    ValueError
        If the images have not height x width pixels.

    See Also
    --------
    rmtjac.learn.train_autoencoder : Train an autoencoder.

    References
    ----------
    docs/theory/nonnegative.md.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> import numpy as np
    >>> import rmtjac as rj
    >>> network = rj.Network([np.eye(6), 0.5 * np.eye(6)], activation="relu")
    >>> model = rj.learn.Autoencoder(network, "Tanh NN", np.ones(1))
    >>> drawn = rj.plotting.plot_reconstructions(model, np.eye(6)[:2], (3, 2), Figure().subplots())
    >>> [label.get_text() for label in drawn["ax"].get_xticklabels()]
    ['0.50', '0.50']
    """
    height, width = shape
    rows = np.atleast_2d(np.asarray(images, dtype=float))
    if rows.shape[1] != height * width:
        raise ValueError(f"shape={shape} has {height * width} pixels; images have {rows.shape[1]}")
    ax = new_axes(ax)
    found = model.reconstruct(rows)
    gap = max(1, height // 10)
    sheet = np.ones((2 * height + gap, len(rows) * (width + gap) - gap))
    centres = np.arange(len(rows)) * (width + gap)
    for start, before, after in zip(centres, rows, found.images, strict=True):
        sheet[:height, start : start + width] = 1.0 - before.reshape(shape)
        sheet[height + gap :, start : start + width] = 1.0 - after.reshape(shape)
    drawn = ax.imshow(sheet, cmap="gray", vmin=0.0, vmax=1.0, interpolation="nearest")
    ax.set_xticks(centres + 0.5 * (width - 1), [f"{one:.2f}" for one in found.distances])
    ax.set_yticks([0.5 * height, 1.5 * height + gap], ["$x$", "$T(x)$"])
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.set_xlabel(r"$\|T(x) - x\|$")
    return {"ax": ax, "image": drawn}


_QUANTITIES = {
    "loss": (("loss", "training loss"),),
    "accuracy": (("accuracy", "while training"),),
    "steps": (("forward_steps", "fixed point"), ("backward_steps", "its adjoint")),
}


def plot_training(
    history: Sequence[Epoch], ax: Axes | None = None, *, show: str = "accuracy", validation: Sequence[float] = ()
) -> dict[str, Any]:
    """Draw the training of a classifier, epoch by epoch.

    Parameters
    ----------
    history : sequence of Epoch
        ``history_`` of a trained `rmtjac.learn.PcDEQClassifier`.
    ax : matplotlib.axes.Axes, optional
        Where to draw. By default a new figure is made.
    show : {"accuracy", "loss", "steps"}
        What to draw; ``"steps"`` are the steps of the fixed-point iteration and of its adjoint.
    validation : sequence of float
        ``validation_`` of the classifier, drawn beside the accuracy.

    Returns
    -------
    dict of str to artists
        ``"ax"``: the Axes; ``"lines"``: one for each quantity.

    Raises
    ------
    ValueError
        If `show` is none of the three words.

    See Also
    --------
    rmtjac.learn.PcDEQClassifier : Train a classifier.

    References
    ----------
    DEQ Fig. 2, DEQ Fig. 3. See docs/references.md.

    Examples
    --------
    >>> from types import SimpleNamespace as Epoch
    >>> from matplotlib.figure import Figure
    >>> import rmtjac as rj
    >>> history = [Epoch(loss=1.0, accuracy=0.5), Epoch(loss=0.2, accuracy=0.9)]
    >>> drawn = rj.plotting.plot_training(history, Figure().subplots(), show="loss")
    >>> drawn["lines"][0].get_ydata().tolist()
    [1.0, 0.2]
    """
    choice("show", show, tuple(_QUANTITIES))
    ax = new_axes(ax)
    curves = [(label, [getattr(one, name) for one in history]) for name, label in _QUANTITIES[show]]
    if show == "accuracy" and len(validation):
        curves.append(("on other samples", list(validation)))
    lines = []
    for (label, values), color, style in zip(curves, PALETTE, ("-", "--"), strict=False):
        lines += ax.plot(np.arange(1, len(values) + 1), values, style, color=color, lw=1.8, label=label)
    if show == "loss":
        ax.set_yscale("log")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("epoch")
    ax.set_ylabel(
        {"loss": "mean cross-entropy", "accuracy": "share of right answers", "steps": "steps per batch"}[show]
    )
    ax.legend(frameon=False)
    return {"ax": ax, "lines": lines}
