r"""The fixed point at the origin of a map without biases: J = phi'(0) G, G with independent N(0, c_0) entries."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.special import erf

from rmtjac.activations import Activation

__all__ = ["Origin", "kink_at_zero", "origin"]


class Origin(NamedTuple):
    """What the fixed point at the origin is.

    Attributes
    ----------
    stable, saddle : float
        The probabilities that the origin is stable, or a saddle.
    index : float
        The expectation of its index, sign det(I - J).
    """

    stable: float
    saddle: float
    index: float  # type: ignore[assignment]  # hides the method of tuples


def origin(n: int, variance: float) -> Origin:
    r"""Return the probabilities for an n x n matrix J of independent :math:`N(0, v)` entries, v the `variance`.

    For n = 2 let A = J_11 + J_22 and B = J_12 - J_21. Then 4 det J = A^2 + B^2 - E, where E is 4v times an exponential
    variable and A, B are N(0, 2v), all independent. The probabilities given A and B have closed forms, and B is
    integrated in closed form too; the expected index is :math:`1 - e^{-1/(2v)}`.

    Raises
    ------
    ValueError
        If n is neither 1 nor 2.

    Examples
    --------
    >>> round(origin(2, 0.5).index, 6)
    0.632121
    """
    if n > 2:
        raise ValueError(f"n={n}: the probabilities at the origin are known for n = 1 and n = 2")
    if not variance > 1e-8:
        return Origin(1.0, 0.0, 1.0)
    root = math.sqrt(variance)
    if n == 1:
        return Origin(float(erf(math.sqrt(0.5) / root)), 0.0, float(erf(math.sqrt(0.5) / root)))
    x, w = np.polynomial.legendre.leggauss(80)
    wide = math.sqrt(2.0 * variance)  # of A and B
    # The two sides of A = 0 are alike; A beyond 12 standard deviations has no weight.
    end = min(2.0, 12.0 * wide)
    a, step = 0.5 * end * (1.0 + x), 0.5 * end * w
    density = 2.0 * step * np.exp(-0.5 * (a / wide) ** 2) / (wide * math.sqrt(2.0 * math.pi))
    edge = np.sqrt(4.0 - a * a)  # beyond |B| = edge the bound det J < 1 is more than E > 0
    beyond = np.exp((4.0 - a * a) / (4.0 * variance) - 0.5 * (edge / root) ** 2)  # exp(-(A^2 + B^2 - 4) / 4v) at edge
    # E[exp(-(A^2 + B^2 - 4) / 4v); |B| > edge]: B with half the variance.
    tail = beyond * _scaled_tail(edge / root) / math.sqrt(2.0)
    inside = np.exp(-((2.0 - a) ** 2) / (4.0 * variance)) / math.sqrt(2.0)
    stable = float(np.sum(density * (erf(edge / (wide * math.sqrt(2.0))) + tail - inside)))
    # A saddle has |1 + det J| < |A|; here A has no bound.
    a = 6.0 * wide * (1.0 + x)
    density = 12.0 * wide * w * np.exp(-0.5 * (a / wide) ** 2) / (wide * math.sqrt(2.0 * math.pi))
    near, far = (np.exp(-((2.0 + sign * a) ** 2) / (4.0 * variance)) for sign in (-1.0, 1.0))
    saddle = float(np.sum(density * (near - far))) / math.sqrt(2.0)
    return Origin(min(max(stable, 0.0), 1.0), min(max(saddle, 0.0), 1.0), -math.expm1(-0.5 / variance))


def kink_at_zero(phi: Activation) -> bool:
    """Return whether the derivative of phi jumps at 0."""
    after, before = phi.derivative(np.array([1e-9, -1e-9]))
    return bool(abs(after - before) > 1e-6)


def _scaled_tail(z: np.ndarray) -> np.ndarray:
    """Return P(|Z| > z) exp(z^2 / 2) for a standard normal Z."""
    from scipy.special import erfcx

    out: np.ndarray = erfcx(z / math.sqrt(2.0))
    return out
