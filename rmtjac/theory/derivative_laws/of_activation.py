"""The law of D^2 = phi'(h)^2, h ~ N(0, q), of an activation.

Three kinds, by how m_K is computed: `DiscreteLaw` for piecewise affine activations, `ErfLaw`, `QuadratureLaw` for any
other.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from rmtjac.activations import Activation
from rmtjac.theory.derivative_laws.base import DerivativeLaw
from rmtjac.theory.derivative_laws.discrete import DiscreteLaw
from rmtjac.theory.derivative_laws.erf import ErfLaw
from rmtjac.theory.derivative_laws.panel_rule import panel_rule
from rmtjac.theory.derivative_laws.quadrature import QuadratureLaw
from rmtjac.theory.derivative_laws.tails import tail_row
from rmtjac.validate import finite

__all__ = ["derivative_law"]


def _discrete(phi: Activation, variance: float) -> DiscreteLaw:
    from scipy.special import ndtr

    assert phi.slopes is not None
    cuts = np.array([-np.inf, *phi.breakpoints, np.inf]) / math.sqrt(variance)
    # ndtr(b) - ndtr(a) from the tail in which both are small, so that a rare piece keeps its digits.
    low, high = cuts[:-1], cuts[1:]
    flip = low > 0.0
    mass = np.where(flip, ndtr(-low) - ndtr(-high), ndtr(high) - ndtr(low))
    return DiscreteLaw.from_points(np.square(phi.slopes), mass / mass.sum(), (phi, variance))


@lru_cache(maxsize=256)
def derivative_law(phi: Activation, variance: float) -> DerivativeLaw:
    r"""Return the law of :math:`\varphi'(h)^2`, :math:`h \sim N(0, q)`.

    Parameters
    ----------
    phi
        The activation.
    variance
        q >= 0, the variance of the preactivations (the q of BS's formulas, q^h of the mean field).

    Raises
    ------
    ValueError
        If q is negative or not finite, phi' returns NaN, or D = 0 almost surely.

    Notes
    -----
    Cost: closed forms at once, quadrature laws some milliseconds (1,000-18,000 nodes). Results are cached.
    """
    variance = finite("variance", variance, least=0.0)
    if variance == 0.0:
        d = float(phi.derivative(np.zeros(1))[0])
        out: DerivativeLaw = DiscreteLaw.from_points([d * d], [1.0], (phi, 0.0))
    elif phi.piecewise_affine:
        out = _discrete(phi, variance)
    else:
        kind = ErfLaw if phi.name == "erf" and phi.code is not None else QuadratureLaw
        values, weights, panels, intervals = panel_rule(phi.derivative, variance, phi.breakpoints)
        if intervals.size and intervals[0, 1] > 100.0:
            raise ValueError(
                f"activation={phi.spec!r}: phi' must be bounded; its square reaches exp({intervals[0, 1]:.3g})"
            )
        supremum = math.exp(intervals[0, 1]) if intervals.size else 0.0
        panels = np.concatenate([tail_row(phi, variance), panels])
        out = kind(values, weights, 0.0, supremum, (phi, variance), panels, intervals)
    if not out.values.size:
        raise ValueError(
            f"activation={phi.spec!r}: phi' vanishes for all preactivations of variance {variance:g}; "
            "the spectrum is a point mass at 0"
        )
    return out
