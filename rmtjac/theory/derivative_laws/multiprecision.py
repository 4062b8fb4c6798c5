r"""m_K in the arithmetic of mpmath, for edges of the support to more digits than a float has.

The trapezoid rule of step h gives a Gaussian mean of a function analytic in a strip of half-width y with an error of
about exp(-2 pi y/h). The step is halved until nothing changes, and the values of D^2 are kept. If phi' has a kink or is
a Python function, mpmath's quadrature on the pieces is used instead; a Python function has the 16 digits of a float.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rmtjac.activations import Activation
from rmtjac.activations.analytic import ANALYTIC, Analytic

__all__ = ["digits_known", "smooth_moment_transform"]

_LEVELS = 8  # steps 1/2 ... 1/256

# (activation, variance, digits) -> per level the pairs (weight, D^2); few laws are in use at a time.
_NODES: dict[tuple[str, float, int], list[list[tuple[Any, Any]]]] = {}


def _analytic(phi: Activation) -> Analytic | None:
    """Return the formula of phi', or None if it has none."""
    return ANALYTIC.get(phi.name) if phi.code is not None else None


def digits_known(phi: Activation) -> float:
    """Return the number of digits to which phi' can be computed."""
    return math.inf if _analytic(phi) else 15.0


def smooth_moment_transform(phi: Activation, variance: float, u: Any) -> Any:
    """Return m_K(u) for a smooth phi', u off the cut, in the working precision of mpmath."""
    import mpmath as mp

    known = _analytic(phi)
    if known is None or phi.breakpoints:
        return _by_pieces(phi, known, variance, u)
    goal = mp.mpf(10) ** (3 - mp.mp.dps)
    total, scale = mp.mpf(0), mp.sqrt(mp.mpf(variance))
    before = None
    for level in range(_LEVELS):
        total += mp.fsum(w * x / (1 - u * x) for w, x in _level(phi.name, known, variance, scale, level))
        value = u * total * mp.mpf(2) ** (-level - 1)
        if before is not None and abs(value - before) <= goal * abs(value):
            return value
        before = value
    return _by_pieces(phi, known, variance, u)


def _level(name: str, known: Analytic, variance: float, scale: Any, level: int) -> list[tuple[Any, Any]]:
    """Return the nodes that the step 2^-(level+1) adds, as pairs (weight in a rule of step 1, D^2)."""
    import mpmath as mp

    kept = _NODES.setdefault((name, variance, mp.mp.dps), [])
    if len(_NODES) > 64:
        _NODES.pop(next(iter(_NODES)))
    if level == len(kept):
        reach = math.sqrt(2.0 * math.log(10.0) * mp.mp.dps) + 1.0
        step = mp.mpf(2) ** (-level - 1)
        most = int(reach / step)
        numbers = range(0 if known.even else -most, most + 1)
        if level:
            numbers = range(1 if known.even else -most + (1 - most % 2), most + 1, 2)
        pairs = []
        for j in numbers:
            z = j * step
            weight = mp.npdf(z) * (2 if known.even and j else 1)
            pairs.append((weight, known.formula(mp, scale * z) ** 2))
        kept.append(pairs)
    return kept[level]


def _by_pieces(phi: Activation, known: Analytic | None, variance: float, u: Any) -> Any:
    """Return m_K(u) by the quadrature of mpmath on pieces of length 1 between the breakpoints."""
    import mpmath as mp

    scale = mp.sqrt(mp.mpf(variance))

    def integrand(z: Any) -> Any:
        if known is None:
            d = mp.mpf(float(phi.derivative(np.array([float(scale * z)]))[0]))
        else:
            d = known.formula(mp, scale * abs(z) if known.even else scale * z)
        return mp.npdf(z) * d * d / (1 - u * d * d)

    even = known is not None and known.even
    reach = math.sqrt(2.0 * math.log(10.0) * mp.mp.dps) + 1.0
    cuts = {0.0, reach, *np.arange(1.0, reach)} if even else {*np.arange(-math.floor(reach), reach), -reach, reach}
    cuts |= {b / math.sqrt(variance) for b in phi.breakpoints if abs(b) < reach * math.sqrt(variance)}
    return u * mp.quad(integrand, sorted(cuts)) * (2 if even else 1)
