r"""A local proof: exactly one fixed point in a small box around a candidate, for any n.

Theorem (Krawczyk): let X be a box with centre m, G(x) = x - F(x), [J] an interval matrix that contains the Jacobian of
F on X, and Y any matrix. If :math:`K = m - Y G(m) + (I - Y(I - [J]))(X - m)` lies in the interior of X, then X holds
exactly one fixed point, and it lies in K. As in `rmtjac.kernels.boxes.krawczyk`, but with products of dense matrices.

Rounding cannot make the proof false: G(m) and [J] are enclosed with all rounding errors, Y need not be exact, K is
rounded outward, and the comparison of K with X fails for NaN. Cost: one inverse and a few products of n x n matrices,
and [J] for each box that is tried.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rmtjac.fixed_points.certified.enclosure import TINY, TWO_UNITS, Enclosed, enclose, jacobian_bounds
from rmtjac.network import Network

__all__ = ["LocalProof", "local_proof", "residual_bound"]

_TRIES = 12
_INFLATE = 1.25  # the next box is the last K, made larger by this factor
_FLOOR = 64.0 * TWO_UNITS
_FINE = 1e-12  # an enclosure of a larger relative width is narrowed once more
_SMALL = 8  # up to this n affine forms, which are narrower in deep networks, are tried too
_REACHES = (64.0, 1e4, 1e6, 1e8)  # sizes of the boxes of affine forms, as multiples of the error of the candidate


class LocalProof(NamedTuple):
    """A fixed point within `errors` of `place`, and the only one within `reach` of `centre`."""

    place: np.ndarray  # (n,)
    errors: np.ndarray  # (n,)
    jacobian: np.ndarray  # (n, n), near the fixed point
    centre: np.ndarray  # (n,)
    reach: np.ndarray  # (n,)


def local_proof(net: Network, x: np.ndarray) -> LocalProof | None:
    """Return a proof that some box around x holds exactly one fixed point; None if it fails."""
    if any(phi.code is None for phi in net.activations):
        return None
    with np.errstate(all="ignore"):
        found = _dense(net, x)
        if found is not None and (found.errors > _FINE * (1.0 + np.abs(found.place))).any():
            again = _dense(net, found.place)
            if again is not None and _inside(again, found) and again.errors.max() < found.errors.max():
                found = again._replace(centre=found.centre, reach=found.reach)
        return _by_affine_forms(net, x) if found is None and x.size <= _SMALL else found


def residual_bound(net: Network, x: np.ndarray) -> np.ndarray:
    """Return upper bounds of the absolute values of F(x) - x, shape (n,)."""
    at = enclose(net, x, np.zeros_like(x))
    gap, error = _gap(x, at)
    return (np.abs(gap) + error) * (1.0 + 4.0 * TWO_UNITS)


def _gap(x: np.ndarray, at: Enclosed) -> tuple[np.ndarray, np.ndarray]:
    """Return x - F(x) and bounds of its errors."""
    return x - at.centre, (at.radius + TWO_UNITS * (np.abs(x) + np.abs(at.centre))) * (1.0 + 4.0 * TWO_UNITS)


def _inside(one: LocalProof, other: LocalProof) -> bool:
    """Return whether the fixed point of `one` lies in the box of `other`, so that the two fixed points are the same."""
    away = (np.abs(one.place - other.centre) + one.errors) * (1.0 + 4.0 * TWO_UNITS)
    return bool((away <= other.reach).all())


def _dense(net: Network, x: np.ndarray) -> LocalProof | None:
    """Return a proof by products of dense matrices, with boxes that grow until one holds its K."""
    n = x.size
    unit = (n + 8) * TWO_UNITS
    at = enclose(net, x, np.zeros(n))
    gap, error = _gap(x, at)
    jacobian, _ = jacobian_bounds(net, at.slopes)
    system = np.eye(n) - jacobian
    if not (np.isfinite(system).all() and np.isfinite(gap).all()):
        return None
    try:
        inverse = np.linalg.inv(system)
    except np.linalg.LinAlgError:
        return None
    sizes, weights = np.abs(inverse), np.abs(system)
    rest = np.abs(np.eye(n) - inverse @ system)
    if not rest.max() < 1.0:
        return None
    move = inverse @ gap
    off = sizes @ (error + unit * np.abs(gap)) * (1.0 + unit) + TINY
    reach = 2.0 * (np.abs(move) + off) + _FLOOR * np.abs(x) + TINY
    for _ in range(_TRIES):
        middle, radius = jacobian_bounds(net, enclose(net, x, reach).slopes)
        # The radius counts the slopes that differ from those at x, and the rounding errors of I - J.
        radius = (radius + np.abs(middle - jacobian)) * (1.0 + 4.0 * TWO_UNITS) + unit * weights
        spread = (rest @ reach + sizes @ (radius @ reach)) * (1.0 + 4.0 * unit) + off
        new = (np.abs(move) + spread + TWO_UNITS * np.abs(x)) * (1.0 + 4.0 * TWO_UNITS)
        if (new < reach).all():
            place = x - move
            rounding = 2.0 * TWO_UNITS * (np.abs(x) + np.abs(move))
            return LocalProof(place, (spread + rounding) * (1.0 + 4.0 * TWO_UNITS), jacobian, x, reach)
        if not new.max() < 1e6 * (reach.max() + 1.0):
            return None
        reach = _INFLATE * np.maximum(new, 0.5 * reach)
    return None


def _by_affine_forms(net: Network, x: np.ndarray) -> LocalProof | None:
    """Return a proof by the affine forms of the kernels, with boxes of a few sizes."""
    from rmtjac.kernels.boxes.affine import workspace
    from rmtjac.kernels.boxes.krawczyk import Proof, prove

    arrays = net.arrays
    space = workspace(arrays, x.size, 0)
    error = float(np.abs(net(x) - x).max()) + 4.0 * TWO_UNITS
    for reach in _REACHES:
        radius = reach * (error + 4.0 * TWO_UNITS * np.abs(x)) + TINY
        proof, place, errors, jacobian = prove(arrays, space, x.copy(), radius)
        if proof == Proof.PROVED:
            return LocalProof(place, errors, jacobian, x, radius)
    return None
