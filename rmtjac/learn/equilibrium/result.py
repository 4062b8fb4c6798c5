"""Results of an equilibrium layer: fixed points with bounds of their errors, and gradients.

Sources: DEQ (docs/references.md).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["Equilibrium", "Gradients"]


class Equilibrium(NamedTuple):
    """Hold the fixed points of K samples, with bounds of their errors.

    Attributes
    ----------
    z : ndarray of float, shape (K, n)
        The fixed points.
    errors : ndarray of float, shape (K,)
        Proved bounds of their errors in the maximum norm, rounding included; infinite where nothing is proved because
        no rate of contraction below 1 was found.
    steps : ndarray of int, shape (K,)
        The number of steps of the iteration.

    See Also
    --------
    EquilibriumLayer.solve : Computes it.

    References
    ----------
    DEQ.
    See docs/references.md.

    Examples
    --------
    >>> from rmtjac.learn import PcDEQ2
    >>> found = PcDEQ2([[0.5]], [[1.0]], [0.0]).solve([[1.0], [2.0]])
    >>> found.z.shape, bool((found.errors < 1e-9).all())
    ((2, 1), True)
    """

    z: np.ndarray
    errors: np.ndarray
    steps: np.ndarray


class Gradients(NamedTuple):
    """Hold the gradient of a loss.

    Attributes
    ----------
    weights : ndarray of float, shape (n, n)
        Gradient with respect to W.
    injection : ndarray of float, shape (n, m)
        Gradient with respect to U.
    biases : ndarray of float, shape (n,)
        Gradient with respect to b.
    inputs : ndarray of float, shape (K, m)
        Gradient with respect to x.

    See Also
    --------
    EquilibriumLayer.gradients : Computes it.

    References
    ----------
    DEQ.
    See docs/references.md.

    Examples
    --------
    >>> from rmtjac.learn import PcDEQ2
    >>> layer = PcDEQ2([[0.5]], [[1.0]], [0.0])
    >>> found = layer.solve([[1.0]])
    >>> layer.gradients([[1.0]], found, [[1.0]]).weights.shape
    (1, 1)
    """

    weights: np.ndarray
    injection: np.ndarray
    biases: np.ndarray
    inputs: np.ndarray
