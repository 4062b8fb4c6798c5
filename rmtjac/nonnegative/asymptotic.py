r"""The asymptotic mapping :math:`T_\infty(x) = \lim_{p\to\infty} T(px)/p` and its spectral radius, as a bracket.

With nonnegative weights :math:`T_\infty = D_L W_L \cdots D_1 W_1`, D the slopes of the activations at infinity (NN; 0
for a bounded one). Its spectral radius is bracketed by Collatz and Wielandt: for x > 0 and irreducible A >= 0,
:math:`\min_i (Ax)_i/x_i \le \rho(A) \le \max_i (Ax)_i/x_i`. A product of layers is cut into the strongly connected
components of the cycle of its layers; of each the radius is that of the product restricted to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from rmtjac.network import Network
from rmtjac.nonnegative.predicates import nonnegative_weights
from rmtjac.nonnegative.rounding import product_bounds, scaled, unscaled
from rmtjac.validate import finite

__all__ = ["AgainstOne", "against_one", "asymptotic_factors", "asymptotic_map", "spectral_radius"]

_TOLERANCE = 1e-12
_MOST_STEPS = 5000
_DENSE = 300  # components up to this size start from LAPACK's eigenvector
_MOST_EXACT = 40  # size up to which rho < 1 is decided in rational arithmetic


def asymptotic_map(net: Network) -> Network:
    """Return T_inf, a linear network without biases.

    Raises
    ------
    ValueError
        If a weight is negative, or the slope at infinity of an activation is not known.

    Examples
    --------
    >>> import rmtjac as rj
    >>> net = rj.Network([[[2.0]], [[3.0]]], [[1.0], [1.0]], ["relu", "softplus"])
    >>> rj.nonnegative.asymptotic_map(net)([1.0])
    array([6.])
    """
    signs = nonnegative_weights(net)
    if not signs:
        raise ValueError(f"network: {signs.evidence}; the asymptotic mapping is defined for nonnegative weights")
    scaled = []
    for l, (matrix, phi) in enumerate(zip(net.weights, net.activations, strict=True)):
        slope = phi.facts.slope
        if slope is None:
            raise ValueError(f"network: the slope at infinity of activation {phi.spec!r} of layer {l} is not known")
        scaled.append(slope * matrix)
    return Network(scaled, None, "linear")


def asymptotic_factors(net: Network) -> list[np.ndarray]:
    """Return the factors D_l W_l of T_inf, first layer first."""
    return list(asymptotic_map(net).weights)


def _factors(of: Any) -> list[Any]:
    """Checked nonnegative factors of a square product."""
    from scipy.sparse import csr_array, issparse

    if isinstance(of, Network):
        out: list[Any] = list(asymptotic_factors(of))
    elif isinstance(of, Sequence) and len(of) and (issparse(of[0]) or np.ndim(of[0]) == 2):
        out = [csr_array(one) if issparse(one) else np.asarray(one, dtype=float) for one in of]
    else:
        out = [csr_array(of) if issparse(of) else np.asarray(of, dtype=float)]
    for l, one in enumerate(out):
        if one.ndim != 2:
            raise ValueError(f"matrix has shape {one.shape}; a square matrix, or a list of factors, is needed")
        values = one.data if issparse(one) else one
        if not np.isfinite(values).all():
            raise ValueError(f"factor {l} holds NaN or infinite entries")
        if values.size and values.min() < 0.0:
            raise ValueError(f"factor {l} holds {values.min():.6g}; nonnegative matrices are needed")
        if l and one.shape[1] != out[l - 1].shape[0]:
            raise ValueError(f"factor {l} has shape {one.shape}; (?, {out[l - 1].shape[0]}) is needed")
    if out[-1].shape[0] != out[0].shape[1]:
        raise ValueError(f"the product maps R^{out[0].shape[1]} to R^{out[-1].shape[0]}; a square one is needed")
    return out


def spectral_radius(of: Any, tol: float = _TOLERANCE) -> tuple[float, float]:
    """Return a proved bracket (lower, upper) of a spectral radius.

    Parameters
    ----------
    of
        A network with nonnegative weights: of its asymptotic mapping. Or a nonnegative square matrix, dense or sparse,
        or a list of factors ``[A_1, ..., A_L]`` of the product A_L ... A_1, which is never formed.
    tol
        Relative width at which to stop; the bracket is as wide as it is after 5000 steps of the power method.

    Raises
    ------
    ValueError
        If an entry is negative or not finite, or shapes do not chain.

    Notes
    -----
    Cost: two products with each factor a step. Reducible matrices are taken apart first.

    Examples
    --------
    >>> import numpy as np, rmtjac as rj
    >>> low, high = rj.nonnegative.spectral_radius(np.array([[1.0, 1.0], [1.0, 0.0]]))
    >>> bool(low <= (1 + 5**0.5) / 2 <= high), high - low < 1e-11
    (True, True)
    """
    return _bracket(_factors(of), finite("tol", tol, above=0.0))


def _bracket(factors: list[Any], tol: float) -> tuple[float, float]:
    brackets = []
    for block in _components(factors):
        small, exponent = scaled(block)  # neither overflow nor underflow
        brackets.append(unscaled(*_irreducible(small, tol), exponent))
    if not brackets:
        return 0.0, 0.0
    return max(low for low, _ in brackets), max(high for _, high in brackets)


def _components(factors: list[Any]) -> list[list[Any]]:
    """The factors restricted to each strongly connected component of the cycle of layers that has a cycle."""
    from scipy.sparse import block_array, coo_array, issparse
    from scipy.sparse.csgraph import connected_components

    if all(not issparse(one) and one.size and one.min() > 0.0 for one in factors):
        return [factors]
    sizes = [one.shape[1] for one in factors]
    if sum(sizes) == 0:
        return []
    depth = len(factors)
    blocks: list[list[Any]] = [[None] * depth for _ in range(depth)]
    for l, one in enumerate(factors):  # an edge from neuron j of layer l to neuron i of the next: entry [l, next]
        blocks[l][(l + 1) % depth] = coo_array(one > 0.0).T
    graph = block_array(blocks, format="csr")
    count, label = connected_components(graph, directed=True, connection="strong")
    ends = np.cumsum([0, *sizes])
    layers = [label[ends[l] : ends[l + 1]] for l in range(depth)]
    # A component without a node in some layer has no cycle.
    alive = set(range(count))
    for one in layers:
        alive &= set(one.tolist())
    out = []
    for c in sorted(alive):
        nodes = [np.flatnonzero(one == c) for one in layers]
        block = [one[nodes[(l + 1) % depth]][:, nodes[l]] for l, one in enumerate(factors)]
        if depth > 1 or len(nodes[0]) > 1 or block[0].sum() > 0.0:
            out.append(block)
    return out


def _irreducible(factors: list[Any], tol: float) -> tuple[float, float]:
    """Collatz-Wielandt on an irreducible product; x + Ax/rho, not Ax alone, so that a periodic one converges too."""
    n = factors[0].shape[1]
    x = _start(factors, n)
    best = (0.0, np.inf)
    for step in range(_MOST_STEPS):
        low, high = product_bounds(factors, x)
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            ratios_low, ratios_high = low / x, high / x
        if np.isfinite(ratios_high).all():
            best = (
                max(best[0], ratios_low.min() * (1.0 - 2.0**-52)),
                min(best[1], ratios_high.max() * (1.0 + 2.0**-52)),
            )
        if best[1] - best[0] <= tol * best[1]:
            break
        y = 0.5 * (low + high)
        x = y / y.max() + (1.0 if step % 8 else 1e-3) * x  # now and then a step that mixes less
        x = np.maximum(x / x.max(), 1e-290)
    return float(best[0]), float(best[1])


def _start(factors: list[Any], n: int) -> np.ndarray:
    """A positive vector near the Perron vector."""
    if n <= _DENSE:
        product = np.eye(n)
        for one in factors:
            product = one @ product
        top = float(np.max(product))
        if np.isfinite(top) and top > 0.0:
            values, vectors = np.linalg.eig(product / top)
            vector = np.abs(vectors[:, int(np.argmax(values.real))])
            if np.isfinite(vector).all() and vector.max() > 0.0:
                return np.maximum(vector / vector.max(), 1e-12)
    return np.ones(n)


class AgainstOne(NamedTuple):
    """Whether rho < 1 (None: not decided), the bracket, and v with A v = v exactly, if rho = 1 and A is irreducible."""

    below: bool | None
    bracket: tuple[float, float]
    vector: list[Fraction] | None = None


def against_one(of: Any) -> AgainstOne:
    """Decide whether rho < 1; `of` as in `spectral_radius`.

    Where the bracket holds 1 and the matrix is small, exactly: rho < 1 if and only if elimination of I - A, in rational
    arithmetic, meets positive pivots only (I - A is then a nonsingular M-matrix). If A is irreducible its proper
    principal submatrices have smaller radii, so that rho = 1 if and only if the last pivot alone is 0.
    """
    factors = _factors(of)
    bracket = _bracket(factors, _TOLERANCE)
    low, high = bracket
    if high < 1.0 or low > 1.0:
        return AgainstOne(high < 1.0, bracket)
    n = factors[0].shape[1]
    if n > _MOST_EXACT:
        return AgainstOne(False if low >= 1.0 else None, bracket)
    left = _identity_minus(factors, n)
    for k in range(n):
        if left[k][k] <= 0:
            break
        for i in range(k + 1, n):
            factor = left[i][k] / left[k][k]
            if factor:
                left[i] = [a - factor * b for a, b in zip(left[i], left[k], strict=True)]
    else:
        return AgainstOne(True, bracket)
    if k < n - 1 or left[k][k] < 0 or not _is_irreducible(factors):
        return AgainstOne(False, bracket)
    vector = [Fraction(1)]
    for k in range(n - 2, -1, -1):
        vector.insert(0, -sum((a * v for a, v in zip(left[k][k + 1 :], vector, strict=True)), Fraction(0)) / left[k][k])
    return AgainstOne(False, bracket, vector)


def _identity_minus(factors: list[Any], n: int) -> list[list[Fraction]]:
    """I - A_L ... A_1, exactly."""
    product = [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]
    for one in factors:
        dense = one.toarray() if hasattr(one, "toarray") else one
        rows = [[Fraction(value) for value in row] for row in dense.tolist()]
        product = [
            [sum((a * product[k][j] for k, a in enumerate(row) if a), Fraction(0)) for j in range(n)] for row in rows
        ]
    return [[Fraction(int(i == j)) - product[i][j] for j in range(n)] for i in range(n)]


def _is_irreducible(factors: list[Any]) -> bool:
    """Whether all neurons of the first layer lie in one component of the cycle of layers."""
    blocks = _components(factors)
    return len(blocks) == 1 and blocks[0][0].shape[1] == factors[0].shape[1]
