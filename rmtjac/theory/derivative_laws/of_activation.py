"""The law of D^2 = phi'(h)^2, h ~ N(0, q), of an activation.

There are three kinds, which compute m_K in different ways: `DiscreteLaw` for piecewise affine activations, `ErfLaw` for
erf, `QuadratureLaw` for any other.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from rmtjac.activations import Activation, activation
from rmtjac.propagation.normal import normal_mass
from rmtjac.theory.derivative_laws.base import DerivativeLaw
from rmtjac.theory.derivative_laws.discrete import DiscreteLaw
from rmtjac.theory.derivative_laws.erf import ErfLaw
from rmtjac.theory.derivative_laws.panel_rule import panel_rule
from rmtjac.theory.derivative_laws.quadrature import QuadratureLaw
from rmtjac.theory.derivative_laws.tails import tail_row
from rmtjac.validate import finite

__all__ = ["derivative_law"]

_FLAT = 1e-300  # below it 1/(pi q) overflows, and D^2 of erf is the constant 1 - O(q)


def _discrete(phi: Activation, variance: float) -> DiscreteLaw:
    """Return the law of a piecewise affine activation, q > 0."""
    assert phi.slopes is not None
    cuts = np.array([-np.inf, *phi.breakpoints, np.inf]) / math.sqrt(variance)
    mass = normal_mass(cuts[:-1], cuts[1:])
    return DiscreteLaw.from_points(np.square(phi.slopes), mass / mass.sum(), (phi, variance))


@lru_cache(maxsize=256)
def derivative_law(phi: str | Activation, variance: float) -> DerivativeLaw:
    r"""Return the law of :math:`\varphi'(h)^2`, :math:`h \sim N(0, q)`.

    Parameters
    ----------
    phi : str or Activation
        The activation or its name, for example ``"tanh"``.
    variance : float
        The variance q >= 0 of the preactivations: the q of the formulas after BS (24), :math:`q^h` of the mean field.

    Returns
    -------
    DerivativeLaw
        A `DiscreteLaw` for a piecewise affine activation or q = 0, an `ErfLaw` for erf, else a `QuadratureLaw`.

    Raises
    ------
    TypeError
        If `variance` is not a number.
    ValueError
        If the activation is not known, q is negative or not finite, phi' is unbounded or returns NaN, or D = 0 almost
        surely.

    See Also
    --------
    rmtjac.mean_field : The variance q in each layer.
    DiscreteLaw.from_points : A law of your own.

    Notes
    -----
    Cost: nearly none for a closed form, some milliseconds for a quadrature law (1,000-18,000 nodes). Results are
    cached.

    References
    ----------
    BS (11), BS (24). See docs/references.md.
    docs/theory/conventions.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> rj.theory.derivative_law("hardtanh", 0.5)
    DiscreteLaw(0: 0.1573, 1: 0.8427)
    >>> rj.theory.derivative_law("erf", 0.5)
    ErfLaw(q=0.5, mean=0.623686, ... nodes)
    """
    phi, variance = activation(phi), finite("variance", variance, least=0.0)
    smooth_erf = phi.name == "erf" and phi.code is not None
    if variance == 0.0 or (smooth_erf and variance < _FLAT):
        d = float(phi.derivative(np.zeros(1))[0])
        out: DerivativeLaw = DiscreteLaw.from_points([d * d], [1.0], (phi, variance))
    elif phi.piecewise_affine:
        out = _discrete(phi, variance)
    else:
        kind = ErfLaw if smooth_erf else QuadratureLaw
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
