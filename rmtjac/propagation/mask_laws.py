"""The laws of independent masks: of the h^l in D^l = diag phi'(h^l), drawn independent of the weights."""

from __future__ import annotations

import numpy as np

from rmtjac.activations import Activation
from rmtjac.ensemble import Ensemble
from rmtjac.propagation.mean_field import follow

__all__ = ["homogeneous", "mask_laws"]


def homogeneous(phi: Activation) -> bool:
    """Return whether phi(t h) = t phi(h) for t > 0: phi'(h) depends on the sign of h only.

    Examples
    --------
    >>> from rmtjac.activations import activation
    >>> homogeneous(activation("leaky_relu:0.1")), homogeneous(activation("hardtanh"))
    (True, False)
    """
    return phi.slopes is not None and set(phi.breakpoints) <= {0.0} and phi.at_zero == 0.0


def mask_laws(ensemble: Ensemble, input_variance: float) -> np.ndarray:
    """Return index and scale of the preactivations of each layer, shape (L, 2), as the masks need them.

    They are those of `rmtjac.mean_field`. Under weights without variance the scale of linear, ReLU and leaky ReLU
    layers may be infinite; their masks do not depend on it. Such layers at the end get a standard normal h.

    Raises
    ------
    ValueError
        For the same reasons as in `rmtjac.mean_field`.

    Examples
    --------
    >>> import rmtjac as rj
    >>> mask_laws(rj.Ensemble.square(50, 2, "relu", rj.Cauchy()), 1.0)
    array([[2., 1.],
           [2., 1.]])
    """
    depth = ensemble.depth
    if not all(one.finite_variance for one in ensemble.weights):
        while depth and homogeneous(ensemble.activations[depth - 1]):
            depth -= 1
    laws = np.column_stack([np.full(ensemble.depth, 2.0), np.ones(ensemble.depth)])
    if depth:
        alphas, scales, _ = follow(ensemble, input_variance, depth)
        laws[:depth] = np.column_stack([alphas, scales])
    return laws
