r"""Certificates that a network has exactly one fixed point on R^n, or at most one in a box.

All of them need one hypothesis: the slopes of phi_l lie in [alpha, beta] (one interval for each neuron), either on R^n
or on the box of preactivations that a box of inputs gives. Then :math:`\varphi(h) - \varphi(h') = D (h - h')` with a
diagonal D of entries in [alpha, beta], so the difference y of two fixed points satisfies
:math:`y = D_L W_L \cdots D_1 W_1 y`. Let s = max(\|alpha\|, \|beta\|).

Theorems (proofs in docs/theory/certificates.md). Each of these conditions implies y = 0:

- *weighted maximum norm*: :math:`s_L|W_L| \cdots s_1|W_1| v \le c v` for some v > 0 and c < 1. F contracts by c in the
  norm :math:`\|y\|_v = \max|y_i|/v_i`.
- *2-norm*: :math:`\prod \|s_l W_l\|_2 < 1`. F contracts in the 2-norm.
- *monotone operator*, for one layer x = phi(Wx + b), or one such layer besides linear layers (W is then the product of
  all matrices, beginning after that layer): the matrix
  :math:`P - (P(\alpha+\beta)W)_{sym} + W^T P\alpha\beta W` is positive definite for a diagonal P > 0. For slopes in
  [0, 1] and P = 1 this says that I - W is strongly monotone (Winston and Kolter, NeurIPS 2020); in general it is the
  circle criterion.
- *preconditioned*: :math:`|I - Y(I - [J])|\,v \le c v` for a matrix Y, v > 0 and c < 1, [J] being an interval
  matrix that contains all the Jacobians. The map x - Y(x - F(x)) contracts.

On R^n each of them also proves existence: a contraction of R^n has a fixed point, and under the monotone
condition, with :math:`\Gamma = (\alpha+\beta)/2` and :math:`\psi = \varphi - \Gamma h`, the map
:math:`\psi \mapsto \psi((I - W\Gamma)^{-1}(W\psi + b))` contracts in the P-norm. On a box they prove at most one.

Rounding cannot make a certificate false. The vectors v and P and the matrix Y are found in floats and need no proof,
because the theorems allow any of them. Only the final inequality needs one. Its left side is computed with an upper
bound of every rounding error and of underflow, positive definiteness is proved by a Cholesky factorisation of a shifted
matrix (`rmtjac.fixed_points.certified.definite`), and each comparison fails for NaN and infinity.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Context, Decimal

import numpy as np

from rmtjac.fixed_points.certified.definite import least_eigenvalue, norm_bound
from rmtjac.fixed_points.certified.enclosure import TINY, TWO_UNITS, Slopes, jacobian_bounds, product_bounds
from rmtjac.network import Network

__all__ = ["Uniqueness", "at_most_one"]

_UP = 1.0 + 8.0 * TWO_UNITS
_POWERS = 20  # power steps that improve the rate
_RADII = (1.0, 1.0 - 1e-6, 1.0 - 1e-3, 0.9, 0.5)


@dataclass(frozen=True)
class Uniqueness:
    r"""A certificate that there is no second fixed point.

    Attributes
    ----------
    kind
        ``"weighted maximum norm"``, ``"2-norm"``, ``"monotone operator"`` or ``"preconditioned"``.
    text
        The inequality that is proved, with its number, as text.
    rate
        A proved bound c < 1 of the contraction; for the monotone operator a proved lower bound of the least eigenvalue.
    weights
        The vector v, shape (n,); for the monotone operator P.
    factor
        The number with :math:`|x - x^*| \le \mathrm{factor} \cdot |F(x) - x|` in the norm of the certificate.
    """

    kind: str
    text: str
    rate: float
    weights: np.ndarray
    factor: float

    def error(self, residual: np.ndarray) -> np.ndarray:
        """Return bounds of |x - x*|, shape (n,), from bounds of |F(x) - x|; inf if the certificate gives none."""
        with np.errstate(all="ignore"):
            if self.kind == "weighted maximum norm":
                return self.factor * float((residual / self.weights).max()) * self.weights * _UP + TINY
            if self.kind == "preconditioned":
                return np.full(residual.size, np.inf)
            # The residual is scaled first, because its squares may underflow.
            largest = float(residual.max())
            size = largest * float(np.sqrt(((residual / largest) ** 2).sum())) if largest > 0.0 else 0.0
            size *= 1.0 + (residual.size + 8) * TWO_UNITS
            return np.full(residual.size, self.factor * size * _UP + TINY)


def at_most_one(net: Network, slopes: Slopes) -> Uniqueness | None:
    """Return the first certificate that holds for slopes within `slopes`; None if none does.

    Cost: a few products, linear systems and one eigenvalue problem of n x n matrices.
    """
    with np.errstate(all="ignore"):
        for certificate in (_maximum_norm, _two_norm, _monotone, _preconditioned):
            found = certificate(net, slopes)
            if found is not None:
                return found
    return None


def _steepest(slopes: Slopes) -> list[np.ndarray]:
    """Return for each layer the largest modulus of the slope of each neuron."""
    return [np.maximum(np.abs(least), np.abs(most)) for least, most in slopes]


def _perron(matrix: np.ndarray) -> tuple[np.ndarray, float] | None:
    """Return v > 0 and a proved c < 1 with matrix v <= c v, for a nonnegative matrix; None if none is found.

    The vector v = (t - matrix)^{-1} 1 is positive if and only if the spectral radius is below t; then matrix v <= t v.
    """
    n = len(matrix)
    if not np.isfinite(matrix).all():
        return None
    unit = 1.0 + (n + 8) * TWO_UNITS

    def rate(v: np.ndarray) -> float:
        # TINY covers products that underflow.
        return float((((matrix @ v) * unit + TINY) / v).max()) * _UP

    if not (matrix.sum(axis=1).min() < 1.0 and matrix.sum(axis=0).min() < 1.0):
        return None  # the spectral radius is at least the smallest sum of a row or column
    best, c = np.ones(n), rate(np.ones(n))
    for t in _RADII:
        try:
            v = np.linalg.solve(t * np.eye(n) - matrix, np.ones(n))
        except np.linalg.LinAlgError:
            break
        if not (v.min() > 0.0 and v.max() < 1e200):
            break
        v = v / v.max()
        if v.min() > 1e-200 and rate(v) < c:
            best, c = v, rate(v)
        if c < t:
            break  # the rate is already below t, and smaller t gain little
    if not c < 1.0:
        return None
    v = best
    for _ in range(_POWERS):
        v = matrix @ v + 1e-3 * v
        v = np.maximum(v / v.max(), 1e-200)
        now = rate(v)
        if now < c:
            best, c = v, now
    return best, c


def _chain(net: Network, slopes: Slopes) -> np.ndarray:
    """Return s_L |W_L| ... s_1 |W_1|, rounded up."""
    out: np.ndarray | None = None
    for matrix, steep in zip(net.weights, _steepest(slopes), strict=True):
        layer = np.abs(matrix) * steep[:, None]
        out = layer * _UP + TINY if out is None else (layer @ out) * (1.0 + (len(out) + 8) * TWO_UNITS) + TINY
    assert out is not None
    return out


def _maximum_norm(net: Network, slopes: Slopes) -> Uniqueness | None:
    """Return the certificate in a weighted maximum norm, if it holds."""
    found = _perron(_chain(net, slopes))
    if found is None:
        return None
    v, c = found
    text = f"F contracts by {_up(c)} in a weighted maximum norm"
    return Uniqueness("weighted maximum norm", text, c, v, _UP / (1.0 - c))


def _two_norm(net: Network, slopes: Slopes) -> Uniqueness | None:
    """Return the certificate in the 2-norm, if it holds."""
    c = 1.0
    for matrix, steep in zip(net.weights, _steepest(slopes), strict=True):
        same = bool((steep == steep[0]).all())
        c *= (norm_bound(matrix) * steep[0] if same else norm_bound(matrix * steep[:, None]) * _UP) * _UP
        c += TINY
    if not c < 1.0:
        return None
    return Uniqueness("2-norm", f"F contracts by {_up(c)} in the 2-norm", c, np.ones(net.widths[0]), _UP / (1.0 - c))


def _up(c: float) -> str:
    """Return six digits of c, rounded up, as text; as 1 minus a number if they would be 1."""
    digits = Context(prec=6, rounding=ROUND_CEILING)
    short = digits.create_decimal(Decimal(c))
    return f"{short.normalize(digits):g}" if short < 1 else f"1 - {1.0 - c:.3g}"


def _monotone(net: Network, slopes: Slopes) -> Uniqueness | None:
    """Return the monotone certificate of one layer, if it holds: with P = 1, or with P from Perron vectors of |W|."""
    bent = [l for l, (least, most) in enumerate(slopes) if not ((least == 1.0).all() and (most == 1.0).all())]
    if len(bent) != 1:
        return None
    (layer,) = bent
    least, most = slopes[layer]
    matrix, radius = _around(net, layer)
    for weights in _metrics(matrix):
        margin, norm = _circle(matrix, radius, least, most, weights)
        if margin > 0.0:
            usual = (least == 0.0).all() and (np.abs(most - 1.0) < 1e-12).all()
            kind = "I - W is strongly monotone" if usual else "circle criterion"
            metric = "" if (weights == 1.0).all() else " in a weighted inner product"
            text = f"{kind}{metric}, margin {margin:.3g}"
            # Let y = x - x* and e be the residual, a = y - alpha W y, b = y - beta W y. The slopes of phi give
            # (a - e)^T P (b - e) <= 0, hence margin |y|^2 <= a^T P b <= |e| |P (a + b)|, which bounds |y|.
            factor = float(weights.max()) * (2.0 + float(np.abs(least + most).max()) * norm) / margin * _UP
            return Uniqueness("monotone operator", text, margin, weights, factor * _UP if net.depth == 1 else np.inf)
    return None


def _around(net: Network, layer: int) -> tuple[np.ndarray, np.ndarray]:
    """Return centre and radius of the product of all matrices around the cycle that ends with the matrix of `layer`."""
    turned = net.weights[layer + 1 :] + net.weights[: layer + 1]
    centre, radius = turned[0], np.zeros_like(turned[0])
    for matrix in turned[1:]:
        centre, radius = product_bounds(matrix, centre, radius)
    return centre, radius


def _metrics(matrix: np.ndarray) -> list[np.ndarray]:
    """Return diagonals P to try: ones, and the quotient of the left and right Perron vectors of the absolute values."""
    n = len(matrix)
    out = [np.ones(n)]
    left, right, sizes = np.ones(n), np.ones(n), np.abs(matrix)
    for _ in range(_POWERS):
        left, right = sizes.T @ left + 1e-3 * left, sizes @ right + 1e-3 * right
        left, right = left / left.max(), right / right.max()
    weights = left / right
    if np.isfinite(weights).all() and weights.min() > 1e-6 and weights.max() < 1e6:
        out.append(weights / weights.max())
    return out


def _circle(
    matrix: np.ndarray, radius: np.ndarray, least: np.ndarray, most: np.ndarray, weights: np.ndarray
) -> tuple[float, float]:
    """Return two bounds that hold for all W within `radius` of `matrix`.

    The first is a lower bound of the least eigenvalue of the form, the second an upper bound of the 2-norm of W.
    """
    n = len(matrix)
    total = float(np.linalg.norm(matrix)) * (1.0 + matrix.size * TWO_UNITS)
    off = float(np.linalg.norm(radius)) * (1.0 + matrix.size * TWO_UNITS) + (TINY if radius.any() else 0.0)
    if not total + off < 1e100:
        return -np.inf, np.inf
    linear, product = weights * (least + most), weights * least * most
    form = linear[:, None] * matrix
    form = np.diag(weights) - 0.5 * (form + form.T)
    most_linear, most_product = float(np.abs(linear).max()), float(np.abs(product).max())
    error = 8.0 * TWO_UNITS * (most_linear * total + n * float(weights.max())) + most_linear * off
    if product.any():
        form += matrix.T @ (product[:, None] * matrix)
        error += most_product * ((n + 8) * 8.0 * TWO_UNITS * total * total + 2.0 * (total + off) * off)
    margin = least_eigenvalue(form, error * _UP + 1e-280)
    return margin, (norm_bound(matrix) + off) * _UP if margin > 0.0 else np.inf


def _preconditioned(net: Network, slopes: Slopes) -> Uniqueness | None:
    """Return the certificate with Y = (I - J)^{-1} for the middle J of the Jacobians, if it holds."""
    centre, radius = jacobian_bounds(net, slopes)
    n = len(centre)
    unit = (n + 8) * TWO_UNITS
    system = np.eye(n) - centre
    if not (np.isfinite(system).all() and np.isfinite(radius).all()):
        return None
    try:
        inverse = np.linalg.inv(system)
    except np.linalg.LinAlgError:
        return None
    sizes = np.abs(inverse)
    rest = np.abs(np.eye(n) - inverse @ system)
    rest = (rest + sizes @ (radius + 2.0 * unit * (np.abs(system) + np.eye(n)))) * (1.0 + 4.0 * unit) + TINY
    found = _perron(rest)
    if found is None:
        return None
    v, c = found
    text = f"x - Y(x - F(x)) contracts by {_up(c)} in a weighted maximum norm, Y fixed"
    return Uniqueness("preconditioned", text, c, v, np.inf)
