"""The layers of the limit equation, made from an ensemble and the propagation of its signal."""

from __future__ import annotations

import math

from rmtjac.ensemble import Ensemble
from rmtjac.laws import Orthogonal
from rmtjac.propagation.mean_field import MeanField
from rmtjac.theory.derivative_laws.base import DerivativeLaw
from rmtjac.theory.derivative_laws.of_activation import derivative_law
from rmtjac.theory.equation.layers import Layers

__all__ = ["layers_of_ensemble", "weight_variances"]


def layers_of_ensemble(ensemble: Ensemble, signal: MeanField) -> Layers:
    """Return the layers of an ensemble, in which the variances of the preactivations are those of `signal`.

    Raises
    ------
    ValueError
        If the weights of a layer are 0, or their variance leaves the range of a float.

    Examples
    --------
    >>> import rmtjac as rj
    >>> from rmtjac.theory import mean_field
    >>> ensemble = rj.Ensemble([200, 100, 50], ["relu", "tanh"], rj.Gaussian(1.5))
    >>> layers = layers_of_ensemble(ensemble, mean_field(ensemble, 1.0))
    >>> layers.variances, layers.widths
    ([2.25, 2.25], (200.0, 100.0, 50.0))
    """
    orthogonal = [isinstance(one, Orthogonal) for one in ensemble.weights]
    return Layers(_laws(ensemble, signal), weight_variances(ensemble), ensemble.widths, orthogonal)


def weight_variances(ensemble: Ensemble) -> list[float]:
    """Return sigma_l^2 per layer: n_l Var W_ij, or the squared gain of orthogonal weights.

    Raises
    ------
    ValueError
        If the weights of a layer are 0, or their variance leaves the range of a float.

    Examples
    --------
    >>> import rmtjac as rj
    >>> weight_variances(rj.Ensemble([30, 20, 10], "tanh", [rj.Gaussian(2.0), rj.Orthogonal(0.5)]))
    [4.0, 0.25]
    """
    out = []
    for l, layer in enumerate(ensemble.layer_numbers()):
        one = ensemble.weights[l]
        variance = one.gain**2 if isinstance(one, Orthogonal) else layer["row_variance"]
        if variance == 0.0:
            raise ValueError(f"weights={one!r} vanish in layer {l}: the spectrum is a point mass at 0")
        if variance == math.inf:
            raise ValueError(f"weights={one!r}: their variance in layer {l} leaves the range of a float")
        out.append(variance)
    return out


def _laws(ensemble: Ensemble, signal: MeanField) -> list[DerivativeLaw]:
    """Return the law of D^2 per layer; variances that agree up to rounding are treated as equal."""
    pairs = zip(ensemble.activations, signal.preactivation_variances, strict=True)
    return [derivative_law(phi, float(f"{q:.13g}")) for phi, q in pairs]
