"""P(D != 0) of each layer from the mean field, where the law of the preactivations is known."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from rmtjac.ensemble import Ensemble
from rmtjac.propagation.mask_laws import mask_laws
from rmtjac.propagation.stable_law import stable_law

__all__ = ["mean_field_shares"]


def mean_field_shares(ensemble: Ensemble, input_variance: float) -> np.ndarray | None:
    """Return P(D_l != 0), l = 0..L, with 1 for the input; None if the preactivations are of no single stable law.

    Examples
    --------
    >>> import rmtjac as rj
    >>> mean_field_shares(rj.Ensemble.square(9, 1, "hardtanh", rj.Cauchy(1.0)), 1.0).round(6)
    array([1.      , 0.571269])
    """
    try:
        laws = mask_laws(ensemble, input_variance)
    except ValueError:
        return None
    out = np.ones(ensemble.depth + 1)
    for l, phi in enumerate(ensemble.activations):
        if not phi.saturates:
            continue
        alpha, scale = laws[l]
        ends = np.array([-np.inf, *phi.breakpoints, np.inf]) / scale
        inner = ndtr(ends[1:-1]) if alpha == 2.0 else stable_law(float(alpha)).cdf(ends[1:-1])
        masses = np.diff(np.concatenate([[0.0], inner, [1.0]]))
        out[l + 1] = masses[np.asarray(phi.slopes) != 0.0].sum()
    return out if np.isfinite(out).all() else None
