r"""The law of one row of the last layer: its preactivation, and its gradient given the preactivation.

Given the hidden layers and the scales tau, :math:`h(x) = \sum_j W_j f_j(x) + b` is a Gaussian process. The condition
h = y is solved for the weight (or bias) with the largest share :math:`u_j = \tau_j f_j`, so that a weight with a
huge scale cancels exactly: with the other shares divided by that one, v = u/u_*, and :math:`S = \sum v_j^2`,

.. math:: q = u_*^2 S, \qquad B_j = \tau_j \nabla f_j - v_j\, \tau_* \nabla f_*, \qquad
          E[\nabla h | y] = \frac{y}{u_*} \Big(\tau_* \nabla f_* + \frac1S \sum_j v_j B_j\Big), \qquad
          \mathrm{Cov}[\nabla h | y] = \sum_j B_j B_j^T - \frac1S \Big(\sum_j v_j B_j\Big) \Big(\sum_j v_j B_j\Big)^T .

Sources: BS (docs/references.md).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rmtjac.fixed_points.expected.finite_width.hidden_features import Features

__all__ = ["RowLaw", "factor", "gradient_factor", "row_law"]


class RowLaw(NamedTuple):
    """The law of h and of its gradient given h at P points; gradients in units of ``exp(log_unit)``."""

    log_variance: np.ndarray  # log q, shape (P,); -inf where h is certain
    direction: np.ndarray  # E[grad h | y] / y, shape (n, P)
    factor: np.ndarray  # a lower triangular root of the covariance given y, shape (n, n, P)
    log_unit: np.ndarray  # shape (P,)


def factor(covariance: np.ndarray) -> np.ndarray:
    """Return lower triangular roots of positive semidefinite matrices, shape (n, n, P)."""
    out = np.zeros_like(covariance)
    for j in range(len(covariance)):
        rest = covariance[j, j] - (out[j, :j] ** 2).sum(axis=0)
        out[j, j] = np.sqrt(np.maximum(rest, 0.0))
        safe = np.where(out[j, j] > 0.0, out[j, j], np.inf)
        for i in range(j + 1, len(covariance)):
            out[i, j] = (covariance[i, j] - (out[i, :j] * out[j, :j]).sum(axis=0)) / safe
    return out


def _gram(parts: np.ndarray) -> np.ndarray:
    """Return the matrices of the inner products of the vectors in `parts`, shape (n, N, P)."""
    n = len(parts)
    out = np.empty((n, n, parts.shape[2]))
    for a in range(n):
        for b in range(a + 1):
            out[a, b] = out[b, a] = np.einsum("jp,jp->p", parts[a], parts[b])
    return out


def row_law(features: Features, log_tau: np.ndarray, log_bias: float) -> RowLaw:
    """Return the law of a row with weights of scales exp(log_tau), shape (N,), and a bias of scale exp(log_bias)."""
    top = max(float(log_tau.max()), log_bias)
    tau, bias = np.exp(log_tau - top), np.exp(log_bias - top)
    share = tau[:, None] * features.values
    points = np.arange(share.shape[1])
    largest = np.argmax(np.abs(share), axis=0)
    pivot = share[largest, points]
    by_bias = np.abs(pivot) <= bias
    known = np.where(by_bias, bias, pivot)
    nothing = known == 0.0
    known = np.where(nothing, 1.0, known)
    share /= known
    parts = tau[:, None] * features.slopes
    at_pivot = np.where(by_bias | nothing, 0.0, parts[:, largest, points])
    parts -= share * at_pivot[:, None, :]
    relative_bias = bias / known
    own = -relative_bias * at_pivot  # the part of the bias
    total = np.einsum("jp,jp->p", share, share) + relative_bias**2
    total = np.where(nothing, 1.0, total)
    common = np.einsum("jp,ajp->ap", share, parts) + relative_bias * own
    covariance = _gram(parts) + own[:, None] * own[None] - common[:, None] * common[None] / total
    log_variance = np.where(nothing, -np.inf, 2.0 * (np.log(np.abs(known)) + top) + np.log(total))
    # `direction` is per unit of h, and the gradient in units of exp(top + log_scale): the tops of both cancel.
    with np.errstate(over="ignore"):
        direction = (at_pivot + common / total) / known * np.exp(-top)
    return RowLaw(log_variance, direction, factor(covariance), features.log_scale + top)


def gradient_factor(features: Features, log_tau: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a root of the covariance of grad h without a condition, and the logarithm of its unit."""
    top = float(log_tau.max())
    return factor(_gram(np.exp(log_tau - top)[:, None] * features.slopes)), features.log_scale + top
