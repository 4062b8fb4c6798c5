r"""Signal propagation in wide Gaussian networks: fixed points, order and chaos.

One layer maps the variance q of the preactivations h and the correlation c of two inputs (Poole et al. 2016; Schoenholz
et al. 2017, docs/references.md) to

.. math:: q' = \sigma_w^2 E\,\varphi(\sqrt q Z)^2 + \sigma_b^2, \qquad
          c' = \frac{\sigma_w^2 E\,\varphi(h_1)\varphi(h_2) + \sigma_b^2}{q^*}, \qquad
          \chi_1 = \left.\frac{dc'}{dc}\right|_{c=1} = \sigma_w^2 E\,\varphi'(\sqrt{q^*} Z)^2 .

The expectations are those of `rmtjac.propagation.gaussian_pairs`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from rmtjac.activations import Activation
from rmtjac.activations import activation as resolve
from rmtjac.propagation.gaussian_pairs import gap, overlap, slope_moments, square, stretch
from rmtjac.propagation.mean_field import reached_variance
from rmtjac.validate import finite

__all__ = [
    "PhaseDiagram",
    "SignalPhase",
    "correlation_map",
    "fixed_variance",
    "phase_diagram",
    "signal_phase",
]

CRITICAL = 1e-9  # how far log chi_1 may be from 0 at a critical point: beyond the error of q* and of the integrals


def _depth_scale(chi: float) -> float:
    """Return -1 / log|chi|, infinite where chi is 1 to within the accuracy of chi."""
    if chi == 0.0:
        return 0.0
    log = math.log(abs(chi))
    return math.inf if abs(log) <= CRITICAL else -1.0 / log


def _arguments(activation: str | Activation, weight: object, bias: object) -> tuple[Activation, float, float]:
    """Return the checked arguments."""
    numbers = finite("weight_variance", weight, least=0.0), finite("bias_variance", bias, least=0.0)
    return (resolve(activation), *numbers)


def variances(name: str, values: Any) -> np.ndarray:
    """Return `values` as an array of finite numbers >= 0."""
    try:
        array = np.array(values, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(f"{name}={values!r} must be finite numbers >= 0") from None
    for value in array.ravel():
        finite(name, float(value), least=0.0)
    return array


def fixed_variance(activation: str | Activation, weight_variance: float, bias_variance: float) -> float:
    r"""Return the variance q* of the preactivations that a layer reproduces.

    It is the stable solution of

    .. math:: q = \sigma_w^2 E\,\varphi(\sqrt q Z)^2 + \sigma_b^2, \qquad Z \sim N(0, 1),

    that the layers reach from q = 1.

    Parameters
    ----------
    activation : str or Activation
        A registered name, with parameters as in ``"leaky_relu:0.1"``, or an `Activation`.
    weight_variance : float
        :math:`\sigma_w^2 = n\,\mathrm{Var}\,W_{ij} \ge 0`.
    bias_variance : float
        :math:`\sigma_b^2 \ge 0`.

    Returns
    -------
    float
        The variance q*: 0 if the signal dies out, inf if it grows without bound (past 1e12), and 1 if 1 is fixed, as
        for ReLU with :math:`\sigma_w^2 = 2` and no bias, where every q is. The relative error is about 1e-13 divided
        by :math:`1 - \chi_q`.

    Raises
    ------
    TypeError
        If a variance is not a number.
    ValueError
        If a variance is negative or not finite, or the activation is not known.

    See Also
    --------
    rmtjac.mean_field : Follow the variance layer by layer; ``"stationary"`` stands for this fixed point.
    signal_phase : Order and chaos at this variance.

    Notes
    -----
    The search proceeds by factors of 2, and may miss a pair of fixed points that are closer than that. Cost: some ten
    to hundred integrals over one variable.

    References
    ----------
    Poole et al. 2016. See docs/references.md.
    docs/theory/layers.md.

    Examples
    --------
    >>> q = fixed_variance("tanh", 1.5, 0.1)
    >>> round(q, 6)
    0.520216
    """
    return _fixed_variance(*_arguments(activation, weight_variance, bias_variance))


def _fixed_variance(phi: Activation, weight: float, bias: float) -> float:
    """Return q* for checked arguments."""
    return reached_variance(lambda q: weight * square(phi, q) + bias, weight * phi.at_zero**2 + bias)


def _fixed_correlation(phi: Activation, weight: float, q: float) -> float:
    """Return 1 - c* in the chaotic phase: the chord of the correlation map from c* to c = 1 has slope 1."""
    from scipy.optimize import brentq

    def excess(log_delta: float) -> float:
        """Return the slope of the chord minus 1."""
        delta = math.exp(log_delta)
        return weight * gap(phi, q, delta) / (q * delta) - 1.0

    # All derivatives of the map are >= 0 on [0, 1]: the slope of the chord decreases from chi_1 > 1 at delta = 0.
    high = 0.0
    if excess(high) >= -1e-13:
        return 1.0
    low = high - 1.0
    while excess(low) <= 0.0 and low > -60.0:
        low, high = low - 2.0, low
    return math.exp(low if low <= -60.0 else brentq(excess, low, high, xtol=1e-12, rtol=1e-14))


def correlation_map(
    activation: str | Activation, weight_variance: float, bias_variance: float, correlation: Any
) -> np.ndarray:
    r"""Return the correlation of two inputs after one layer, at the fixed point q*.

    .. math:: c' = \frac{\sigma_w^2 E\,\varphi(h_1)\varphi(h_2) + \sigma_b^2}{q^*},

    :math:`h_1, h_2` Gaussian of variance q* and correlation c.

    Parameters
    ----------
    activation : str or Activation
        A registered name, with parameters as in ``"leaky_relu:0.1"``, or an `Activation`.
    weight_variance : float
        :math:`\sigma_w^2 = n\,\mathrm{Var}\,W_{ij} \ge 0`.
    bias_variance : float
        :math:`\sigma_b^2 \ge 0`.
    correlation : array_like of float, any shape
        Correlations c in [-1, 1] before the layer.

    Returns
    -------
    ndarray of float, shape of `correlation`
        The correlations c' after the layer. The absolute error is about 1e-12, with kinks too, for an activation that
        varies over lengths of .1 and more.

    Raises
    ------
    TypeError
        If a variance is not a number.
    ValueError
        If a correlation is outside [-1, 1]; or if q* is 0 or infinite, where no correlation is defined.

    See Also
    --------
    signal_phase : The fixed point of this map and the slope there.

    Notes
    -----
    Cost of a value: about .1 ms, for a curved activation with kinks 2 ms.

    References
    ----------
    Poole et al. 2016. See docs/references.md.
    docs/theory/layers.md.

    Examples
    --------
    >>> correlation_map("tanh", 1.5, 0.1, [0.0, 0.5, 1.0]).round(6)
    array([0.192228, 0.584332, 1.      ])
    """
    phi, weight, bias = _arguments(activation, weight_variance, bias_variance)
    c = np.array(correlation, dtype=float)
    if not np.all(np.abs(c) <= 1.0):
        raise ValueError(f"correlation={correlation!r} must be in [-1, 1]")
    q = _fixed_variance(phi, weight, bias)
    if not 0.0 < q < math.inf:
        raise ValueError(
            f"weight_variance={weight_variance!r}, bias_variance={bias_variance!r}: the variance tends to {q}, "
            "where no correlation is defined"
        )
    values = [(weight * (square(phi, q) - gap(phi, q, 1.0 - float(one))) + bias) / q for one in c.ravel()]
    result = np.array(values).reshape(c.shape)
    result.flags.writeable = False
    return result


@dataclass(frozen=True, eq=False)
class SignalPhase:
    r"""How signals propagate at one point of the phase diagram.

    Made by `signal_phase`.

    Attributes
    ----------
    activation : Activation
        The activation of the layer.
    weight_variance, bias_variance : float
        :math:`\sigma_w^2` and :math:`\sigma_b^2`.
    q : float
        The variance q* of the preactivations, see `fixed_variance`.
    chi_1 : float
        Slope of the correlation map at c = 1, :math:`\sigma_w^2 E\,\varphi'^2`: the factor by which a layer changes
        the square of a small angle, and the mean squared singular value of its Jacobian. NaN if q* is infinite.
    chi_q : float
        Slope of the variance map at q*. NaN if q* is infinite.
    correlation : float
        The stable fixed point c* of the correlation map; 1 if q* = 0.
    slope : float
        Slope of the correlation map at c*. At q* = 0 covariances take the place of correlations, and it is
        :math:`\chi_1`.
    xi_q, xi_c : float
        Depth scales :math:`-1/\log|\chi_q|` and :math:`-1/\log(\mathrm{slope})` in layers; infinite at criticality.
    phase : {"ordered", "critical", "chaotic", "unbounded"}
        Ordered if :math:`\chi_1 < 1`, then c* = 1; critical if :math:`|\chi_1 - 1| \le 10^{-9}`; chaotic if
        :math:`\chi_1 > 1`, then c* < 1; unbounded if q* is infinite.

    See Also
    --------
    signal_phase : Compute it.
    phase_diagram : The same on a grid.

    References
    ----------
    Poole et al. 2016; Schoenholz et al. 2017. See docs/references.md.
    docs/theory/layers.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> point = rj.theory.signal_phase("tanh", 2.5, 0.05)
    >>> point.phase, round(point.lyapunov, 4)
    ('chaotic', 0.0627)
    """

    activation: Activation
    weight_variance: float
    bias_variance: float
    q: float
    chi_1: float
    chi_q: float
    correlation: float
    slope: float
    xi_q: float
    xi_c: float
    phase: str

    @property
    def lyapunov(self) -> float:
        """The growth rate of a small angle, (1/2) log chi_1 for each layer."""
        return 0.5 * math.log(self.chi_1) if self.chi_1 != 0.0 else -math.inf

    def __repr__(self) -> str:
        return (
            f"SignalPhase({self.activation.spec}: {self.phase}, q={self.q:.6g}, chi_1={self.chi_1:.6g}, "
            f"xi_q={self.xi_q:.4g}, xi_c={self.xi_c:.4g})"
        )


def signal_phase(activation: str | Activation, weight_variance: float, bias_variance: float) -> SignalPhase:
    r"""Find the fixed points of variance and correlation, and the phase.

    .. math:: \chi_1 = \sigma_w^2 E\,\varphi'(\sqrt{q^*} Z)^2

    decides: two close inputs converge (ordered) where it is < 1, and diverge (chaotic) where it is > 1.

    Parameters
    ----------
    activation : str or Activation
        A registered name, with parameters as in ``"leaky_relu:0.1"``, or an `Activation`.
    weight_variance : float
        :math:`\sigma_w^2 = n\,\mathrm{Var}\,W_{ij} \ge 0`.
    bias_variance : float
        :math:`\sigma_b^2 \ge 0`.

    Returns
    -------
    SignalPhase
        The fixed points, the slopes there, the depth scales and the phase.

    Raises
    ------
    TypeError
        If a variance is not a number.
    ValueError
        If a variance is negative or not finite, or the activation is not known.

    See Also
    --------
    phase_diagram : The same on a grid.
    critical_line : Where chi_1 = 1.

    Notes
    -----
    Cost: the fixed point q* takes some ten to hundred integrals over one variable; the fixed point c* of the chaotic
    phase as many integrals over two.

    References
    ----------
    Poole et al. 2016; Schoenholz et al. 2017. See docs/references.md.
    docs/theory/layers.md.

    Examples
    --------
    >>> signal_phase("tanh", 2.5, 0.05)
    SignalPhase(tanh: chaotic, q=1.06396, chi_1=1.13352, xi_q=1.18, xi_c=11.8)
    """
    phi, weight, bias = _arguments(activation, weight_variance, bias_variance)
    q = _fixed_variance(phi, weight, bias)
    if q == math.inf:
        nan = math.nan
        return SignalPhase(phi, weight, bias, q, nan, nan, nan, nan, nan, nan, phase="unbounded")
    chi_1 = weight * slope_moments(phi, q).mean
    chi_q = weight * stretch(phi, q)
    phase = "critical" if abs(chi_1 - 1.0) <= CRITICAL else "ordered" if chi_1 < 1.0 else "chaotic"
    delta, slope = 0.0, chi_1
    if phase == "chaotic":
        delta = _fixed_correlation(phi, weight, q)
        slope = weight * overlap(phi, q, delta)
    scales = _depth_scale(chi_q), _depth_scale(slope)
    return SignalPhase(phi, weight, bias, q, chi_1, chi_q, 1.0 - delta, slope, *scales, phase)


@dataclass(frozen=True, eq=False)
class PhaseDiagram:
    r"""Phases of signal propagation on a grid of weight and bias variances.

    Made by `phase_diagram`. The arrays have the shape (bias variances, weight variances) that ``pcolormesh`` takes.

    Attributes
    ----------
    activation : Activation
        The activation of the layers.
    weight_variances : ndarray of float, shape (n,)
        Values of :math:`\sigma_w^2`.
    bias_variances : ndarray of float, shape (m,)
        Values of :math:`\sigma_b^2`.
    q, chi_1, chi_q, correlation, xi_q, xi_c : ndarray of float, shape (m, n)
        As in `SignalPhase`.
    phase : ndarray of str, shape (m, n)
        As in `SignalPhase`.

    See Also
    --------
    phase_diagram : Compute it.
    rmtjac.plotting.plot_phase_diagram : Draw it.

    References
    ----------
    Poole et al. 2016; Schoenholz et al. 2017. See docs/references.md.
    docs/theory/layers.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> rj.theory.phase_diagram("tanh", [1.0, 2.0], [0.0, 0.1]).phase.tolist()
    [['critical', 'chaotic'], ['ordered', 'chaotic']]
    """

    activation: Activation
    weight_variances: np.ndarray
    bias_variances: np.ndarray
    q: np.ndarray
    chi_1: np.ndarray
    chi_q: np.ndarray
    correlation: np.ndarray
    xi_q: np.ndarray
    xi_c: np.ndarray
    phase: np.ndarray

    def to_pandas(self) -> Any:
        """Return a table with one row for each point of the grid; needs pandas."""
        import pandas as pd

        bias, weight = np.meshgrid(self.bias_variances, self.weight_variances, indexing="ij")
        columns = ("q", "chi_1", "chi_q", "correlation", "xi_q", "xi_c", "phase")
        table = {"weight_variance": weight.ravel(), "bias_variance": bias.ravel()}
        return pd.DataFrame(table | {name: getattr(self, name).ravel() for name in columns})

    def __repr__(self) -> str:
        words, counts = np.unique(self.phase, return_counts=True)
        text = ", ".join(f"{count} {word}" for word, count in zip(words, counts, strict=True))
        return f"PhaseDiagram({self.activation.spec}, {self.phase.shape[0]} x {self.phase.shape[1]}: {text})"


def phase_diagram(activation: str | Activation, weight_variances: Any, bias_variances: Any) -> PhaseDiagram:
    r"""Find the phases of signal propagation on a grid of weight and bias variances.

    Each point is a `signal_phase`: ordered, critical or chaotic as :math:`\chi_1` is below, at or above 1.

    Parameters
    ----------
    activation : str or Activation
        A registered name, with parameters as in ``"leaky_relu:0.1"``, or an `Activation`.
    weight_variances : array_like of float, shape (n,)
        Values of :math:`\sigma_w^2 \ge 0`.
    bias_variances : array_like of float, shape (m,)
        Values of :math:`\sigma_b^2 \ge 0`.

    Returns
    -------
    PhaseDiagram
        The phases and fixed points, arrays of shape (m, n).

    Raises
    ------
    TypeError
        If a variance is not a number.
    ValueError
        If a variance is negative or not finite, or an axis is empty or not one-dimensional.

    See Also
    --------
    signal_phase : One point.
    critical_line : The border of order and chaos.

    Notes
    -----
    Cost: n m times that of `signal_phase`.

    References
    ----------
    Poole et al. 2016; Schoenholz et al. 2017. See docs/references.md.
    docs/theory/layers.md.

    Examples
    --------
    >>> phase_diagram("tanh", [1.0, 2.0, 3.0], [0.0, 0.1])
    PhaseDiagram(tanh, 2 x 3: 4 chaotic, 1 critical, 1 ordered)
    """
    phi = resolve(activation)
    axes = variances("weight_variances", weight_variances), variances("bias_variances", bias_variances)
    for name, values in zip(("weight_variances", "bias_variances"), axes, strict=True):
        if values.ndim != 1 or values.size == 0:
            raise ValueError(f"{name} of shape {values.shape} must be one-dimensional and not empty")
    points = [[signal_phase(phi, float(weight), float(bias)) for weight in axes[0]] for bias in axes[1]]
    names = ("q", "chi_1", "chi_q", "correlation", "xi_q", "xi_c", "phase")
    arrays = [*axes, *(np.array([[getattr(point, name) for point in row] for row in points]) for name in names)]
    for array in arrays:
        array.flags.writeable = False
    return PhaseDiagram(phi, *arrays)
