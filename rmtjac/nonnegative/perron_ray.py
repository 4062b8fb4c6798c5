r"""Fixed points on the Perron ray, for weakly scalable networks with T(0) = 0.

If there are no biases, phi(0) = 0, and phi(t)/t does not increase from phi'(0) = 1, then :math:`T(x) \le Ax`, where A
is the product of the weights. Let A be irreducible, and u > 0 its left Perron vector.

- If rho(A) = 1, a fixed point q has :math:`u \cdot (Aq - T(q)) = 0`, hence Aq = q: each is tv, v the Perron vector.
  T(tv) = tv if and only if phi(h) = h at every neuron that acts on an output. This holds for t up to some t*, so that
  the fixed points are an interval.
- If rho(A) > 1 and T = A, 0 is the only fixed point: another would be a Perron vector, and rho(A) = 1.
- If rho(A) > 1 and some phi(t)/t decreases strictly, there is at most one fixed point besides 0. Fixed points p, q
  other than 0 are positive. Let t be the largest with tp <= q. If t < 1, a power of T has T^m(tp) > tp in every
  coordinate, so that tp < q in every coordinate, and t is not the largest.

NN states that Fix(T) is an interval for T upper- and lower-primitive at its fixed points. This holds for the fixed
points other than 0 only: tanh(2x) satisfies all hypotheses, and 0 and .9575 are fixed, but no point between them is.

Sources: NN (docs/references.md).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from rmtjac.network import Network
from rmtjac.nonnegative.against_one import AgainstOne, against_one
from rmtjac.nonnegative.matrices.blocks import irreducible
from rmtjac.nonnegative.predicates.scaling import weakly_scalable
from rmtjac.validate import real_array

__all__ = ["Ray", "is_linear", "linear_bound", "perron_ray", "strict_above_zero"]


class Ray(NamedTuple):
    """The fixed points t v, 0 <= t <= end, on a ray from 0.

    Attributes
    ----------
    vector : ndarray of float, shape (n,)
        The direction v, with greatest entry 1.
    end : float
        The largest t; infinite if the whole ray is fixed.

    See Also
    --------
    Certificate : Holds a ray if the fixed points are an interval.

    References
    ----------
    docs/theory/nonnegative.md.

    Examples
    --------
    >>> import numpy as np, rmtjac as rj
    >>> ray = rj.nonnegative.certify(rj.Network([np.eye(2)[::-1]], activation="relu6")).ray
    >>> ray.vector, ray.end
    (array([1., 1.]), 6.0)
    """

    vector: np.ndarray
    end: float

    def points(self, shares: np.ndarray) -> np.ndarray:
        """Return points on the ray.

        Parameters
        ----------
        shares : array_like of float, shape (K,)
            Shares of the way from 0 to the end, or to v if there is no end.

        Returns
        -------
        ndarray of float, shape (K, n)
            The points.
        """
        return np.multiply.outer(real_array("shares", shares), self.vector) * (
            self.end if np.isfinite(self.end) else 1.0
        )


def linear_bound(network: Network) -> AgainstOne | None:
    """Return whether rho(A) < 1, for A the product of the weights, if T(x) <= A x; otherwise None."""
    if not weakly_scalable(network) or any((b != 0.0).any() for b in network.biases):
        return None
    if any(phi.facts.at_zero != 0.0 or phi.facts.identity_up_to is None for phi in network.activations):
        return None
    return against_one(list(network.weights))


def _acting(network: Network) -> list[np.ndarray]:
    """Return which neurons of each layer act on an output."""
    acts: Any = np.ones(network.widths[-1], dtype=bool)
    found = [acts]
    for matrix in network.weights[:0:-1]:
        acts = (matrix[acts] > 0.0).any(axis=0)
        found.insert(0, acts)
    return found


def perron_ray(network: Network, bound: AgainstOne) -> Ray | None:
    """Return all fixed points x >= 0 if rho(A) = 1 exactly and A is irreducible; else None."""
    if bound.vector is None:
        return None
    top = max(bound.vector)
    values = [v / top for v in bound.vector]
    end: Fraction | float = np.inf
    h = values
    for matrix, phi, acts in zip(network.weights, network.activations, _acting(network), strict=True):
        h = [sum((Fraction(w) * x for w, x in zip(row, h, strict=True) if w), Fraction(0)) for row in matrix.tolist()]
        straight = phi.facts.identity_up_to
        if straight is None:
            return None
        for one, acting in zip(h, acts, strict=True):
            if acting and one > 0 and straight < np.inf:
                end = min(end, Fraction(straight) / one)
    vector = np.array([float(v) for v in values])
    vector.flags.writeable = False
    return Ray(vector, float(end))


def is_linear(network: Network) -> bool:
    """Return whether T(x) = A x for x >= 0 with A irreducible.

    A fixed point other than 0 is then a Perron vector, and rho(A) = 1.
    """
    return all(phi.facts.identity_up_to == np.inf for phi in network.activations) and irreducible(network)


def strict_above_zero(network: Network) -> bool:
    """Return whether A is irreducible and phi(t)/t decreases strictly at some neuron between inputs and outputs."""
    if not irreducible(network):
        return False
    reached: Any = np.ones(network.widths[0], dtype=bool)
    for matrix, phi, acts in zip(network.weights, network.activations, _acting(network), strict=True):
        reached = (matrix[:, reached] > 0.0).any(axis=1)
        if phi.facts.ratio == "strictly" and (reached & acts).any():
            return True
    return False
