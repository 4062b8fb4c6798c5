"""The solved limit equation of given layers: support, atoms, roots at points of the support, and the density there.

All other modules of this folder read a `Solution`. So the support is computed once, and its mass has been checked
(`rmtjac.theory.equation.own_mass`) before any of them returns a result.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from rmtjac.theory.equation.edge import Edge, EdgeKind
from rmtjac.theory.equation.layers import Layers
from rmtjac.theory.equation.near_edge import WITHIN, Expansion, expand
from rmtjac.theory.equation.own_mass import checked_support
from rmtjac.theory.equation.roots import Roots, solve_inside
from rmtjac.theory.equation.support import Support
from rmtjac.validate import logarithms

__all__ = ["Densities", "ExpansionAt", "Solution"]


class ExpansionAt(NamedTuple):
    """A square-root edge, by its log lambda, and the expansion of the density there."""

    log_lam: float
    expansion: Expansion


class Densities(NamedTuple):
    """Densities rho(lambda), the atoms excluded, and an estimate of their absolute errors."""

    value: np.ndarray
    error: np.ndarray


@dataclass(frozen=True, eq=False)
class Solution:
    """Support, atoms and roots of the limit equation of given layers, each computed at its first use.

    Attributes
    ----------
    layers : Layers
        Laws of D^2, weight variances, widths and kinds of weights, one per layer.
    ensemble : dict, optional
        Facts of the ensemble that the layers come from; error messages quote them.

    Examples
    --------
    >>> import numpy as np
    >>> from rmtjac.theory import DiscreteLaw, Layers
    >>> linear = DiscreteLaw.from_points([1.0], [1.0])
    >>> solution = Solution(Layers([linear], [1.0]))
    >>> np.exp(solution.log_support)
    array([[0., 4.]])
    >>> solution.solve(np.array([0.0])).imag_m.round(6)   # Marchenko-Pastur: pi rho(1) = sqrt(3) / 2
    array([-0.866025])
    >>> solution.densities([1.0, 5.0]).value.round(6)
    array([0.275664, 0.      ])
    """

    layers: Layers
    ensemble: dict[str, Any] | None = None

    @cached_property
    def atom(self) -> float:
        """The mass at 0: 1 - min(n_0 / n_L, P(D_l != 0) n_{l+1} / n_L)."""
        lead = self.layers.groups[0]
        return lead.atom if self.layers.ratios[0] == 1.0 else max(1.0 - self.layers.rank, 0.0)

    @cached_property
    def ends(self) -> Support:
        """The support (`rmtjac.theory.equation.support`); raises an ArithmeticError if its mass is not 1."""
        return checked_support(self.layers, self.atom, self.ensemble)

    @cached_property
    def log_support(self) -> np.ndarray:
        """The intervals of the support in log lambda without the atoms, ascending, shape (k, 2)."""
        return self.ends.log_ends

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """The ends of these intervals, ascending."""
        return tuple(edge for interval in self.ends.intervals for edge in interval)

    @cached_property
    def square_roots(self) -> np.ndarray:
        """The log lambda of the edges at which the density starts like a square root."""
        return np.array([edge.log_lam for edge in self._sharp])

    @property
    def _sharp(self) -> list[Edge]:
        return [edge for edge in self.edges if edge.kind == EdgeKind.SQUARE_ROOT]

    @cached_property
    def expansions(self) -> list[ExpansionAt]:
        """The expansions of the density at the square-root edges that have one; each costs a millisecond or more."""
        made = [(edge.log_lam, expand(self.layers, edge)) for edge in self._sharp]
        return [ExpansionAt(at, expansion) for at, expansion in made if expansion is not None]

    def inside(self, log_lam: np.ndarray) -> np.ndarray:
        """Return whether each lambda, given by its logarithm, lies within an interval of the support."""
        return (np.searchsorted(self.log_support.ravel(), log_lam) % 2 == 1) & np.isfinite(log_lam)

    def solve(self, log_lam: np.ndarray) -> Roots:
        """Return the roots at points of the support, given by their logarithms (`solve_inside`)."""
        _ = self.ends  # raises an error if the mass of the limit is not 1
        return solve_inside(self.layers, log_lam)

    def densities(self, lam: Any) -> Densities:
        """Return the density and its error at each `lam`, both shaped like `lam`, and 0 outside the support.

        Next to a square-root edge they come from the expansion there, elsewhere from the roots.

        Raises
        ------
        ValueError
            If `lam` holds NaN.
        ArithmeticError
            If a root is not found, or depends on values of D^2 that floats do not resolve.
        """
        lam, log_lam = logarithms(lam)
        value, error = np.zeros(log_lam.size), np.zeros(log_lam.size)
        rest = self.inside(log_lam)
        sharp = self.square_roots
        if sharp.size and (np.abs(log_lam[:, None] - sharp) < WITHIN).any():
            for at, expansion in self.expansions:
                close = np.flatnonzero(np.abs(log_lam - at) < WITHIN)
                imag_m, wrong, held = expansion.imag_m(lam.ravel()[close])
                value[close[held]], error[close[held]] = -imag_m[held], wrong[held]
                rest[close[held]] = False
        roots = self.solve(log_lam[rest])
        # Where no root is found the density is below rounding: it counts as 0.
        value[rest] = np.where(roots.found, np.maximum(-roots.imag_m, 0.0), 0.0)
        error[rest] = roots.error_m
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            scale = np.where((value > 0.0) | (error > 0.0), 1.0 / (math.pi * np.exp(log_lam)), 1.0)
            return Densities((value * scale).reshape(lam.shape), (error * scale).reshape(lam.shape))
