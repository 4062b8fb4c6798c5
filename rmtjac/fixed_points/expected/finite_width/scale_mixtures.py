r"""Laws that are Gaussian once a random scale is known, :math:`X = \tau g` with g normal and independent of tau.

Cauchy entries are :math:`g/|g'|`, entries of Student's t :math:`g \sqrt{\nu/\chi^2_\nu}`, and symmetric stable entries
:math:`g \sqrt{2A}` with a positive stable A of index alpha/2. Scales are drawn as logarithms, because those of heavy
tails may leave the range of a float.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import math

import numpy as np

from rmtjac.laws import Cauchy, Gaussian, Law, Stable, StudentT

__all__ = ["is_scale_mixture", "log_scales"]


def is_scale_mixture(law: Law) -> bool:
    """Return whether entries of this law are Gaussian given independent random scales."""
    return isinstance(law, Gaussian | Cauchy | StudentT | Stable)


def log_scales(law: Law, scale: float, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Draw the logarithms of the scales tau of entries ``scale * X`` with X standard of this law.

    Raises
    ------
    ValueError
        If the law is no scale mixture.
    """
    size = math.log(scale) if scale > 0.0 else -math.inf
    if isinstance(law, Gaussian):
        return np.full(shape, size)
    if isinstance(law, Cauchy):
        return size - np.log(np.maximum(np.abs(rng.standard_normal(shape)), 5e-324))
    if isinstance(law, StudentT):
        half = 0.5 * law.df
        # A gamma variable of a small index is one of index + 1 times U^(1/index).
        log = np.log(rng.standard_gamma(half + 1.0, shape)) - rng.standard_exponential(shape) / half
        out: np.ndarray = size + 0.5 * (math.log(half) - log)
        return out
    if isinstance(law, Stable):
        return size + 0.5 * (math.log(2.0) + _log_positive_stable(0.5 * law.alpha, shape, rng))
    raise ValueError(f"the law {law!r} is no Gaussian scale mixture")


def _log_positive_stable(index: float, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Draw log A with E exp(-sA) = exp(-s^index), 0 < index < 1 (Kanter 1975)."""
    angle = math.pi * np.maximum(rng.random(shape), 5e-324)
    wait = np.maximum(rng.standard_exponential(shape), 5e-324)
    rest = (1.0 - index) / index
    out: np.ndarray = (
        np.log(np.sin(index * angle))
        - np.log(np.sin(angle)) / index
        + rest * (np.log(np.sin((1.0 - index) * angle)) - np.log(wait))
    )
    return out
