r"""Order and chaos in wide Gaussian networks: at one pair of weight and bias variances, and on a grid of them.

The slope of the correlation map at c = 1,

.. math:: \chi_1 = \left.\frac{dc'}{dc}\right|_{c=1} = \sigma_w^2 E\,\varphi'(\sqrt{q^*} Z)^2,

decides between order and chaos (Poole et al. 2016; Schoenholz et al. 2017, docs/references.md). The maps and their
fixed points are in `rmtjac.propagation.layer_maps`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from rmtjac.activations import Activation
from rmtjac.activations import activation as resolve
from rmtjac.propagation.gaussian_pairs import overlap, slope_moments, stretch
from rmtjac.propagation.layer_maps import checked_layer, fixed_correlation, reached, variances

__all__ = ["CRITICAL", "PhaseDiagram", "SignalPhase", "phase_diagram", "signal_phase"]

CRITICAL = 1e-9  # how far log chi_1 may be from 0 at a critical point: more than the errors of q* and of the integrals


def _depth_scale(chi: float) -> float:
    """Return -1 / log|chi|, infinite where chi is 1 to within the accuracy of chi."""
    if chi == 0.0:
        return 0.0
    log = math.log(abs(chi))
    return math.inf if abs(log) <= CRITICAL else -1.0 / log


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
        Slope of the correlation map at c*. At q* = 0, where correlations are not defined, it is :math:`\chi_1`, the
        slope of the map of covariances.
    xi_q, xi_c : float
        Depth scales :math:`-1/\log|\chi_q|` and :math:`-1/\log(\mathrm{slope})` in layers; infinite if the slope is 1.
    phase : {"ordered", "critical", "chaotic", "unbounded"}
        Critical if :math:`|\chi_1 - 1| \le 10^{-9}`; ordered if :math:`\chi_1` is smaller, and then c* = 1; chaotic if
        it is larger, and then c* < 1; unbounded if q* is infinite.

    See Also
    --------
    signal_phase : Find the phase at given variances.
    phase_diagram : Find the phases on a grid of variances.

    References
    ----------
    Poole et al. 2016; Schoenholz et al. 2017. See docs/references.md.
    docs/theory/conventions.md.

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
    def spectral_radius(self) -> float:
        """The largest modulus sqrt(chi_1) of the eigenvalues of the Jacobian of one wide square layer.

        That of L such layers is its L-th power (docs/theory/eigenvalues.md).
        """
        return math.sqrt(self.chi_1)

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

    decides: two close inputs converge (ordered) if it is < 1, and diverge (chaotic) if it is > 1.

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
    phase_diagram : Find the phases on a grid of variances.
    critical_line : The weight variances at which chi_1 = 1.

    Notes
    -----
    Cost: the fixed point q* takes ten to a hundred integrals over one variable. In the chaotic phase the fixed point c*
    takes as many integrals over two variables.

    References
    ----------
    Poole et al. 2016; Schoenholz et al. 2017. See docs/references.md.
    docs/theory/conventions.md.

    Examples
    --------
    >>> signal_phase("tanh", 2.5, 0.05)
    SignalPhase(tanh: chaotic, q=1.06396, chi_1=1.13352, xi_q=1.18, xi_c=11.8)
    """
    phi, weight, bias = checked_layer(activation, weight_variance, bias_variance)
    q = reached(phi, weight, bias)
    if q == math.inf:
        nan = math.nan
        return SignalPhase(phi, weight, bias, q, nan, nan, nan, nan, nan, nan, phase="unbounded")
    chi_1 = weight * slope_moments(phi, q).mean
    chi_q = weight * stretch(phi, q)
    phase = "critical" if abs(chi_1 - 1.0) <= CRITICAL else "ordered" if chi_1 < 1.0 else "chaotic"
    delta, slope = 0.0, chi_1
    if phase == "chaotic":
        delta = fixed_correlation(phi, weight, q)
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
    phase_diagram : Find the phases on a grid of variances.
    rmtjac.plotting.plot_phase_diagram : Draw this diagram.

    References
    ----------
    Poole et al. 2016; Schoenholz et al. 2017. See docs/references.md.
    docs/theory/conventions.md.

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

    @property
    def spectral_radius(self) -> np.ndarray:
        """The largest modulus sqrt(chi_1) of the eigenvalues of the Jacobian of one wide square layer, shape (m, n)."""
        out: np.ndarray = np.sqrt(self.chi_1)
        return out

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
    signal_phase : Find the phase at one point.
    critical_line : The border of order and chaos.

    Notes
    -----
    Cost: n m times that of `signal_phase`.

    References
    ----------
    Poole et al. 2016; Schoenholz et al. 2017. See docs/references.md.
    docs/theory/conventions.md.

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
