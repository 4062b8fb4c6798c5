"""The law of an extreme eigenvalue, made from the layers of a limit and, for a forward pass, from its ensemble."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from rmtjac.ensemble import Ensemble
from rmtjac.propagation.layer_scales import LayerScale, layer_scales
from rmtjac.theory.equation.edge import Edge, EdgeKind
from rmtjac.theory.equation.layers import Layers
from rmtjac.theory.equation.support import Support
from rmtjac.theory.finite_width.edge_scale import edge_point
from rmtjac.theory.finite_width.extreme_law import ExtremeLaw
from rmtjac.theory.finite_width.kurtosis import excess_kurtosis, kurtosis_shift
from rmtjac.theory.finite_width.mask_fluctuations import Fluctuation, mask_fluctuation
from rmtjac.theory.finite_width.signal_fluctuations import alignment, signal_fluctuation
from rmtjac.validate import choice, finite

__all__ = ["SIGNALS", "Forward", "checked_signal", "extreme_law", "forward_pass", "soft_edge"]

SIGNALS = ("network", "independent", "deterministic")


class Forward(NamedTuple):
    """What an ensemble adds to its layers.

    `scales` is what weights and biases of each layer do to the size of the signal, `variances` are the q_l of the mean
    field, and `kurtoses` the excess kurtosis of the weights.
    """

    scales: list[LayerScale]
    variances: np.ndarray
    kurtoses: list[float]


def forward_pass(ensemble: dict[str, Any], layers: Layers) -> Forward:
    """Return the forward pass of an ensemble, given by its facts, and of the layers that were made from it.

    Raises
    ------
    ValueError
        If the weights of a layer have no fourth moment.
    """
    # The activations of the user, which have no name, are in the laws of the layers.
    plain = Ensemble(ensemble["widths"], "linear", ensemble["weights"], ensemble["biases"])
    kurtoses = [excess_kurtosis(one) for one in plain.weights]
    for one, kurtosis in zip(plain.weights, kurtoses, strict=True):
        if math.isinf(kurtosis):
            raise ValueError(
                f"weights={one!r} have no fourth moment: single weights, not the edge of the limit, decide the "
                "largest singular value"
            )
    variances = np.array([law.source[1] for law in layers.laws if law.source is not None])
    return Forward(layer_scales(plain), variances, kurtoses)


def checked_signal(signal: str | None, forward: Forward | None) -> str:
    """Return where D comes from.

    Raises
    ------
    ValueError
        If it is a forward pass, and no ensemble is known.
    """
    if signal is None:
        return "independent" if forward is None else "network"
    choice("signal", signal, SIGNALS)
    if signal == "network" and forward is None:
        raise ValueError(
            "signal='network' needs an ensemble, and this limit was made from layers: use signal='independent'"
        )
    return signal


def soft_edge(ends: Support, *, upper: bool) -> Edge:
    """Return the uppermost edge of the support, or the lowest.

    Raises
    ------
    ValueError
        If the density does not start like a square root there.
    """
    intervals, log_atoms = ends.intervals, ends.log_atoms
    which, name = ("upper", "largest") if upper else ("lower", "smallest")
    found = [interval[1] for interval in intervals][-1:] if upper else [interval[0] for interval in intervals][:1]
    edge = found[0] if found else None
    beyond = log_atoms.size and (
        edge is None or (log_atoms[-1] >= edge.log_lam if upper else log_atoms[0] <= edge.log_lam)
    )
    if beyond:
        raise ValueError(
            f"the {name} eigenvalue of this limit is an atom at lambda = {np.exp(log_atoms[-1 if upper else 0]):.6g}, "
            "which the weights, all orthogonal, leave in place: it has no Tracy-Widom law"
        )
    assert edge is not None
    if edge.kind == EdgeKind.SQUARE_ROOT:
        return edge
    why = {
        EdgeKind.HARD: "hard: the density diverges at lambda = 0, which no eigenvalue passes, and the smallest one "
        "tends to 0 with a power of the width",
        EdgeKind.TIP: "the end of the law of D^2: the density vanishes faster than a square root, and single neurons "
        f"decide the {name} eigenvalue",
        EdgeKind.ATOM: f"an edge of the law of D^2, since all weights are orthogonal: single neurons decide the {name} "
        "eigenvalue",
    }
    raise ValueError(
        f"the {which} edge of the limit is {why.get(edge.kind, str(edge.kind))}; a Tracy-Widom law needs a "
        "square-root edge"
    )


def extreme_law(
    layers: Layers, edge: Edge, width: float | None, signal: str, forward: Forward | None, *, upper: bool
) -> ExtremeLaw:
    """Return the law next to a square-root edge; all widths are scaled so that n_L = `width`.

    Raises
    ------
    ValueError, TypeError
        If the width is not a number > 0, or the forward pass leaves an eigenvalue outside the support.
    """
    assert layers.widths is not None
    assert layers.orthogonal is not None
    n = layers.widths[-1] if width is None else finite("width", width, above=0.0)
    point = edge_point(layers, edge)
    fluctuation = Fluctuation(0.0, 0.0)
    ratio = layers.widths[-1] / layers.widths[0]
    shifts = {"weights": point.shift}
    if forward is not None and any(forward.kurtoses):
        shifts["kurtosis"] = kurtosis_shift(point, forward.kurtoses, ratio)
    if signal == "independent":
        fluctuation = mask_fluctuation(point)
    elif signal == "network":
        assert forward is not None
        fluctuation = signal_fluctuation(layers, point, *forward)
        if not any(layers.orthogonal):
            rank_one = alignment(point, forward.scales, forward.variances, ratio)
            if rank_one.outlier:
                raise ValueError(
                    "an eigenvalue leaves the support: the weights of the forward pass and its masks are aligned so "
                    "strongly that the largest singular value has no Tracy-Widom law; signal='independent' has one"
                )
            shifts["alignment"] = rank_one.shift
    shifts["masks"] = fluctuation.mean
    return ExtremeLaw(
        n,
        point.log_lam,
        point.scale * n ** (-2.0 / 3.0),
        max(fluctuation.variance, 0.0) ** 0.5 * n**-0.5,
        {name: value / n for name, value in shifts.items()},
        upper,
        signal,
    )
