r"""Signal propagation in wide Gaussian networks: fixed points, order and chaos, tuning to isometry.

One layer maps the preactivations h, variance q and correlation c of two inputs (Poole et al. 2016; Schoenholz et al.
2017), to

.. math:: q' = \sigma_w^2 E\,\varphi(\sqrt q Z)^2 + \sigma_b^2, \qquad
          c' = \frac{\sigma_w^2 E\,\varphi(h_1)\varphi(h_2) + \sigma_b^2}{q^*}, \qquad
          \chi_1 = \left.\frac{dc'}{dc}\right|_{c=1} = \sigma_w^2 E\,\varphi'(\sqrt{q^*} Z)^2 .

Differences from c = 1 are computed as :math:`E(\varphi(h_1) - \varphi(h_2))^2/2`, which does not cancel near it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from rmtjac.activations import Activation
from rmtjac.activations import activation as resolve
from rmtjac.validate import choice, finite, positive_int

__all__ = [
    "Isometry",
    "PhaseDiagram",
    "SignalPhase",
    "correlation_map",
    "critical_line",
    "fixed_point",
    "isometry",
    "phase_diagram",
    "signal_phase",
]

CRITICAL = 1e-9  # how far log chi_1 may be from 0 at a critical point: beyond the error of q* and of the integrals
_REACH = 9.0  # in standard deviations; the Gaussian mass beyond is 2e-19
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_WIDEST = 0.6  # step that suffices for the Gaussian weight itself: error exp(-2 pi^2 / step^2)
_MOST = 400  # points of a trapezoidal rule, beyond which panels are cheaper
_NEAR_ZERO = 1e-36  # a variance that stands for q -> 0+, where phi' has both its one-sided values


def _normal(z: np.ndarray) -> np.ndarray:
    return np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)


def _panels(cuts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre nodes and weights of N(0, 1) between sorted `cuts` (last axis); empty panels weigh nothing."""
    half = 0.5 * np.diff(cuts, axis=-1)[..., None]
    z = 0.5 * (cuts[..., 1:] + cuts[..., :-1])[..., None] + half * _NODES
    shape = (*cuts.shape[:-1], -1)
    return z.reshape(shape), (half * _WEIGHTS * _normal(z)).reshape(shape)


def _trapezoid(step: float) -> tuple[np.ndarray, np.ndarray]:
    z = step * np.arange(-math.ceil(_REACH / step), math.ceil(_REACH / step) + 1)
    return z, step * _normal(z)


@lru_cache(maxsize=64)
def _step(phi: Activation) -> float:
    """Step in h at which the trapezoidal rule has converged; 0: never, for phi is not analytic.

    It converges like exp(-2 pi d / step), d the distance of the singularities of phi from the real axis. The error of
    E phi(h_1) phi(h_2) is no larger, as a shift of h_1 by i d shifts h_2 by less.
    """
    if phi.breakpoints:
        return 0.0

    def moments(step: float, scale: float) -> np.ndarray:
        z, w = _trapezoid(step)
        value, slope = phi(scale * z), phi.derivative(scale * z)
        return np.array([w @ value**2, w @ slope**2, w @ (value * slope * z)])

    def converged(step: float, scale: float) -> bool:
        fine = moments(0.5 * step, scale)
        return bool(np.all(np.abs(moments(step, scale) - fine) <= 1e-13 * np.abs(fine)[:2].max()))

    for step in 0.5 * 2.0 ** (-0.5 * np.arange(9)):
        if all(converged(min(_WIDEST, float(step) / scale), scale) for scale in (0.3, 0.6, 1.0, 2.0, 4.0)):
            return float(step)
    return 0.0


def _features(phi: Activation, scale: float) -> np.ndarray:
    """Points in h between which panels resolve phi: kinks, and for a curved phi powers of 2, as it varies near 0."""
    if phi.piecewise_affine:
        return np.array(phi.breakpoints)
    # A phi without kinks comes here if it is steep, too, or if the scale is large.
    powers = 2.0 ** np.arange(0 if phi.breakpoints else -4, math.ceil(math.log2(max(2.0, _REACH * scale))))
    return np.sort(np.concatenate([phi.breakpoints, -powers, [0.0], powers]))


def _cuts(points: np.ndarray) -> np.ndarray:
    bound = np.broadcast_to([-_REACH, -6.0, -4.0, -2.0, 0.0, 2.0, 4.0, 6.0, _REACH], (*points.shape[:-1], 9))
    return np.sort(np.concatenate([bound, np.clip(points, -_REACH, _REACH)], axis=-1), axis=-1)


def _line(phi: Activation, variance: float) -> tuple[np.ndarray, np.ndarray]:
    """Points h and weights of N(0, variance) for products of two of phi and phi'."""
    scale = math.sqrt(max(variance, _NEAR_ZERO))
    step = min(_WIDEST, _step(phi) / scale)
    if step * _MOST <= 2.0 * _REACH:
        return _split_line(phi, variance)
    z, w = _trapezoid(step)
    return scale * z, w


def _split_line(phi: Activation, variance: float) -> tuple[np.ndarray, np.ndarray]:
    """Points h and weights of N(0, variance) for any function of phi and phi'."""
    scale = math.sqrt(max(variance, _NEAR_ZERO))
    z, w = _panels(_cuts(_features(phi, scale) / scale))
    return scale * z, w


def _plane(phi: Activation, variance: float, delta: float) -> tuple[np.ndarray, ...]:
    """h_1 (n,), h_2 (n, m) and their weights (n,), (m,) or (n, m), for correlation 1 - delta."""
    c, scale = 1.0 - delta, math.sqrt(max(variance, _NEAR_ZERO))
    rest = scale * math.sqrt(max(delta * (2.0 - delta), _NEAR_ZERO))
    if _step(phi) * _MOST > 2.0 * _REACH * scale:
        h, w = _line(phi, variance)
        y, v = _line(phi, rest**2)
        return h, c * h[:, None] + y, w, v
    points = features = _features(phi, scale)
    if abs(c) > 0.3 and phi.breakpoints:
        # In h_1 a kink of phi(h_2) is smoothed over the width rest / c, which may be small.
        smoothed = np.add.outer(np.array(phi.breakpoints), rest * np.arange(-8.0, 9.0, 2.0)).ravel() / c
        points = np.concatenate([features, smoothed])
    z, w = _panels(_cuts(points / scale))
    h = scale * z
    y, v = _panels(_cuts((features - c * h[:, None]) / rest))
    return h, c * h[:, None] + rest * y, w, v


def _pair_mean(w: np.ndarray, v: np.ndarray, values: np.ndarray) -> float:
    return float(w @ (values @ v if v.ndim == 1 else (values * v).sum(axis=1)))


def _gap(phi: Activation, variance: float, delta: float) -> float:
    """E phi^2 - E phi(h_1) phi(h_2) at correlation 1 - delta."""
    h, other, w, v = _plane(phi, variance, delta)
    return _pair_mean(w, v, 0.5 * (phi(h)[:, None] - phi(other)) ** 2)


def _overlap(phi: Activation, variance: float, delta: float) -> float:
    """E phi'(h_1) phi'(h_2) at correlation 1 - delta."""
    h, other, w, v = _plane(phi, variance, delta)
    return _pair_mean(w, v, phi.derivative(h)[:, None] * phi.derivative(other))


def _square(phi: Activation, variance: float) -> float:
    h, w = _line(phi, variance)
    with np.errstate(over="ignore"):  # an infinite square is above every bound
        return float(w @ phi(h) ** 2)


def _slope_moments(phi: Activation, variance: float) -> tuple[float, float]:
    """Mean of phi'^2, and its variance divided by the mean squared."""
    h, w = _split_line(phi, variance)
    slope = phi.derivative(h) ** 2
    mean = float(w @ slope)
    return mean, float(w @ (slope - mean) ** 2) / mean**2 if mean > 0.0 else math.inf


def _chi_q(phi: Activation, weight: float, variance: float) -> float:
    variance = max(variance, _NEAR_ZERO)
    h, w = _line(phi, variance)
    return weight * float(w @ (phi(h) * phi.derivative(h) * h)) / variance


def _depth_scale(chi: float) -> float:
    """-1 / log|chi|, infinite where chi is 1 to within the accuracy of chi."""
    if chi == 0.0:
        return 0.0
    log = math.log(abs(chi))
    return math.inf if abs(log) <= CRITICAL else -1.0 / log


def _arguments(activation: str | Activation, weight: object, bias: object) -> tuple[Activation, float, float]:
    numbers = finite("weight_variance", weight, least=0.0), finite("bias_variance", bias, least=0.0)
    return (resolve(activation), *numbers)


def _variances(name: str, values: Any) -> np.ndarray:
    try:
        array = np.array(values, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(f"{name}={values!r} must be finite numbers >= 0") from None
    for value in array.ravel():
        finite(name, float(value), least=0.0)
    return array


def fixed_point(activation: str | Activation, weight_variance: float, bias_variance: float) -> float:
    r"""Return the variance q* of the preactivations that a layer reproduces.

    It is the stable solution of :math:`q = \sigma_w^2 E\,\varphi(\sqrt q Z)^2 + \sigma_b^2` that the layers reach
    from q = 1.

    Parameters
    ----------
    activation
        A name or an `Activation`.
    weight_variance, bias_variance
        :math:`\sigma_w^2 = n\,\mathrm{Var}\,W_{ij} \ge 0` and :math:`\sigma_b^2 \ge 0`.

    Returns
    -------
    float
        0 if the signal dies out, inf if it grows without bound (past 1e12). If the start is itself fixed it is 1: so
        for ReLU with :math:`\sigma_w^2 = 2` and no bias, where every q is. The search goes by factors of 2, and a
        pair of fixed points closer than that may be passed over. Relative error about 1e-13 divided by
        :math:`1 - \chi_q`.

    See Also
    --------
    rmtjac.mean_field : follows the variance layer by layer, with ``"stationary"`` for this fixed point.

    Examples
    --------
    >>> q = fixed_point("tanh", 1.5, 0.1)
    >>> round(q, 6)
    0.520216
    """
    return _fixed_point(*_arguments(activation, weight_variance, bias_variance))


def _fixed_point(phi: Activation, weight: float, bias: float) -> float:
    from scipy.optimize import brentq

    def growth(q: float) -> float:
        return weight * _square(phi, q) + bias - q

    def side(q: float) -> int:  # is the map above (+1) or below (-1) the diagonal, beyond rounding?
        value = growth(q)
        return 0 if abs(value) <= 1e-13 * q else 1 if value > 0.0 else -1

    low = high = 1.0
    start = side(1.0)
    if start == 0:
        return 1.0
    if start > 0:
        while side(high) >= 0:
            if growth(high) > 0.0:  # a flat point may be on either side
                low = high
            high *= 2.0
            if high > 1e12:
                return math.inf
    else:
        at_zero = weight * phi.at_zero**2 + bias
        while side(low) <= 0:
            if growth(low) < 0.0:
                high = low
            low *= 0.5
            if at_zero == 0.0 and low < 1e-12:
                return 0.0
    return float(brentq(growth, low, high, xtol=1e-300, rtol=1e-15))


def _fixed_correlation(phi: Activation, weight: float, q: float) -> float:
    """1 - c* in the chaotic phase: where the chord of the correlation map to c = 1 has slope 1."""
    from scipy.optimize import brentq

    def excess(log_delta: float) -> float:
        delta = math.exp(log_delta)
        return weight * _gap(phi, q, delta) / (q * delta) - 1.0

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

    Parameters
    ----------
    activation, weight_variance, bias_variance
        As in `fixed_point`.
    correlation
        Values c in [-1, 1] before the layer.

    Raises
    ------
    ValueError
        If a correlation is outside [-1, 1], or if q* is 0 or infinite, where a correlation means nothing.

    Notes
    -----
    Absolute error about 1e-12, kinks included, for an activation that varies over lengths of .1 and more. Cost of a
    value: about .1 ms, with kinks 2 ms.

    Examples
    --------
    >>> correlation_map("tanh", 1.5, 0.1, [0.0, 0.5, 1.0]).round(6)
    array([0.192228, 0.584332, 1.      ])
    """
    phi, weight, bias = _arguments(activation, weight_variance, bias_variance)
    c = np.array(correlation, dtype=float)
    if not np.all(np.abs(c) <= 1.0):
        raise ValueError(f"correlation={correlation!r} must be in [-1, 1]")
    q = _fixed_point(phi, weight, bias)
    if not 0.0 < q < math.inf:
        raise ValueError(
            f"weight_variance={weight_variance!r}, bias_variance={bias_variance!r}: the variance tends to {q}, "
            "where a correlation means nothing"
        )
    values = [(weight * (_square(phi, q) - _gap(phi, q, 1.0 - float(one))) + bias) / q for one in c.ravel()]
    result = np.array(values).reshape(c.shape)
    result.flags.writeable = False
    return result


@dataclass(frozen=True, eq=False)
class SignalPhase:
    r"""How signals propagate at one point of the phase diagram.

    Attributes
    ----------
    activation, weight_variance, bias_variance
        The layer.
    q
        q*, see `fixed_point`.
    chi_1, chi_q
        Slope of the correlation map at c = 1 (the growth of an angle squared, and the mean squared singular value of
        a layer) and of the length map at q*. NaN if q* is infinite.
    correlation, slope
        c*, the stable fixed point of the correlation map, and the slope there. At q* = 0 covariances take the place
        of correlations: c* = 1, slope :math:`\chi_1`.
    xi_q, xi_c
        Depth scales :math:`-1/\log|\chi_q|` and :math:`-1/\log(\mathrm{slope})`, in layers; inf at criticality.
    phase
        ``"ordered"`` (:math:`\chi_1 < 1`, c* = 1), ``"critical"`` (to within 1e-9), ``"chaotic"``
        (:math:`\chi_1 > 1`, c* < 1), or ``"unbounded"`` if q* is infinite.
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
        """Growth rate of a small angle, (1/2) log chi_1 per layer."""
        return 0.5 * math.log(self.chi_1) if self.chi_1 != 0.0 else -math.inf

    def __repr__(self) -> str:
        return (
            f"SignalPhase({self.activation.spec}: {self.phase}, q={self.q:.6g}, chi_1={self.chi_1:.6g}, "
            f"xi_q={self.xi_q:.4g}, xi_c={self.xi_c:.4g})"
        )


def signal_phase(activation: str | Activation, weight_variance: float, bias_variance: float) -> SignalPhase:
    r"""Follow lengths and angles to their fixed points.

    Parameters
    ----------
    activation, weight_variance, bias_variance
        As in `fixed_point`.

    Examples
    --------
    >>> signal_phase("tanh", 2.5, 0.05)
    SignalPhase(tanh: chaotic, q=1.06396, chi_1=1.13352, xi_q=1.18, xi_c=11.8)
    """
    phi, weight, bias = _arguments(activation, weight_variance, bias_variance)
    q = _fixed_point(phi, weight, bias)
    if q == math.inf:
        nan = math.nan
        return SignalPhase(phi, weight, bias, q, nan, nan, nan, nan, nan, nan, phase="unbounded")
    chi_1 = weight * _slope_moments(phi, q)[0]
    chi_q = _chi_q(phi, weight, q)
    phase = "critical" if abs(chi_1 - 1.0) <= CRITICAL else "ordered" if chi_1 < 1.0 else "chaotic"
    delta, slope = 0.0, chi_1
    if phase == "chaotic":
        delta = _fixed_correlation(phi, weight, q)
        slope = weight * _overlap(phi, q, delta)
    scales = _depth_scale(chi_q), _depth_scale(slope)
    return SignalPhase(phi, weight, bias, q, chi_1, chi_q, 1.0 - delta, slope, *scales, phase)


@dataclass(frozen=True, eq=False)
class PhaseDiagram:
    r"""`signal_phase` on a grid; arrays of shape (bias variances, weight variances), as ``pcolormesh`` wants them.

    Attributes
    ----------
    activation, weight_variances, bias_variances
        The grid.
    q, chi_1, chi_q, correlation, xi_q, xi_c
        As in `SignalPhase`.
    phase
        Words.
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
        """Return one row per point of the grid; needs pandas."""
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
    r"""Return the phases on a grid of weight and bias variances.

    Parameters
    ----------
    activation
        As in `fixed_point`.
    weight_variances, bias_variances
        One-dimensional: the values of :math:`\sigma_w^2` and :math:`\sigma_b^2`.

    Examples
    --------
    >>> phase_diagram("tanh", [1.0, 2.0, 3.0], [0.0, 0.1])
    PhaseDiagram(tanh, 2 x 3: 4 chaotic, 1 critical, 1 ordered)
    """
    phi = resolve(activation)
    axes = _variances("weight_variances", weight_variances), _variances("bias_variances", bias_variances)
    for name, values in zip(("weight_variances", "bias_variances"), axes, strict=True):
        if values.ndim != 1 or values.size == 0:
            raise ValueError(f"{name} of shape {values.shape} must be one-dimensional and not empty")
    points = [[signal_phase(phi, float(weight), float(bias)) for weight in axes[0]] for bias in axes[1]]
    names = ("q", "chi_1", "chi_q", "correlation", "xi_q", "xi_c", "phase")
    arrays = [*axes, *(np.array([[getattr(point, name) for point in row] for row in points]) for name in names)]
    for array in arrays:
        array.flags.writeable = False
    return PhaseDiagram(phi, *arrays)


def _critical_at(phi: Activation, q: float) -> tuple[float, float]:
    """(sigma_w^2, sigma_b^2) at which q is a fixed point with chi_1 = 1."""
    mean = _slope_moments(phi, q)[0]
    if mean == 0.0:
        return math.inf, -math.inf
    return 1.0 / mean, q - _square(phi, q) / mean


def critical_line(activation: str | Activation, bias_variance: Any) -> np.ndarray:
    r"""Return the weight variance at which :math:`\chi_1 = 1`, the border of order and chaos.

    On the line :math:`\sigma_w^2 = 1/E\,\varphi'^2` and :math:`\sigma_b^2 = q^* - \sigma_w^2 E\,\varphi^2`: the
    second equation is solved for q*. Without bias and with :math:`\varphi(0) = 0` the line ends at
    :math:`\sigma_w^2 = 1/\varphi'(0)^2`.

    Parameters
    ----------
    activation
        As in `fixed_point`.
    bias_variance
        A number or an array of :math:`\sigma_b^2 \ge 0`.

    Returns
    -------
    ndarray
        Of the shape of `bias_variance`; NaN where no stable q* <= 1e6 is critical (ReLU with bias). Relative error
        about 1e-11.

    Examples
    --------
    >>> critical_line("tanh", [0.0, 0.05]).round(6)
    array([1.      , 1.760955])
    """
    phi, bias = resolve(activation), _variances("bias_variance", bias_variance)
    grid = np.geomspace(1e-8, 1e6, 141)
    known = np.array([_critical_at(phi, q)[1] for q in grid])
    result = np.array([_critical_weight(phi, float(b), grid, known) for b in bias.ravel()]).reshape(bias.shape)
    result.flags.writeable = False
    return result


def _critical_weight(phi: Activation, bias: float, grid: np.ndarray, known: np.ndarray) -> float:
    from scipy.optimize import brentq

    candidates = [0.0] if bias == phi.at_zero == 0.0 else []
    for i in np.flatnonzero((known[:-1] < bias) != (known[1:] < bias)):
        candidates.append(brentq(lambda q: _critical_at(phi, q)[1] - bias, grid[i], grid[i + 1], rtol=1e-14))
    for q in candidates:
        weight = _critical_at(phi, q)[0]
        reached = _fixed_point(phi, weight, bias) if math.isfinite(weight) else math.inf
        # q may be a fixed point that is unstable, or not the one that is reached.
        if (
            reached < math.inf
            and abs(weight * _slope_moments(phi, reached)[0] - 1.0) < 1e-6
            and _chi_q(phi, weight, reached) <= 1.0 + CRITICAL
        ):
            return weight
    return math.nan


@dataclass(frozen=True, eq=False)
class Isometry:
    r"""A layer tuned for a given spread of the squared singular values of the Jacobian.

    Attributes
    ----------
    activation, depth, weights, target
        What was asked for.
    weight_variance, bias_variance
        The answer: :math:`\sigma_w^2` and :math:`\sigma_b^2`.
    q, chi_1, spread
        What they achieve, computed anew from the two variances.
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
    r"""Find the critical layer whose Jacobian has a prescribed spread of squared singular values.

    At :math:`\chi_1 = 1` the limiting spectrum of :math:`J J^T` has mean 1 and variance (PSG)

    .. math:: \sigma^2_{JJ^T} = L\left(\frac{\mu_2}{\mu_1^2} - 1 - s_1\right), \qquad
              \mu_k = E\,\varphi'(\sqrt{q^*} Z)^{2k},

    with :math:`s_1 = 0` for orthogonal weights and -1 for Gaussian ones. Small q* bring tanh and erf near isometry
    with orthogonal weights. Gaussian weights alone spread by L. ReLU, half of whose slopes are 0, spreads by L more.

    Parameters
    ----------
    activation
        As in `fixed_point`.
    depth
        L.
    target
        The variance asked for, > 0.
    weights
        ``"orthogonal"`` or ``"gaussian"``.

    Raises
    ------
    ValueError
        If no stable critical layer has this spread.

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
        return depth * _slope_moments(phi, math.exp(log_q))[1] + floor - target

    grid = np.log(np.geomspace(1e-8, 1e6, 141))
    known = np.array([excess(x) for x in grid])
    crossings = np.flatnonzero((known[:-1] < 0.0) != (known[1:] < 0.0))
    if not crossings.size:
        raise ValueError(
            f"target={target!r} is out of reach of activation={phi.spec!r}: over depth={depth} layers with {weights} "
            f"weights the spread is between {known.min() + target:.4g} and {known.max() + target:.4g}"
        )
    q = math.exp(brentq(excess, grid[crossings[0]], grid[crossings[0] + 1], xtol=1e-14, rtol=1e-14))
    weight, bias = _critical_at(phi, q)
    reached = _fixed_point(phi, weight, bias) if bias >= 0.0 else math.nan
    if not abs(reached - q) <= 1e-3 * q or _chi_q(phi, weight, reached) > 1.0:
        raise ValueError(
            f"target={target!r} of activation={phi.spec!r} asks for q={q:.4g}, bias_variance={bias:.4g}, which is not "
            "a stable fixed point of a critical layer"
        )
    mean, spread = _slope_moments(phi, reached)
    return Isometry(phi, depth, weights, target, weight, bias, reached, weight * mean, depth * spread + floor)
