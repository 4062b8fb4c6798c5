r"""Smoothing of a law of eigenvalues lambda in log lambda: the average that the Stieltjes transform on a ray takes.

Let f(z) be the mean of 1/(lambda - z). On the ray of angle e, z = x exp(i e), 0 < e < pi, x > 0,

.. math:: \frac{1}{\pi - e}\, \mathrm{Im}\, z f(z) = E\, k_e(\log x - \log\lambda), \qquad
          k_e(v) = \frac{\sin e}{2 (\pi - e) (\cosh v - \cos e)} ,

where lambda = 0 contributes nothing. The kernel k_e is a probability density, even, of width about e, and tends to a
point mass as e tends to 0. So the left side is the density of log lambda, averaged over a window of width e, and
samples are averaged in the same way with `smoothed_cdf`. Since the window has a fixed width in log lambda, small and
large eigenvalues are resolved equally well.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rmtjac.validate import finite

__all__ = ["kernel_cdf", "kernel_density", "smoothed_cdf", "smoothing_angle"]

_BLOCK = 1 << 20  # entries of a table of points and eigenvalues


def smoothing_angle(angle: Any) -> float:
    """Return the angle as a float.

    Raises
    ------
    TypeError, ValueError
        If `angle` is not a number in [0, pi).
    """
    angle = finite("angle", angle, least=0.0)
    if not angle < math.pi:
        raise ValueError(f"angle={angle!r} must lie in [0, pi)")
    return angle


def kernel_density(v: Any, angle: float) -> np.ndarray:
    """Return k_e(v) for an angle e > 0.

    Examples
    --------
    >>> from scipy.integrate import quad
    >>> round(quad(lambda v: float(kernel_density(v, 0.5)), -60.0, 60.0)[0], 10)
    1.0
    """
    v = np.abs(np.asarray(v, dtype=float))
    # cosh v - cos e = 2 (sinh^2(v/2) + sin^2(e/2)) has no cancellation; beyond 700 the value underflows.
    half = np.sinh(0.5 * np.minimum(v, 700.0))
    return math.sin(angle) / (4.0 * (math.pi - angle) * (half * half + math.sin(0.5 * angle) ** 2))


def kernel_cdf(v: Any, angle: float) -> np.ndarray:
    """Return the integral of k_e up to v; at the angle 0 it is a step with the value 1/2 at 0.

    Examples
    --------
    >>> kernel_cdf([-1e300, 0.0, 1.0, 1e300], 0.5).round(6)
    array([0.      , 0.5     , 0.903544, 1.      ])
    """
    v = np.asarray(v, dtype=float)
    if angle == 0.0:
        return np.heaviside(v, 0.5)
    # The odd function tanh keeps the digits next to v = 0.
    return 0.5 + np.arctan(np.tanh(0.5 * v) / math.tan(0.5 * angle)) / (math.pi - angle)


def smoothed_cdf(
    log_lam: Any, log_values: Any, angle: float, atom: float = 0.0, weights: np.ndarray | None = None
) -> np.ndarray:
    """Return the smoothed cdf of a sample at points, the atom at 0 included.

    Parameters
    ----------
    log_lam : array_like of float, any shape
        Logarithms of the points.
    log_values : array_like of float, any shape
        Logarithms of the nonzero eigenvalues; at least one.
    angle : float
        The angle e of the smoothing, in [0, pi).
    atom : float
        The share of eigenvalues that are 0.
    weights : ndarray of float, optional
        Their weights, shape of `log_values`, with the sum 1. Default: equal weights.

    Returns
    -------
    ndarray of float, shape of `log_lam`
        The cdf.

    Notes
    -----
    Cost: points times eigenvalues.

    Examples
    --------
    >>> smoothed_cdf([0.0, 5.0], [0.0, 1.0], 0.1, atom=0.5).round(4)
    array([0.6298, 0.9998])
    """
    points = np.asarray(log_lam, dtype=float)
    values = np.asarray(log_values, dtype=float).ravel()
    share = np.full(values.size, 1.0 / values.size) if weights is None else weights.ravel()
    flat, out = points.ravel(), np.empty(points.size)
    step = max(1, _BLOCK // values.size)
    for start in range(0, flat.size, step):
        part = slice(start, start + step)
        out[part] = kernel_cdf(flat[part, None] - values, angle) @ share
    return (atom + (1.0 - atom) * out).reshape(points.shape)
