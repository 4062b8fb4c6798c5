"""The expected numbers of fixed points of a random map, as a result.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rmtjac.estimate import Estimate

__all__ = ["COUNTS", "ExpectedFixedPoints"]

COUNTS = ("total", "stable", "saddles", "repellers", "index")  # the columns of `by_network`


@dataclass(frozen=True, eq=False)
class ExpectedFixedPoints:
    """Hold the expected numbers of fixed points of a random map.

    Stable points, saddles and repellers are defined as in `FixedPointCounts`.

    Attributes
    ----------
    total, stable, saddles, repellers : Estimate
        The expected numbers, each with its error: of the quadrature (an estimate), or of the sampling (one standard
        error).
    index : Estimate
        The expected sum of the fixed-point indices, which is 1 if nothing is missing.
    growth : float
        The chi of E[Q] ~ A chi^L for deep networks; NaN where it is not defined.
    method : {"limit", "conditional"}
        Hidden layers of infinite width, or sampled hidden layers of finite width.
    by_network : ndarray of float, shape (M, 5)
        With the method ``"conditional"``: total, stable, saddles, repellers and index given the hidden layers of each
        of M networks; else M = 0.
    facts : dict
        The ensemble, the settings and the seed.

    See Also
    --------
    FixedPointCounts : The counted numbers.
    """

    total: Estimate
    stable: Estimate
    saddles: Estimate
    repellers: Estimate
    index: Estimate
    growth: float = math.nan
    method: str = "limit"
    by_network: np.ndarray = field(default_factory=lambda: np.empty((0, len(COUNTS))))
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def index_residual(self) -> float:
        """The distance of the expected index from 1: what the integration, or the sampling, misses."""
        return abs(self.index.value - 1.0)

    @property
    def bound(self) -> float:
        """An upper bound on the probability of more than one fixed point, (E[total] - 1) / 2 at most 1.

        The number of fixed points is odd (almost surely), so that more than one means at least three.
        """
        return min(max(0.5 * (self.total.value - 1.0), 0.0), 1.0)
