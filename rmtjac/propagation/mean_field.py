r"""The mean field: the size of the signal in each layer of a wide network.

For weights of finite variance, as the widths tend to infinity, the preactivations of layer l are Gaussian with variance
q^h_l (PSG Section 2),

.. math:: q^h_l = \sigma_w^2 q_l + \sigma_b^2, \qquad q_{l+1} = E\,\varphi(\sqrt{q^h_l} Z)^2, \qquad
          q_0 = |x^0|^2 / n_0 .

For Cauchy weights they are Cauchy, and the scale s_l takes the place of the standard deviation:
:math:`s_0 = \gamma E|x^0_j| + \gamma_b`, :math:`s_{l+1} = \gamma E|\varphi(s_l C)| + \gamma_b`.

Sources: BS, PSG (docs/references.md).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rmtjac.activations import Activation
from rmtjac.ensemble import Ensemble
from rmtjac.laws import Cauchy
from rmtjac.propagation.expectation import cauchy_expectation, gaussian_expectation
from rmtjac.validate import finite

__all__ = ["STATIONARY", "MeanField", "mean_field", "reached_variance", "resolve_input_variance"]

STATIONARY = "stationary"


@dataclass(frozen=True, eq=False)
class MeanField:
    r"""Size of the signal in every layer of a wide network, made by `mean_field`.

    The size is the standard deviation of the preactivations, or their scale if they are Cauchy.

    Attributes
    ----------
    input_variance : float
        :math:`q_0 = |x^0|^2 / n_0`.
    scales : ndarray of float, shape (L,)
        Standard deviation :math:`\sqrt{q^h_l}` of the preactivations :math:`h^l`, or their Cauchy scale.
    heavy_tailed : bool
        Whether the preactivations are Cauchy.
    chi : ndarray of float, shape (L,)
        :math:`\chi_l = \sigma_w^2 E\,\varphi'(h^l)^2`, the mean squared singular value of a layer; NaN where the
        preactivations are Cauchy.

    See Also
    --------
    mean_field : Follow the signal through the layers of an ensemble.

    References
    ----------
    PSG Section 2. See docs/references.md.
    docs/theory/conventions.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> field = rj.mean_field(rj.Ensemble.square(100, 2, "relu", rj.Gaussian(std=2**0.5)))
    >>> field.preactivation_variances.round(12), field.chi.round(12)
    (array([2., 2.]), array([1., 1.]))
    """

    input_variance: float
    scales: np.ndarray
    heavy_tailed: bool
    chi: np.ndarray

    @property
    def preactivation_variances(self) -> np.ndarray:
        """The variances q^h_l of the preactivations, shape (L,), the q of BS Section III; infinite if Cauchy."""
        return np.full_like(self.scales, np.inf) if self.heavy_tailed else self.scales**2

    def __repr__(self) -> str:
        kind = "Cauchy" if self.heavy_tailed else "Gaussian"
        scales = np.array2string(self.scales, precision=6)
        return f"MeanField(q_0={self.input_variance:.6g}, {kind} preactivations of scale {scales})"


def _gaussian_step(phi: Activation, variance: float) -> float:
    """Return E phi^2."""
    with np.errstate(over="ignore"):  # the next layer raises an error that names it
        return gaussian_expectation(lambda h: phi(h) ** 2, variance, phi.breakpoints)


def _layer_variances(ensemble: Ensemble) -> list[tuple[float, float]]:
    """Return (sigma_w^2, sigma_b^2) of each layer: n_l Var W_ij and Var b_i."""
    return [(layer["row_variance"], layer["bias_variance"]) for layer in ensemble.layer_numbers()]


def _heavy_tailed(ensemble: Ensemble) -> bool:
    """Return whether all laws are Cauchy, False if all have a variance; other ensembles raise a ValueError."""
    laws = [*ensemble.weights, *(ensemble.biases or ())]
    if all(one.finite_variance for one in laws):
        return False
    if all(isinstance(one, Cauchy) for one in laws):
        return True
    raise ValueError(
        f"weights={ensemble.weights[0]!r}, biases={ensemble.biases[0] if ensemble.biases else None!r}: "
        "a mean field is known where all laws have a variance, or all are Cauchy"
    )


def resolve_input_variance(ensemble: Ensemble, input_variance: float | str) -> float:
    """Return q_0 as a number; ``"stationary"`` stands for the value that every layer leaves unchanged.

    Raises
    ------
    ValueError
        If `input_variance` is neither a finite number >= 0 nor ``"stationary"``, or if no stationary one exists.
    """
    if isinstance(input_variance, str):
        if input_variance != STATIONARY:
            raise ValueError(f"input_variance={input_variance!r} must be a number >= 0 or {STATIONARY!r}")
        return _stationary(ensemble)
    return finite("input_variance", input_variance, least=0.0)


def reached_variance(step: Callable[[float], float], at_zero: float) -> float:
    """Return the fixed point of ``q -> step(q)`` that is reached from q = 1.

    Parameters
    ----------
    step : callable
        The variance in one layer as an increasing function of that in the layer before.
    at_zero : float
        The limit of `step` at q = 0.

    Returns
    -------
    float
        The fixed point: 0 if q tends to 0 (below 1e-12), inf if q grows without bound (past 1e12), 1 if 1 is a fixed
        point. The search proceeds by factors of 2, and may miss a pair of fixed points that are closer than that.

    Examples
    --------
    >>> round(reached_variance(lambda q: 0.75 * q + 1.0, 1.0), 12)
    4.0
    """
    from scipy.optimize import brentq

    def growth(q: float) -> float:
        """Return step(q) - q."""
        return step(q) - q

    def side(q: float) -> int:
        """Return the sign of the growth, 0 if the growth may be rounding."""
        value = growth(q)
        return 0 if abs(value) <= 1e-13 * q else 1 if value > 0.0 else -1

    low = high = 1.0
    start = side(1.0)
    if start == 0:
        return 1.0
    if start > 0:
        while side(high) >= 0:
            # Next to a fixed point the sign is rounding, but brentq needs a change of sign of the growth.
            if growth(high) > 0.0:
                low = high
            high *= 2.0
            if high > 1e12:
                return math.inf
    else:
        while side(low) <= 0:
            if growth(low) < 0.0:
                high = low
            low *= 0.5
            if at_zero == 0.0 and low < 1e-12:
                return 0.0
    # The growth is divided by its size, because brentq multiplies values, which must not underflow.
    return float(brentq(lambda q: growth(q) / high, low, high, xtol=1e-300, rtol=1e-15))


def _stationary(ensemble: Ensemble) -> float:
    """Return the q_0 that every layer leaves unchanged."""
    if _heavy_tailed(ensemble):
        raise ValueError(
            f"input_variance={STATIONARY!r} needs weights and biases of finite variance; give a number instead"
        )
    if not ensemble.identical_layers or len(set(_layer_variances(ensemble))) > 1:
        raise ValueError(
            f"input_variance={STATIONARY!r} needs layers with equal variances of weights and biases; "
            f"here they differ (widths={list(ensemble.widths)}); give a number instead"
        )
    phi, (weight, bias) = ensemble.activations[0], _layer_variances(ensemble)[0]

    q = reached_variance(lambda q: _gaussian_step(phi, weight * q + bias), _gaussian_step(phi, bias))
    if q == math.inf:
        raise ValueError(
            f"input_variance={STATIONARY!r}: the signal grows without bound for {ensemble!r}; give a number instead"
        )
    return q


def mean_field(ensemble: Ensemble, input_variance: float | str = 1.0) -> MeanField:
    r"""Follow the size of the signal through the layers of wide networks.

    .. math:: q^h_l = \sigma_w^2 q_l + \sigma_b^2, \qquad q_{l+1} = E\,\varphi(\sqrt{q^h_l} Z)^2, \qquad Z \sim N(0, 1),

    and for Cauchy weights :math:`s_{l+1} = \gamma E|\varphi(s_l C)| + \gamma_b`, C standard Cauchy.

    Parameters
    ----------
    ensemble : Ensemble
        The layers. All laws of weights and biases must have a variance, or all must be Cauchy.
    input_variance : float or {"stationary"}, optional
        :math:`q_0 = |x^0|^2/n_0 \ge 0`; ``"stationary"`` is the value that every layer leaves unchanged. With Cauchy
        weights the entries of the input are Gaussian of this variance: :math:`E|x^0_j| = \sqrt{2 q_0/\pi}`.

    Returns
    -------
    MeanField
        The scales of the preactivations, and :math:`\chi_l` of each layer.

    Raises
    ------
    TypeError
        If `input_variance` is neither a number nor a text.
    ValueError
        If no mean field exists: mixed tails, a stable law other than Cauchy, an unbounded activation under
        Cauchy weights, no stationary value; or if the signal leaves the range of a float.

    See Also
    --------
    rmtjac.theory.fixed_variance : The fixed point of the variance, without an ensemble.
    rmtjac.theory.signal_phase : Order and chaos at that variance.

    Notes
    -----
    Cost: two or three integrals over one variable for each layer, whatever the widths.

    References
    ----------
    PSG Section 2 for finite variance. See docs/references.md.
    docs/theory/conventions.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> ens = rj.Ensemble.square(100, 3, "relu", rj.Gaussian(std=2**0.5))
    >>> rj.mean_field(ens).scales.round(12)
    array([1.41421356, 1.41421356, 1.41421356])
    """
    heavy = _heavy_tailed(ensemble)
    q = start = resolve_input_variance(ensemble, input_variance)
    scales, chi = np.empty(ensemble.depth), np.full(ensemble.depth, np.nan)
    variances = _layer_variances(ensemble)
    size = math.sqrt(2.0 * q / math.pi)  # E|x_j|, for Cauchy weights
    for l, (phi, layer) in enumerate(zip(ensemble.activations, ensemble.layer_numbers(), strict=True)):
        if heavy:
            scales[l] = ensemble.widths[l] * layer["weight_scale"] * size + layer["bias_scale"]
            if l + 1 < ensemble.depth:
                if phi.facts.slope is None:
                    raise ValueError(
                        f"activation={phi.spec!r} is not known to be bounded: under Cauchy weights E|phi(h)| may be "
                        "infinite; declare its lower and upper bounds"
                    )
                if phi.facts.slope != 0.0:
                    raise ValueError(
                        f"activation={phi.spec!r} is unbounded: under Cauchy weights E|phi(h)| is infinite, "
                        "and no mean field exists"
                    )
                size = cauchy_expectation(lambda h, phi=phi: np.abs(phi(h)), scales[l], phi.breakpoints)  # type: ignore[misc]
            continue
        weight, bias = variances[l]
        variance = weight * q + bias
        if not math.isfinite(variance):
            raise ValueError(f"the mean field leaves the range of a float in layer {l}: the signal grows without bound")
        scales[l] = math.sqrt(variance)
        chi[l] = weight * gaussian_expectation(lambda h, phi=phi: phi.derivative(h) ** 2, variance, phi.breakpoints)  # type: ignore[misc]
        q = _gaussian_step(phi, variance)
    for array in (scales, chi):
        array.flags.writeable = False
    return MeanField(start, scales, heavy, chi)
