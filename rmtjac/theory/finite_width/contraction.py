"""P(|J| < 1) over width, depth and scale of the weights: how likely a random network is a contraction at its input.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rmtjac.activations import Activation
from rmtjac.ensemble import Ensemble
from rmtjac.laws import Gaussian
from rmtjac.propagation.mean_field import mean_field
from rmtjac.theory.equation.layers_of_ensemble import layers_of_ensemble
from rmtjac.theory.equation.support import support
from rmtjac.theory.finite_width.law_at_edge import checked_signal, extreme_law, forward_pass, soft_edge
from rmtjac.validate import finite, positive_int, real_array

__all__ = ["contraction_probability"]


def contraction_probability(
    activation: str | Activation,
    width: Any,
    depth: Any,
    scale: Any,
    *,
    bias: float = 0.0,
    input_variance: float = 1.0,
    signal: str = "network",
    norm: float = 1.0,
) -> np.ndarray:
    """Return the probability that the largest singular value of the Jacobian of a square network is below 1.

    |J| < 1 is the sufficient condition of BS for a contraction; here at a random input. The law is that of
    `LimitSpectrum.largest`.

    Parameters
    ----------
    activation : str or Activation
        The activation of all layers.
    width : array_like of int
        Widths N; they broadcast with `depth` and `scale`.
    depth : array_like of int
        Depths L.
    scale : array_like of float
        Standard deviations sigma_w > 0 of Gaussian weights, Var W = sigma_w^2 / N.
    bias : float, default 0.0
        The standard deviation of Gaussian biases, >= 0.
    input_variance : float, default 1.0
        The q_0 = |x^0|^2 / N of the input.
    signal : {"network", "independent", "deterministic"}, default "network"
        As in `rmtjac.LimitSpectrum.largest`.
    norm : float, default 1.0
        The bound, in place of 1.

    Returns
    -------
    ndarray of float, of the broadcast shape
        The probabilities.

    Raises
    ------
    ValueError
        If an argument is out of range, or there is no square-root edge.
    TypeError
        If an argument is not a number, or no array of numbers.

    See Also
    --------
    rmtjac.LimitSpectrum.largest : The whole law, for any ensemble.
    rmtjac.spectra.sample_largest : The sampled frequency.
    rmtjac.plotting.plot_contraction : A picture of both.

    Notes
    -----
    Cost: about .02 s for each pair of depth and scale, and microseconds for each width. The law is an expansion for
    large widths: within .02 of the frequency for N >= 50 and L <= 5 (data/largest.md).

    References
    ----------
    BS Section III. See docs/references.md.
    docs/theory/largest_singular_value.md.

    Examples
    --------
    >>> contraction_probability("tanh", [50, 200, 800], 2, 0.75).round(2)
    array([0.66, 0.23, 0.  ])
    """
    arrays = [real_array(name, value) for name, value in (("width", width), ("depth", depth), ("scale", scale))]
    whole = [
        [positive_int(name, int(x) if float(x).is_integer() else float(x)) for x in array.ravel()]
        for name, array in zip(("width", "depth"), arrays[:2], strict=True)
    ]
    scales = [finite("scale", float(x), above=0.0) for x in arrays[2].ravel()]
    bias, norm = finite("bias", bias, least=0.0), finite("norm", norm, least=0.0)
    try:
        shape = np.broadcast_shapes(*(array.shape for array in arrays))
    except ValueError:
        raise ValueError(
            f"width, depth and scale have the shapes {', '.join(str(array.shape) for array in arrays)}, which do not "
            "broadcast"
        ) from None
    grids = [
        np.broadcast_to(np.array(values).reshape(array.shape), shape).ravel()
        for values, array in zip((*whole, scales), arrays, strict=True)
    ]
    out = np.empty(grids[0].size)
    made: dict[tuple[int, float], Any] = {}
    for i, (n, l, sigma) in enumerate(zip(*grids, strict=True)):
        key = int(l), float(sigma)
        if key not in made:
            made[key] = _edge(activation, *key, bias, input_variance, signal)
        layers, edge, forward, kind = made[key]
        law = extreme_law(layers, edge, float(n), kind, forward, upper=True)
        out[i] = law.probability(norm)
    return out.reshape(shape)


def _edge(
    activation: str | Activation, depth: int, scale: float, bias: float, input_variance: float, signal: str
) -> tuple[Any, ...]:
    """Return layers, edge, forward pass and kind of signal of one ensemble, whatever its width."""
    biases = Gaussian(bias) if bias > 0.0 else None
    ensemble = Ensemble.square(1, depth, activation, Gaussian(scale), biases)
    layers = layers_of_ensemble(ensemble, mean_field(ensemble, input_variance))
    forward = forward_pass({"widths": ensemble.widths, "weights": ensemble.weights, "biases": ensemble.biases}, layers)
    return layers, soft_edge(support(layers), upper=True), forward, checked_signal(signal, forward)
