"""The Gaussian map that the networks of an ensemble become as their hidden layers grow."""

from __future__ import annotations

import math

import numpy as np

from rmtjac.activations import Activation
from rmtjac.ensemble import Ensemble
from rmtjac.laws import Gaussian, Orthogonal
from rmtjac.propagation.gaussian_pairs import slope_moments
from rmtjac.propagation.layer_maps import reached
from rmtjac.theory.counts.kac_rice import passes_origin
from rmtjac.theory.counts.kernel_scalars import GaussianMap, HiddenLayer, means
from rmtjac.theory.counts.origin import kink_at_zero
from rmtjac.validate import positive_int

__all__ = ["gaussian_map", "stationary_growth", "with_ends"]


def with_ends(ensemble: Ensemble, n: int | None) -> Ensemble:
    """Return the ensemble with n inputs and outputs; by default it must have as many outputs as inputs.

    Raises
    ------
    TypeError
        If `ensemble` is not an `Ensemble`, or n no whole number.
    ValueError
        If n is not positive, or not given although the first and the last width differ.
    """
    if not isinstance(ensemble, Ensemble):
        raise TypeError(f"ensemble={ensemble!r} must be an Ensemble")
    first, last = ensemble.widths[0], ensemble.widths[-1]
    if n is None:
        if first != last:
            raise ValueError(
                f"ensemble has widths {list(ensemble.widths)}: fixed points need maps from R^n to R^n, as many outputs "
                "as inputs; n=2, say, replaces both widths"
            )
        return ensemble
    size = positive_int("n", n)
    if first == last == size:
        return ensemble
    widths = [size, *ensemble.widths[1:-1], size]
    return Ensemble(widths, ensemble.activations, ensemble.weights, ensemble.biases)


def gaussian_map(ensemble: Ensemble) -> GaussianMap:
    """Return the map with the variances and the activations of an ensemble from R^n to R^n.

    Raises
    ------
    ValueError
        If a law has no variance, weights are 0, laws that must be Gaussian are not, an activation jumps or has no
        derivative, or the origin is a fixed point at a kink.
    """
    numbers = ensemble.layer_numbers()
    for l, (weights, layer) in enumerate(zip(ensemble.weights, numbers, strict=True)):
        _check_laws(ensemble, l)
        if not layer["row_variance"] > 0.0:
            raise ValueError(
                f"weights={weights!r} of layer {l} are 0, or their variance is below the smallest float, so that "
                "the map is constant, and has one fixed point"
            )
        if not math.isfinite(layer["row_variance"]) or not math.isfinite(layer["bias_variance"]):
            raise ValueError(f"the variances of layer {l} leave the range of a float")
    for l, phi in enumerate(ensemble.activations):
        _check_activation(phi, l)
    hidden = tuple(
        HiddenLayer(phi, after["row_variance"], after["bias_variance"])
        for phi, after in zip(ensemble.activations[:-1], numbers[1:], strict=True)
    )
    first = numbers[0]
    net = GaussianMap(
        ensemble.widths[0], first["row_variance"] / ensemble.widths[0], first["bias_variance"], hidden,
        ensemble.activations[-1],
    )  # fmt: skip
    if passes_origin(net):
        for l, phi in enumerate(ensemble.activations):
            if kink_at_zero(phi):
                raise ValueError(
                    f"activation={phi.spec!r} of layer {l} has a kink at 0, and without biases the origin is a fixed "
                    "point on it, which is neither stable nor unstable; give biases"
                )
    return net


def _check_laws(ensemble: Ensemble, l: int) -> None:
    """Raise an error if the laws of layer l do not make Gaussian preactivations."""
    weights, biases = ensemble.weights[l], ensemble.biases[l] if ensemble.biases else None
    for name, one in (("weights", weights), ("biases", biases)):
        if one is not None and one.amplitude != 0.0 and not one.finite_variance:
            raise ValueError(
                f"{name}={one!r} of layer {l} have no variance, and the layer has no Gaussian limit; use "
                'method="conditional"'
            )
    if l == 0 and not isinstance(weights, Gaussian):
        why = "an orthogonal matrix is not" if isinstance(weights, Orthogonal) else "sums of so few terms are not"
        raise ValueError(
            f"weights={weights!r} of layer 0, which has {ensemble.widths[0]} inputs, must be Gaussian: {why}; other "
            'layers may have any law with a variance; or use method="conditional"'
        )
    if biases is not None and biases.amplitude != 0.0 and not isinstance(biases, Gaussian):
        raise ValueError(
            f"biases={biases!r} of layer {l} must be Gaussian: a bias is no sum of many terms; or use "
            'method="conditional"'
        )


def _check_activation(phi: Activation, l: int) -> None:
    """Raise an error if phi jumps at a breakpoint, or is constant on each piece."""
    cuts = np.array(phi.breakpoints, dtype=float)
    step = 1e-9 * np.maximum(1.0, np.abs(cuts))
    jump = np.abs(phi(cuts + step) - phi(cuts - step)) > 1e-6
    if jump.any():
        raise ValueError(
            f"activation={phi.spec!r} of layer {l} jumps at {cuts[jump][0]:g}; expected numbers need a continuous one"
        )
    if not means(phi, np.ones(1))[1][0] > 0.0:
        raise ValueError(f"activation={phi.spec!r} of layer {l} has the derivative 0, so that no map depends on x")


def stationary_growth(ensemble: Ensemble) -> float:
    r"""Return :math:`\chi = \sigma_w^2 E\varphi'^2` at the stationary variance of the layers after the first.

    For a single layer it is that of the layer itself repeated. NaN where these layers differ, or the signal grows
    without bound.
    """
    numbers = ensemble.layer_numbers()[1:] or ensemble.layer_numbers()
    phis = ensemble.activations[:-1] or ensemble.activations
    pairs = {(layer["row_variance"], layer["bias_variance"]) for layer in numbers}
    specs = {phi if phi.code is None else phi.spec for phi in phis}
    if len(pairs) != 1 or len(specs) != 1:
        return math.nan
    (weight, bias), phi = pairs.pop(), phis[0]
    q = reached(phi, weight, bias)
    return weight * slope_moments(phi, q).mean if math.isfinite(q) else math.nan
