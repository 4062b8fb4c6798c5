"""NumPy formulas of the registered activations that neither overflow nor lose digits.

For example ``tanh'`` is computed from ``exp(-2|h|)``; ``1 - tanh(h)**2`` would cancel.
"""

from __future__ import annotations

import math

import numpy as np

__all__ = [
    "decay", "erf", "mish_gate", "mish_prime", "normal_cdf", "normal_pdf", "sigmoid", "sigmoid_prime", "silu_prime",
    "tanh_prime",
]  # fmt: skip


def decay(h: np.ndarray, rate: float = 1.0) -> np.ndarray:
    """Return exp(-rate |h|)."""
    return np.exp(-rate * np.abs(h))


def sigmoid(h: np.ndarray) -> np.ndarray:
    """Return 1/(1 + exp(-h))."""
    e = decay(h)
    return np.where(h >= 0, 1.0, e) / (1.0 + e)


def sigmoid_prime(h: np.ndarray) -> np.ndarray:
    """Return the derivative of the sigmoid."""
    e = decay(h)
    return e / (1.0 + e) ** 2


def tanh_prime(h: np.ndarray) -> np.ndarray:
    """Return 1 - tanh(h)^2."""
    return 4.0 * sigmoid_prime(2.0 * h)


def erf(h: np.ndarray) -> np.ndarray:
    """Return erf(sqrt(pi) h / 2), of slope 1 at 0."""
    from scipy.special import erf as error_function

    return error_function(0.5 * math.sqrt(math.pi) * h)


def normal_cdf(h: np.ndarray) -> np.ndarray:
    """Return the distribution function of a standard normal variable."""
    from scipy.special import ndtr

    return ndtr(h)


def normal_pdf(h: np.ndarray) -> np.ndarray:
    """Return the density of a standard normal variable."""
    return np.exp(-0.5 * h * h) / math.sqrt(2.0 * math.pi)


def silu_prime(h: np.ndarray) -> np.ndarray:
    """Return the derivative of h sigmoid(h)."""
    return sigmoid(h) + h * sigmoid_prime(h)


def mish_gate(h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return tanh(softplus h), and 1 minus it."""
    # tanh(softplus h) = n / (n + 2) with n = e^h (e^h + 2), and 1 minus it, both without overflow.
    e = decay(h)
    positive = h >= 0
    n = np.where(positive, 1.0 + 2.0 * e, e * (e + 2.0))
    rest = np.where(positive, 2.0 * e * e, 2.0)
    return n / (n + rest), rest / (n + rest)


def mish_prime(h: np.ndarray) -> np.ndarray:
    """Return the derivative of h tanh(softplus h)."""
    gate, rest = mish_gate(h)
    return gate + h * rest * (1.0 + gate) * sigmoid(h)
