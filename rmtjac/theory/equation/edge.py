"""The ends of the intervals of the support, and how the density behaves next to them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

__all__ = ["Edge", "EdgeKind"]


class EdgeKind(StrEnum):
    """How the density behaves next to an edge."""

    SQUARE_ROOT = "square-root"
    TIP = "tip"
    HARD = "hard"
    ATOM = "atom"
    NONE = "none"  # no edge: the end, at lambda = 0 or infinity, of a gap of the support


@dataclass(frozen=True, eq=False)
class Edge:
    """One end of an interval of the support.

    Attributes
    ----------
    log_lam : float
        Natural logarithm of lambda at the edge; -inf for lambda = 0.
    kind : EdgeKind
        ``"square-root"``, the common case; ``"tip"``, where u reaches the end of the values of 1/D^2 and the density
        vanishes faster; ``"hard"``, where it diverges at lambda = 0; ``"atom"``, where M is a multiple of D^2 and
        the edge is an edge of the law of D^2.
    exponent : float
        The density is proportional to this power of the distance from the edge: 1/2 at a square-root edge, negative
        at a hard one; NaN where it follows no power.
    log_u : ndarray of complex, shape (terms,)
        At a square-root edge log|u_g| of each term of the equation, less i pi where u_g < 0; else empty.

    See Also
    --------
    rmtjac.LimitSpectrum.edges : The edges of a limit.

    References
    ----------
    docs/theory/support_and_moments.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> low, high = rj.limit_spectrum(rj.Ensemble.square(10, 2, "linear")).edges
    >>> low, high
    (Edge(0, hard, exponent -0.6667), Edge(6.75, square-root, exponent 0.5))
    >>> high.kind == "square-root"
    True
    """

    log_lam: float
    kind: EdgeKind
    exponent: float
    log_u: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=complex))

    def __repr__(self) -> str:
        return f"Edge({math.exp(min(self.log_lam, 700.0)):.6g}, {self.kind}, exponent {self.exponent:.4g})"
