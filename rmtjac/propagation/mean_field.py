r"""The mean field: the size of the signal in each layer of a wide network.

For weights of finite variance, as the widths tend to infinity, the preactivations of layer l are Gaussian with variance
q^h_l (PSG Section 2),

.. math:: q^h_l = \sigma_w^2 q_l + \sigma_b^2, \qquad q_{l+1} = E\,\varphi(\sqrt{q^h_l} Z)^2, \qquad
          q_0 = |x^0|^2 / n_0 .

For weights of stable index alpha < 2 they are symmetric stable of this index, and the scale s_l takes the place of the
standard deviation: :math:`s_l^\alpha = \gamma^\alpha E|x^l_j|^\alpha + \gamma_b^\alpha`
(`rmtjac.propagation.layer_scales`). Layers may differ in alpha.

Sources: BS, PSG (docs/references.md).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rmtjac.activations import Activation
from rmtjac.ensemble import Ensemble
from rmtjac.propagation.expectation import gaussian_expectation
from rmtjac.propagation.fixed_scale import fixed_scale
from rmtjac.propagation.layer_scales import LayerScale, activation_size, input_size, layer_scales
from rmtjac.validate import finite

__all__ = ["STATIONARY", "MeanField", "follow", "mean_field", "reached_variance", "resolve_input_variance"]

STATIONARY = "stationary"


@dataclass(frozen=True, eq=False)
class MeanField:
    r"""Size of the signal in every layer of a wide network, made by `mean_field`.

    The size is the standard deviation of the preactivations, or their scale if they are stable with a tail.

    Attributes
    ----------
    input_variance : float
        :math:`q_0 = |x^0|^2 / n_0`.
    scales : ndarray of float, shape (L,)
        Standard deviation :math:`\sqrt{q^h_l}` of the preactivations :math:`h^l`, or their scale s where they are
        stable of index alpha < 2, :math:`E\,e^{ith} = e^{-|s t|^\alpha}`.
    heavy_tailed : bool
        Whether the preactivations of some layer have no variance.
    chi : ndarray of float, shape (L,)
        :math:`\chi_l = \sigma_w^2 E\,\varphi'(h^l)^2`, the mean squared singular value of a layer; NaN where alpha < 2.
    alphas : ndarray of float, shape (L,)
        The stable index alpha of the preactivations of each layer; 2 where they are Gaussian, 1 for Cauchy weights.

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
    alphas: np.ndarray

    @property
    def preactivation_variances(self) -> np.ndarray:
        """The variances q^h_l of the preactivations, shape (L,), the q of BS Section III; infinite where alpha < 2."""
        return np.where(self.alphas < 2.0, np.inf, self.scales**2)

    def __repr__(self) -> str:
        found = set(self.alphas.tolist())
        kind = {1.0: "Cauchy", 2.0: "Gaussian"}.get(found.pop(), "") if len(found) == 1 else ""
        kind = kind or f"stable (alpha {np.array2string(self.alphas, precision=6)})"
        scales = np.array2string(self.scales, precision=6)
        return f"MeanField(q_0={self.input_variance:.6g}, {kind} preactivations of scale {scales})"


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
    """Return the q_0 that every layer leaves unchanged: q_1 = q_0, or for heavy tails s_1 = s_0."""
    layers = layer_scales(ensemble)
    if not ensemble.identical_layers or len(set(layers)) > 1:
        raise ValueError(
            f"input_variance={STATIONARY!r} needs layers with equal variances of weights and biases, or equal stable "
            f"laws; here they differ (widths={list(ensemble.widths)}); give a number instead"
        )
    phi, layer = ensemble.activations[0], layers[0]
    if layer.alpha < 2.0:
        return _stationary_input(phi, layer, ensemble)

    def step(q: float) -> float:
        """Return q_1 for q_0 = q."""
        return activation_size(phi, 2.0, math.sqrt(layer.preactivation(q)), 2.0)

    q = reached_variance(step, step(0.0))
    if q == math.inf:
        raise ValueError(_unbounded(ensemble))
    return q


def _unbounded(ensemble: Ensemble) -> str:
    """Return the message about a signal without a stationary value."""
    return f"input_variance={STATIONARY!r}: the signal grows without bound for {ensemble!r}; give a number instead"


def _stationary_input(phi: Activation, layer: LayerScale, ensemble: Ensemble) -> float:
    """Return the variance of a Gaussian input that gives the first layer its stationary scale, alpha < 2."""
    scale = fixed_scale(phi, layer)
    if scale == math.inf:
        raise ValueError(_unbounded(ensemble))
    root = activation_size(phi, layer.alpha, scale, layer.alpha) / input_size(1.0, layer.alpha)
    if root != 0.0 and not 1e-150 < root < 1e150:
        raise ValueError(
            f"input_variance={STATIONARY!r}: the square of an input of size {root:.3g} leaves the range of a float for "
            f"{ensemble!r}; give a number instead"
        )
    return root * root


def mean_field(ensemble: Ensemble, input_variance: float | str = 1.0) -> MeanField:
    r"""Follow the size of the signal through the layers of wide networks.

    .. math:: q^h_l = \sigma_w^2 q_l + \sigma_b^2, \qquad q_{l+1} = E\,\varphi(\sqrt{q^h_l} Z)^2, \qquad Z \sim N(0, 1),

    and for weights of stable index alpha < 2

    .. math:: s_{l+1}^\alpha = \gamma^\alpha E|\varphi(s_l X)|^\alpha + \gamma_b^\alpha, \qquad
              E\,e^{itX} = e^{-|t|^{\alpha_l}}, \quad \alpha = \alpha_{l+1} .

    Parameters
    ----------
    ensemble : Ensemble
        The layers, each with weights of finite variance, or Cauchy, stable, or Student's t with df != 2. The biases of
        a layer have a variance if its weights do, else the stable law of the sums over its weights.
    input_variance : float or {"stationary"}, optional
        :math:`q_0 = |x^0|^2/n_0 \ge 0`; ``"stationary"`` is the value that every layer leaves unchanged. The entries of
        the input count as Gaussian of this variance, with :math:`E|x^0_j| = \sqrt{2 q_0/\pi}` for Cauchy weights.

    Returns
    -------
    MeanField
        The scales of the preactivations, and :math:`\chi_l` of each layer.

    Raises
    ------
    TypeError
        If `input_variance` is neither a number nor a text.
    ValueError
        If no mean field is known: biases of another index than the weights, an activation with an infinite
        :math:`E|\varphi(h)|^\alpha`, no stationary value; or if the signal leaves the range of a float.

    See Also
    --------
    rmtjac.theory.stationary_scale : The fixed point of the scale, without an ensemble.
    rmtjac.theory.fixed_variance : The fixed point of the variance, without an ensemble.
    rmtjac.theory.signal_phase : Order and chaos at that variance.

    Notes
    -----
    Cost: two or three integrals over one variable for each layer, whatever the widths; about 1 ms a layer for
    alpha = 1 and 2, 10 ms for others.

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
    start = resolve_input_variance(ensemble, input_variance)
    alphas, scales, chi = follow(ensemble, start, ensemble.depth)
    for array in (scales, chi, alphas):
        array.flags.writeable = False
    return MeanField(start, scales, bool((alphas < 2.0).any()), chi, alphas)


def follow(ensemble: Ensemble, input_variance: float, depth: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return index, scale and chi of the first `depth` layers; errors as in `mean_field`."""
    layers = layer_scales(ensemble, depth)
    scales, chi = np.empty(depth), np.full(depth, np.nan)
    size = input_size(input_variance, layers[0].alpha)
    for l, layer in enumerate(layers):
        phi, scale = ensemble.activations[l], layer.preactivation(size)
        if not math.isfinite(scale):
            raise ValueError(f"the mean field leaves the range of a float in layer {l}: the signal grows without bound")
        if layer.alpha == 2.0:
            slope = gaussian_expectation(lambda h, phi=phi: phi.derivative(h) ** 2, scale, phi.breakpoints)  # type: ignore[misc]
            scale, chi[l] = math.sqrt(scale), layer.weight * slope
        scales[l] = scale
        if l + 1 < depth:
            size = activation_size(phi, layer.alpha, scale, layers[l + 1].alpha)
    return np.array([layer.alpha for layer in layers]), scales, chi
