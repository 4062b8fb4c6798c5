r"""How one layer changes the size of the signal, for weights of any stable index alpha in (0, 2].

The preactivations of a wide layer are symmetric stable, of the index of its weights and of the scale

.. math:: s_l = \big(\gamma_l^{\alpha_l} E|x^l_j|^{\alpha_l} + \gamma_{b,l}^{\alpha_l}\big)^{1/\alpha_l}, \qquad
          x^{l+1}_j = \varphi(s_l X), \quad E\,e^{itX} = e^{-|t|^{\alpha_l}} .

For alpha = 2 these are the variances :math:`q^h_l = \sigma_w^2 E (x^l_j)^2 + \sigma_b^2`, and :math:`\sqrt{q^h_l}`
takes the place of the scale.
"""

from __future__ import annotations

import math
import sys
from typing import NamedTuple

import numpy as np

from rmtjac.activations import Activation
from rmtjac.ensemble import Ensemble
from rmtjac.laws import Cauchy, Law, Stable, StudentT
from rmtjac.propagation.expectation import Function, normal_expectation, stable_expectation
from rmtjac.propagation.stable_law import stable_law
from rmtjac.propagation.stable_weights import stable_layer

__all__ = ["LayerScale", "activation_size", "input_size", "layer_scales"]

_BEYOND = 40.0  # in log|h|: an activation is as straight as its asymptote to e^-40 there


class LayerScale(NamedTuple):
    """What one layer adds to the size of the signal.

    Attributes
    ----------
    alpha : float
        The index of the preactivations.
    weight, bias : float
        The scales gamma and gamma_b; sigma_w^2 and sigma_b^2 if alpha = 2.
    """

    alpha: float
    weight: float
    bias: float

    def preactivation(self, size: float) -> float:
        """Return the scale of h, or its variance if alpha = 2, from the size of the inputs: see `activation_size`."""
        if self.alpha == 2.0:
            return self.weight * size + self.bias
        one, other = sorted((self.weight * size, self.bias))
        if one == 0.0 or not math.isfinite(other):
            return other
        return other * (1.0 + (one / other) ** self.alpha) ** (1.0 / self.alpha)


def _index(one: Law) -> float | None:
    """Return the index if the law is itself symmetric stable with a tail."""
    if isinstance(one, Cauchy) or (isinstance(one, StudentT) and one.df == 1.0):
        return 1.0
    return one.alpha if isinstance(one, Stable) else None


def layer_scales(ensemble: Ensemble, depth: int | None = None) -> list[LayerScale]:
    """Return the index and the scales of each layer, or of the first `depth` layers.

    Raises
    ------
    ValueError
        If weights without variance have no stable limit, or the biases of a layer are not of the same stable law as
        its preactivations.
    """
    out = []
    for l, layer in enumerate(ensemble.layer_numbers()[:depth]):
        weight, bias = ensemble.weights[l], ensemble.biases[l] if ensemble.biases else None
        silent = bias is None or layer["bias_scale"] == 0.0
        if weight.finite_variance:
            if not silent and not bias.finite_variance:  # type: ignore[union-attr]
                raise ValueError(
                    f"biases={bias!r} of layer {l} have no variance, weights={weight!r} have one: a mean field is "
                    "known where both have a variance, or both the same stable law"
                )
            out.append(LayerScale(2.0, layer["row_variance"], 0.0 if silent else layer["bias_variance"]))
            continue
        alpha, scale = stable_layer(ensemble, l, layer)
        if not silent and _index(bias) != alpha:  # type: ignore[arg-type]
            same = "Cauchy" if alpha == 1.0 else f"Stable(alpha={alpha!r})"
            raise ValueError(
                f"biases={bias!r} of layer {l}: a mean field is known where they have the stable law of the sums over "
                f"weights={weight!r}, which is {same}, or where there are none"
            )
        out.append(LayerScale(alpha, scale, layer["bias_scale"]))
    return out


def input_size(variance: float, alpha: float) -> float:
    """Return the size of a Gaussian input: its variance if alpha = 2, else (E|x|^alpha)^(1/alpha)."""
    if alpha == 2.0:
        return variance
    log = (math.lgamma(0.5 * (1.0 + alpha)) - math.lgamma(0.5)) / alpha
    return math.sqrt(2.0) * math.sqrt(variance) * math.exp(log)


def _slopes(phi: Activation) -> tuple[float, float] | None:
    """Return the limits of |phi(h) / h| at both ends; None for a function that is bounded."""
    facts = phi.facts
    if phi.slopes is not None:
        ends = abs(phi.slopes[0]), abs(phi.slopes[-1])
        return ends if any(ends) else None
    below, above = (bound is not None and math.isfinite(bound) for bound in (facts.lower, facts.upper))
    if below and above:
        return None
    # A nondecreasing function that is bounded below tends to a limit at -infinity; so do those of the table.
    falls = below and (facts.monotone_from == -math.inf or phi.code is not None)
    if facts.slope is None or (facts.slope != 0.0 and not falls):
        raise ValueError(
            f"activation={phi.spec!r} is not known to be bounded: under weights without variance E|phi(h)|^alpha may "
            "be infinite; declare its lower and upper bounds, or, for a function that grows, slope_at_infinity, lower "
            "and monotone_from"
        )
    return 0.0, abs(facts.slope)


def activation_size(phi: Activation, alpha: float, scale: float, power: float) -> float:
    r"""Return E phi(h)^2 if `power` = 2, else (E|phi(h)|^r)^(1/r), r = `power`.

    h is stable of index `alpha` and this scale; for alpha = 2 it is Gaussian, and the scale its standard deviation.

    Raises
    ------
    ValueError
        If the mean is infinite, or nothing tells that it is finite, or phi returns NaN.
    """
    # |phi|^r may leave the range of a float where the scale does not.
    unit = 1.0 if scale == 0.0 or 1e-60 < scale < 1e60 or power == 2.0 else math.sqrt(scale)

    def f(h: np.ndarray) -> np.ndarray:
        """Return |phi / unit|^r."""
        value = np.abs(phi(h)) / unit
        return value * value if power == 2.0 else value**power

    with np.errstate(over="ignore"):  # the next layer raises an error that names it
        mean = _mean(phi, f, alpha, scale, power, unit)
    if math.isnan(mean):
        raise ValueError(f"activation={phi.spec!r} returns NaN for some h of scale {scale:g}")
    return mean if power == 2.0 else unit * mean ** (1.0 / power)


def _mean(phi: Activation, f: Function, alpha: float, scale: float, power: float, unit: float) -> float:
    """Return E f(h), f = |phi / unit|^r."""
    if alpha == 2.0:
        return normal_expectation(f, scale, phi.breakpoints)
    slopes = _slopes(phi)
    if slopes is None or not any(slopes):
        growth = 0.0 if slopes is None else None  # bounded, or slower than linear
        try:
            if unit < 1.0 and phi.at_zero == 0.0 and power < 2.0:
                return _small_scale_mean(phi, alpha, scale, power, growth)
            return stable_expectation(f, alpha, scale, phi.breakpoints, growth=growth)
        except ValueError as error:
            raise ValueError(f"activation={phi.spec!r}: {error}") from None
    if power >= alpha:
        raise ValueError(
            f"activation={phi.spec!r} is unbounded: E|phi(h)|^{power:g} is infinite for preactivations h of stable "
            f"index {alpha:g}, and no mean field exists"
        )
    # Beyond `end` phi is its asymptote, and the mean of |h|^r there has a closed form.
    own = (math.log(abs(b)) for b in phi.breakpoints if b != 0.0)
    end = min(_BEYOND + max(0.0, math.log(scale), *own), math.log(sys.float_info.max))
    inner = stable_expectation(f, alpha, scale, phi.breakpoints, end=end)
    tail = stable_law(alpha).tail_moment(end - math.log(scale), power)
    return inner + sum(0.5 * (scale / unit * slope) ** power * tail for slope in slopes)


def _small_scale_mean(phi: Activation, alpha: float, scale: float, power: float, growth: float | None) -> float:
    """Return E|phi(h)|^r / scale^(r/2) as E (|phi(h)| / sqrt|h|)^r |X|^(r/2), whose factors do not underflow.

    Where the scale is tiny, all |h| between it and 1 count alike.
    """

    def f(h: np.ndarray) -> np.ndarray:
        """Return (|phi(h)| / sqrt|h|)^r."""
        return (np.abs(phi(h)) / np.sqrt(np.maximum(np.abs(h), 5e-324))) ** power

    return stable_expectation(f, alpha, scale, phi.breakpoints, growth=growth, tilt=0.5 * power)
