r"""The expected numbers of fixed points of a network whose hidden layers are given: Kac-Rice for the last layer.

Given the hidden layers and the scales tau of its entries, the rows of the last layer are independent Gaussian
processes, and

.. math:: E[Q] = \int dy \prod_i N(y_i; 0, q_i(x))\; E\big[|\det(I - D G)| \,\big|\, h(x) = y\big], \qquad
          x = \varphi(y),\; D = \mathrm{diag}\, \varphi'(y),

where the rows of G are the gradients of the preactivations h.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.special import log_ndtr

from rmtjac.activations import Activation
from rmtjac.fixed_points.expected.finite_width.hidden_features import Features, HiddenLayers, hidden_features
from rmtjac.fixed_points.expected.finite_width.output_nodes import Nodes, Piece, draw_nodes, pieces
from rmtjac.fixed_points.expected.finite_width.row_laws import RowLaw, gradient_factor, row_law
from rmtjac.fixed_points.expected.finite_width.sampled_kinds import kind_weights
from rmtjac.fixed_points.expected.finite_width.scale_mixtures import is_scale_mixture, log_scales
from rmtjac.kernels.samples.draw import draw_vector
from rmtjac.laws import Gaussian, Law

__all__ = ["LastLayer", "expected_given_hidden"]

_CHUNK = 3072  # numbers for each hidden neuron at a time (1 + n at each point), so that they stay in the cache
_PROBES = 16
_AT_ORIGIN = 512  # draws of the Jacobian at a fixed point that is certain
_NEGLIGIBLE = -700.0
_LOG_RANGE = (-690.0, 300.0)  # of scales


class LastLayer(NamedTuple):
    """The laws of the last layer with the scales of their entries, its activation, and its number of outputs n."""

    weights: Law
    weight_scale: float
    biases: Law | None
    bias_scale: float
    activation: Activation
    outputs: int

    @property
    def has_bias(self) -> bool:
        """Whether there are biases other than 0."""
        return self.biases is not None and self.bias_scale > 0.0


class _Rows(NamedTuple):
    """One draw of all scales: of the weights, shape (n, N), of the biases, shape (n,), and biases that are drawn."""

    log_tau: np.ndarray
    log_bias: np.ndarray
    shift: np.ndarray


def _all_rows(last: LastLayer, inputs: int, draws: int, rng: np.random.Generator) -> list[_Rows]:
    """Return draws of all scales; one of them if they are certain."""
    random = not isinstance(last.weights, Gaussian) or (last.has_bias and not isinstance(last.biases, Gaussian))
    return [_draw_rows(last, inputs, rng) for _ in range(draws if random else 1)]


def _draw_rows(last: LastLayer, inputs: int, rng: np.random.Generator) -> _Rows:
    """Draw the scales of the entries of the last layer; biases that are no scale mixture are drawn themselves."""
    n = last.outputs
    log_tau = log_scales(last.weights, last.weight_scale, (n, inputs), rng)
    log_bias, shift = np.full(n, -np.inf), np.zeros(n)
    if last.has_bias:
        assert last.biases is not None
        if is_scale_mixture(last.biases):
            log_bias = log_scales(last.biases, last.bias_scale, (n,), rng)
        else:
            shift = draw_vector(rng, last.biases.code, last.biases.parameter, last.bias_scale, n)
    return _Rows(log_tau, log_bias, shift)


def expected_given_hidden(
    hidden: HiddenLayers, last: LastLayer, points: int, draws: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return an unbiased estimate of the expected numbers of fixed points given the hidden layers.

    Parameters
    ----------
    hidden : HiddenLayers
        The hidden layers.
    last : LastLayer
        The laws of the last layer.
    points : int
        The number of nodes of the integral over the outputs.
    draws : int
        The number of draws of the scales of the last layer, each with one Jacobian at each node.
    rng : Generator
        The random numbers.

    Returns
    -------
    numbers : ndarray of float, shape (5,)
        Total, stable points, saddles, repellers, index.
    origin : ndarray of float, shape (4,)
        The share of the fixed point that is certain in total, stable points, saddles and index; 0 if there is none.
    """
    n, line = last.outputs, pieces(last.activation)
    at_origin = _features(hidden, last, np.zeros((n, 1)))
    rows = _all_rows(last, len(at_origin.values), draws, rng)
    angles = np.arange(1, _PROBES + 1)[None, :] * np.sqrt(np.arange(2.0, n + 2.0))[:, None] * 0.618
    probes = _features(hidden, last, 2.0 * np.sin(2.0 * math.pi * angles))
    spreads = np.maximum(np.stack([_spread(probes, one) for one in rows]), 1e-130)
    near = math.exp(np.mean([np.log(_spread(at_origin, one)) for one in rows]))
    nodes = draw_nodes(line, spreads, points, rng, near if last.has_bias or at_origin.values.any() else 0.0)
    sums = np.zeros(4)
    chunk = max(16, _CHUNK // (n + 1))
    for start in range(0, points, chunk):
        part = Nodes(*(array[..., start : start + chunk] for array in nodes))
        features = _features(hidden, last, part.y)
        for one in rows:
            sums += _integrand(features, last, one, line, part, draws // len(rows), rng)
    atom = np.zeros(4)
    if not last.has_bias and not at_origin.values.any():
        for one in rows:
            atom += _kinds_at_origin(at_origin, last, one, rng)
    sums, atom = (sums + atom) / len(rows), atom / len(rows)
    return np.concatenate([[sums[:3].sum()], sums]), np.array([atom[:3].sum(), atom[0], atom[1], atom[3]])


def _features(hidden: HiddenLayers, last: LastLayer, y: np.ndarray) -> Features:
    """Return the hidden features at the fixed points x = phi(y)."""
    return hidden_features(hidden, last.activation(y))


def _spread(features: Features, rows: _Rows) -> np.ndarray:
    """Return the scale of each preactivation over some points, shape (n,)."""
    n = len(rows.shift)
    out = np.empty(n)
    for i in range(n):
        tau = rows.log_tau[i]
        top = max(float(tau.max()), float(rows.log_bias[i]))
        share, bias = np.exp(tau - top)[:, None] * features.values, math.exp(float(rows.log_bias[i]) - top)
        largest = max(float(np.abs(share).max()), bias, 1e-300)
        square = ((share / largest) ** 2).sum(axis=0) + (bias / largest) ** 2
        out[i] = top + math.log(largest) + 0.5 * math.log(max(float(square.mean()), 1e-300))
    return np.exp(np.clip(np.logaddexp(out, np.log(np.maximum(np.abs(rows.shift), 1e-300))), *_LOG_RANGE))


def _log_density(law: RowLaw, y: np.ndarray, shift: float, piece: np.ndarray, line: tuple[Piece, ...]) -> np.ndarray:
    """Return the log-density of h at y, or the log-probability of its piece if phi is constant there."""
    log_q = law.log_variance
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        out = -0.5 * (((y - shift) * np.exp(-0.5 * log_q)) ** 2 + log_q + math.log(2.0 * math.pi))
        out = np.where(np.isneginf(log_q), -np.inf, out)
        for k, (low, high, flat) in enumerate(line):
            here = (piece == k) & flat
            if not here.any():
                continue
            scale = np.exp(-0.5 * log_q[here])
            a, b = (np.nan_to_num((end - shift) * scale, nan=0.0, posinf=1e200, neginf=-1e200) for end in (low, high))
            # The lower tail is the accurate one.
            a, b = np.where(a > 0.0, -b, a), np.where(a > 0.0, -a, b)
            upper, lower = log_ndtr(b), log_ndtr(a)
            out[here] = np.where(np.isneginf(upper), -np.inf, upper + np.log1p(-np.exp(lower - upper)))
    return out


def _integrand(
    features: Features,
    last: LastLayer,
    rows: _Rows,
    line: tuple[Piece, ...],
    nodes: Nodes,
    repeats: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return the sums over the nodes of stable points, saddles, repellers and index."""
    n, count = nodes.y.shape
    laws = [row_law(features, rows.log_tau[i], float(rows.log_bias[i])) for i in range(n)]
    flat = np.array([piece.flat for piece in line])[nodes.piece]
    slope = np.where(flat, 0.0, last.activation.derivative(nodes.y))
    with np.errstate(divide="ignore"):
        log_rows = np.log(np.abs(slope)) + np.stack([law.log_unit for law in laws])
    log_weight = nodes.log_weight + sum(
        _log_density(laws[i], nodes.y[i], rows.shift[i], nodes.piece[i], line) for i in range(n)
    )
    used = log_weight > _NEGLIGIBLE
    mean = np.empty((n, n, count))
    for i, law in enumerate(laws):
        mean[i] = np.where(used & ~flat[i], law.direction * (nodes.y[i] - rows.shift[i]), 0.0) * np.sign(slope[i])
    weights, unit = kind_weights(mean, log_rows)  # rows are independent: the determinant of the means is the mean
    index = weights[3] @ np.exp(log_weight + unit)
    out = np.zeros(4)
    for _ in range(repeats):
        drawn = mean.copy()
        for i, law in enumerate(laws):
            drawn[i] += np.einsum("abp,bp->ap", law.factor, rng.standard_normal((n, count)))
        weights, unit = kind_weights(drawn, log_rows)
        out[:3] += weights[:3] @ np.exp(log_weight + unit) / repeats
    out[3] = index
    if not np.isfinite(out).all():
        raise ValueError("the hidden layers or their derivatives leave the range of a float; use lighter tails")
    return out


def _kinds_at_origin(features: Features, last: LastLayer, rows: _Rows, rng: np.random.Generator) -> np.ndarray:
    """Return the probabilities that the certain fixed point is stable, a saddle, a repeller, and its mean index."""
    n = last.outputs
    slope = float(last.activation.derivative(np.zeros(1))[0])
    jacobians, log_rows = np.empty((n, n, _AT_ORIGIN)), np.empty((n, _AT_ORIGIN))
    for i in range(n):
        root, log_unit = gradient_factor(features, rows.log_tau[i])
        jacobians[i] = root[:, :, 0] @ rng.standard_normal((n, _AT_ORIGIN))
        log_rows[i] = log_unit[0] + (math.log(abs(slope)) if slope else -math.inf)
    weights, _ = kind_weights(jacobians * np.sign(slope), log_rows)
    size = np.abs(weights[3])
    shares = weights / np.where(size > 0.0, size, 1.0)
    mean: np.ndarray = shares.mean(axis=1)
    return mean
