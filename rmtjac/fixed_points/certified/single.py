"""The fixed point of a network that is proved to have exactly one, by iteration, Newton's method or splitting."""

from __future__ import annotations

import numpy as np

from rmtjac.fixed_points.certified.contraction import Uniqueness
from rmtjac.fixed_points.certified.enclosure import Slopes
from rmtjac.fixed_points.certified.local import LocalProof, local_proof, residual_bound
from rmtjac.fixed_points.iterated.newton import continued, settle_newton
from rmtjac.network import Network

__all__ = ["the_one"]

_ITERATIONS = 400
_LOOK = 20  # iterations between two comparisons of the residual
_GAIN = 0.1  # iteration goes on if the residual fell below this part in that time
_FINE = 1e-6  # relative step at which Newton's method takes over from splitting
_STILL = 1e-15  # a smaller relative residual is rounding error
_SPLITTINGS = 4000  # the largest number of steps of the splitting
_GOOD = 1e-9  # a relative residual, or error, that is small enough
_DENSE = 300  # for larger n the error bound of the certificate is preferred to the inverse that a local proof needs


def the_one(net: Network, unique: Uniqueness, slopes: Slopes) -> tuple[np.ndarray, LocalProof | None, np.ndarray]:
    """Return a point near the fixed point, a local proof or None, and proved bounds of the error, shape (n,).

    The bounds are infinite if no bound is proved.
    """
    with np.errstate(all="ignore"):
        x = _found(net, slopes)
        known = all(phi.code is not None for phi in net.activations)
        errors = unique.error(residual_bound(net, x)) if known else np.full(x.size, np.inf)
        errors[~(errors >= 0.0)] = np.inf
        if x.size > _DENSE and (errors <= _GOOD * (1.0 + np.abs(x))).all():
            return x, None, errors
        proof = local_proof(net, x)
    if proof is None or not proof.errors.max() < errors.max():
        return x, None, errors
    return proof.place, proof, proof.errors


def _residual(net: Network, x: np.ndarray) -> float:
    """Return the relative residual of a point; inf if it is NaN."""
    size = float(np.abs(net(x) - x).max()) / (1.0 + float(np.abs(x).max()))
    return size if size >= 0.0 else np.inf


def _found(net: Network, slopes: Slopes) -> np.ndarray:
    """Return the point of the smallest residual that iteration, Newton's method or splitting find."""
    n = net.widths[0]
    best = np.zeros(n)
    least = last = _residual(net, best)
    x = best
    for step in range(1, _ITERATIONS + 1):
        x = net(x)
        if step % _LOOK:
            continue
        now = _residual(net, x)
        if now < least:
            best, least = x, now
        if not now < _GAIN * last or now < _STILL:
            break
        last = now
    if least < 4.0 * _STILL:
        return best
    tries = [
        lambda: settle_newton(net, best[None])[0],
        lambda: settle_newton(net, best[None], damped=False)[0],
        lambda: continued(net),
        lambda: settle_newton(net, _split(net, slopes)[None])[0],
    ]
    for attempt in tries[: 4 if net.depth == 1 else 3]:
        x = attempt()
        now = _residual(net, x)
        if now < least:
            best, least = x, now
        if least < _GOOD:
            break
    return best


def _split(net: Network, slopes: Slopes) -> np.ndarray:
    r"""Iterate :math:`h \mapsto (I - W\Gamma)^{-1}(W(\varphi(h) - \Gamma h) + b)` (Peaceman-Rachford): it contracts."""
    matrix, bias, phi = net.weights[0], net.biases[0], net.activations[0]
    middle = 0.5 * (slopes[0][0] + slopes[0][1])
    try:
        inverse = np.linalg.inv(np.eye(len(matrix)) - matrix * middle)
    except np.linalg.LinAlgError:
        return np.zeros(len(matrix))
    h = inverse @ bias
    for _ in range(_SPLITTINGS):
        new = inverse @ (matrix @ (phi(h) - middle * h) + bias)
        still = np.abs(new - h).max() <= _FINE * (1.0 + np.abs(new).max())
        h = new
        if still:
            break
    return phi(h)
