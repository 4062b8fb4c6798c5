"""P(D != 0) of each layer from the mean field, where the law of the preactivations is known."""

from __future__ import annotations

import numpy as np

from rmtjac.ensemble import Ensemble
from rmtjac.propagation.mask_laws import mask_laws
from rmtjac.theory.heavy_tails.independent.mask_law import mask_law

__all__ = ["mean_field_shares"]


def mean_field_shares(ensemble: Ensemble, input_variance: float) -> np.ndarray | None:
    """Return P(D_l != 0), l = 0..L, with 1 for the input; None if the preactivations have no stable law.

    Examples
    --------
    >>> import rmtjac as rj
    >>> mean_field_shares(rj.Ensemble.square(9, 1, "hardtanh", rj.Cauchy(1.0)), 1.0).round(6)
    array([1.      , 0.571269])
    """
    out = np.ones(ensemble.depth + 1)
    try:
        laws = mask_laws(ensemble, input_variance)
        for l, phi in enumerate(ensemble.activations):
            if phi.saturates:
                out[l + 1] = mask_law(phi, *map(float, laws[l])).mass
    except ValueError:
        return None
    return out
