r"""Weight and bias variances on the border of order and chaos, and those that lead to dynamical isometry.

Sources: Poole et al. 2016, Pennington et al. 2017, PSG (docs/references.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from rmtjac.activations import Activation
from rmtjac.activations import activation as resolve
from rmtjac.propagation.gaussian_pairs import slope_moments, square, stretch
from rmtjac.propagation.layer_maps import fixed_variance, variances
from rmtjac.propagation.phase import CRITICAL
from rmtjac.validate import choice, finite, positive_int

__all__ = ["Isometry", "critical_line", "isometry"]


def _critical_point(phi: Activation, q: float) -> tuple[float, float]:
    """Return (sigma_w^2, sigma_b^2) at which q is a fixed point with chi_1 = 1."""
    mean = slope_moments(phi, q).mean
    if mean == 0.0:
        return math.inf, -math.inf
    return 1.0 / mean, q - square(phi, q) / mean


def critical_line(activation: str | Activation, bias_variance: Any) -> np.ndarray:
    r"""Return the weight variance at which :math:`\chi_1 = 1`, the border of order and chaos.

    On this line

    .. math:: \sigma_w^2 = \frac{1}{E\,\varphi'(\sqrt{q^*} Z)^2}, \qquad
              \sigma_b^2 = q^* - \sigma_w^2 E\,\varphi(\sqrt{q^*} Z)^2,

    and the second equation is solved for q*. Without bias and with :math:`\varphi(0) = 0` the line ends at
    :math:`\sigma_w^2 = 1/\varphi'(0)^2`.

    Parameters
    ----------
    activation : str or Activation
        A registered name, with parameters as in ``"leaky_relu:0.1"``, or an `Activation`.
    bias_variance : array_like of float, any shape
        Values of :math:`\sigma_b^2 \ge 0`.

    Returns
    -------
    ndarray of float, shape of `bias_variance`
        Values of :math:`\sigma_w^2` with a relative error of about 1e-11; NaN where no stable q* <= 1e6 is critical
        (ReLU with bias).

    Raises
    ------
    TypeError
        If a variance is not a number.
    ValueError
        If a variance is negative or not finite, or the activation is not known.

    See Also
    --------
    signal_phase : The phase at one point.
    isometry : The point of the line with a given spread of singular values.

    Notes
    -----
    Cost: 141 pairs of integrals over one variable, and about twenty pairs more for each bias variance.

    References
    ----------
    Poole et al. 2016; Schoenholz et al. 2017. See docs/references.md.
    docs/theory/conventions.md.

    Examples
    --------
    >>> critical_line("tanh", [0.0, 0.05]).round(6)
    array([1.      , 1.760955])
    """
    phi, bias = resolve(activation), variances("bias_variance", bias_variance)
    grid = np.geomspace(1e-8, 1e6, 141)
    known = np.array([_critical_point(phi, q)[1] for q in grid])
    result = np.array([_critical_weight(phi, float(b), grid, known) for b in bias.ravel()]).reshape(bias.shape)
    result.flags.writeable = False
    return result


def _critical_weight(phi: Activation, bias: float, grid: np.ndarray, known: np.ndarray) -> float:
    """Return the critical sigma_w^2 at one bias variance; `known` has sigma_b^2 at the q* of the grid."""
    from scipy.optimize import brentq

    candidates = [0.0] if bias == phi.at_zero == 0.0 else []
    for i in np.flatnonzero((known[:-1] < bias) != (known[1:] < bias)):
        candidates.append(brentq(lambda q: _critical_point(phi, q)[1] - bias, grid[i], grid[i + 1], rtol=1e-14))
    for q in candidates:
        weight = _critical_point(phi, q)[0]
        reached = fixed_variance(phi, weight, bias) if math.isfinite(weight) else math.inf
        # q may be a fixed point that is unstable, or not the one that is reached.
        if (
            reached < math.inf
            and abs(weight * slope_moments(phi, reached).mean - 1.0) < 1e-6
            and weight * stretch(phi, reached) <= 1.0 + CRITICAL
        ):
            return weight
    return math.nan


@dataclass(frozen=True, eq=False)
class Isometry:
    r"""Weight and bias variance for a given spread of the squared singular values of the Jacobian.

    Made by `isometry`.

    Attributes
    ----------
    activation : Activation
        The activation of the layers.
    depth : int
        The number L of layers.
    weights : {"orthogonal", "gaussian"}
        The kind of weights.
    target : float
        The requested spread, the variance of the squared singular values.
    weight_variance, bias_variance : float
        The :math:`\sigma_w^2` and :math:`\sigma_b^2` found.
    q, chi_1, spread : float
        The fixed variance q*, :math:`\chi_1` and the spread, computed from these two variances.

    See Also
    --------
    isometry : Find these variances.

    References
    ----------
    PSG Section 2; Pennington et al. 2017. See docs/references.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> tuned = rj.theory.isometry("tanh", 100, 0.1)
    >>> round(tuned.weight_variance, 5), round(tuned.spread, 9)
    (1.02324, 0.1)
    """

    activation: Activation
    depth: int
    weights: str
    target: float
    weight_variance: float
    bias_variance: float
    q: float
    chi_1: float
    spread: float

    def __repr__(self) -> str:
        return (
            f"Isometry({self.activation.spec}, {self.depth} {self.weights} layers: weight_variance="
            f"{self.weight_variance:.6g}, bias_variance={self.bias_variance:.6g}, spread={self.spread:.6g})"
        )


def isometry(activation: str | Activation, depth: int, target: float, *, weights: str = "orthogonal") -> Isometry:
    r"""Find the critical layer whose Jacobian has a given spread of squared singular values.

    At :math:`\chi_1 = 1` the limiting spectrum of :math:`J J^T` has mean 1 and variance

    .. math:: \sigma^2_{JJ^T} = L\left(\frac{\mu_2}{\mu_1^2} - 1 - s_1\right), \qquad
              \mu_k = E\,\varphi'(\sqrt{q^*} Z)^{2k},

    with :math:`s_1 = 0` for orthogonal weights and -1 for Gaussian ones. With orthogonal weights and a small q*, tanh
    and erf come near isometry. Gaussian weights add L to the variance, and so does ReLU, half of whose slopes are 0.

    Parameters
    ----------
    activation : str or Activation
        A registered name, with parameters as in ``"leaky_relu:0.1"``, or an `Activation`.
    depth : int
        The number L of layers, > 0.
    target : float
        The requested variance of the squared singular values: > 0, and > L with Gaussian weights.
    weights : {"orthogonal", "gaussian"}, optional
        The kind of weights.

    Returns
    -------
    Isometry
        The weight and bias variance, and the spread computed from them.

    Raises
    ------
    TypeError
        If `depth` is not a whole number, or `target` not a number.
    ValueError
        If no stable critical layer has this spread, or an argument is out of range.

    See Also
    --------
    critical_line : All critical layers.

    Notes
    -----
    Cost: about 150 integrals over one variable, whatever the depth.

    References
    ----------
    PSG Section 2; Pennington et al. 2017. See docs/references.md.
    docs/theory/conventions.md.

    Examples
    --------
    >>> tuned = isometry("tanh", 100, 0.1)
    >>> tuned
    Isometry(tanh, 100 orthogonal layers: weight_variance=1.02324, bias_variance=2.0575e-06, spread=0.1)
    >>> tuned.q < 0.02
    True
    """
    from scipy.optimize import brentq

    phi, depth = resolve(activation), positive_int("depth", depth)
    target = finite("target", target, above=0.0)
    choice("weights", weights, ("orthogonal", "gaussian"))
    floor = depth if weights == "gaussian" else 0
    if target <= floor:
        raise ValueError(
            f"target={target!r} must be > depth={depth} with Gaussian weights, which alone spread by 1 a layer; "
            "only orthogonal weights come near isometry"
        )

    def excess(log_q: float) -> float:
        """Return the spread at q minus the target."""
        return depth * slope_moments(phi, math.exp(log_q)).spread + floor - target

    grid = np.log(np.geomspace(1e-8, 1e6, 141))
    known = np.array([excess(x) for x in grid])
    crossings = np.flatnonzero((known[:-1] < 0.0) != (known[1:] < 0.0))
    if not crossings.size:
        raise ValueError(
            f"target={target!r} is out of reach of activation={phi.spec!r}: over depth={depth} layers with {weights} "
            f"weights the spread is between {known.min() + target:.4g} and {known.max() + target:.4g}"
        )
    q = math.exp(brentq(excess, grid[crossings[0]], grid[crossings[0] + 1], xtol=1e-14, rtol=1e-14))
    weight, bias = _critical_point(phi, q)
    reached = fixed_variance(phi, weight, bias) if bias >= 0.0 else math.nan
    if not abs(reached - q) <= 1e-3 * q or weight * stretch(phi, reached) > 1.0:
        raise ValueError(
            f"target={target!r} of activation={phi.spec!r} asks for q={q:.4g}, bias_variance={bias:.4g}, which is not "
            "a stable fixed point of a critical layer"
        )
    mean, spread = slope_moments(phi, reached)
    return Isometry(phi, depth, weights, target, weight, bias, reached, weight * mean, depth * spread + floor)
