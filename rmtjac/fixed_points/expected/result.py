"""The expected numbers of fixed points of a random map, as a result.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rmtjac.archive.results import restore, save
from rmtjac.archive.schema import Schema
from rmtjac.ensemble import Ensemble
from rmtjac.estimate import Estimate

__all__ = ["COUNTS", "ExpectedFixedPoints"]

COUNTS = ("total", "stable", "saddles", "repellers", "index")  # the columns of `by_network`

_SCHEMA = Schema(
    "ExpectedFixedPoints",
    arrays={"values": "float 5 2", "numbers": "float 2", "by_network": "float _ 5", "origin": "float _"},
    facts={"method": "text", "facts": "object"},
)
_LARGEST_ERROR = 0.1  # of the index and of the stable points, and of the total relative to itself
_RESIDUAL, _DEVIATIONS = 0.01, 4.0


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
        The expected sum of the fixed-point indices.
    growth : float
        The chi of E[Q] ~ A chi^L for deep networks with n = 2; NaN where it is not defined.
    method : {"limit", "conditional"}
        Hidden layers of infinite width, or sampled hidden layers of finite width.
    by_network : ndarray of float, shape (M, 5)
        With the method ``"conditional"``: total, stable, saddles, repellers and index given the hidden layers of each
        of M networks; else M = 0.
    facts : dict
        The ensemble, the settings and the seed.
    origin : ndarray of float, shape (4,) or (0,)
        Where the origin is a fixed point of every network: its share of total, stable, saddles and index. These numbers
        are part of the numbers above.
    degree : float
        What the index must be if nothing is missing: 1 for a bounded last activation, NaN (not known) for others.

    See Also
    --------
    expected_fixed_points : Compute such a result.
    FixedPointCounts : The counted numbers.

    References
    ----------
    BS (7)-(9). See docs/references.md.
    docs/theory/expected_fixed_points.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> ens = rj.Ensemble([2, 2], "tanh", rj.Gaussian(), rj.Gaussian(std=0.1))
    >>> found = rj.expected_fixed_points(ens)
    >>> round(found.total.value, 3), found.index_residual < 1e-8, found.converged
    (1.229, True, True)
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
    origin: np.ndarray = field(default_factory=lambda: np.empty(0))
    degree: float = 1.0

    def __post_init__(self) -> None:
        for array in (self.by_network, self.origin):
            array.flags.writeable = False

    @property
    def index_residual(self) -> float:
        """The distance of the expected index from `degree`: what the integration, or the sampling, misses."""
        return abs(self.index.value - self.degree)

    @property
    def converged(self) -> bool:
        """Whether the errors are small, and the index is `degree` within its error where that is known.

        False where the chaos is so strong that a sampled mean says nothing.
        """
        residual = self.index_residual
        right = math.isnan(self.degree) or residual <= max(_RESIDUAL, _DEVIATIONS * self.index.error)
        small = self.index.error <= _LARGEST_ERROR and self.total.error <= _LARGEST_ERROR * self.total.value
        return right and small and self.stable.error <= _LARGEST_ERROR

    @property
    def bound(self) -> float:
        """An upper bound on the probability of more than one fixed point, (E[total] - 1) / 2 at most 1.

        For a bounded last activation the number of fixed points is odd (almost surely), so that more than one means at
        least three. For others the bound is E[total] / 2.
        """
        less = 1.0 if self.degree == 1.0 else 0.0
        return min(max(0.5 * (self.total.value - less), 0.0), 1.0)

    def density(self, points: Any) -> np.ndarray:
        """Return the density of the fixed points at points x in R^n, inside the range of the last activation.

        Points on the boundary of the range (saturated coordinates), and an atom at the origin, are left out.

        Parameters
        ----------
        points : array_like of float, shape (..., n)
            The points; n is 1 or 2.

        Returns
        -------
        ndarray of float, shape (4, ...)
            The densities of all fixed points, stable points, saddles and repellers, in expected points per unit of
            length or area. NaN at the origin if it has an atom.

        Raises
        ------
        TypeError
            If `points` holds anything but real numbers.
        ValueError
            If the method is not ``"limit"``, n > 2, the shape does not fit, or the last activation is not known to be
            nondecreasing.

        Notes
        -----
        Cost: about 0.3 ms a point.
        """
        from rmtjac.fixed_points.expected.infinite_width.density import density

        return density(self._ensemble("the density is"), points)

    def saturated(self) -> np.ndarray:
        """Return the expected numbers of fixed points by their number of saturated coordinates.

        A coordinate is saturated where the last activation is constant. For HardTanh and n = 2 the numbers are those of
        the fixed points in the open square, on its edges, and in its corners.

        Returns
        -------
        ndarray of float, shape (n + 1,)
            The expected numbers of all fixed points with 0, 1, ..., n saturated coordinates. Their sum is `total`.

        Raises
        ------
        ValueError
            If the method is not ``"limit"``, or n > 2.

        Notes
        -----
        Cost: about that of the result itself.

        Examples
        --------
        >>> import rmtjac as rj
        >>> ens = rj.Ensemble([2, 100, 2], "hardtanh", rj.Gaussian(1.5), rj.Gaussian(0.1))
        >>> rj.expected_fixed_points(ens).saturated().round(3)  # inside, on edges, in corners
        array([1.293, 0.568, 0.171])
        """
        from rmtjac.fixed_points.expected.infinite_width.density import saturated

        return saturated(self._ensemble("saturated coordinates are"))

    def _ensemble(self, what: str) -> Ensemble:
        """Return the ensemble, if its hidden layers have infinite width."""
        if self.method != "limit" or "ensemble" not in self.facts:
            raise ValueError(f'method={self.method!r}: {what} known for method="limit"')
        return Ensemble.from_dict(self.facts["ensemble"])

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers with their errors, growth, bound and method, as a dict that JSON can hold."""
        out: dict[str, Any] = {"method": self.method}
        for name in COUNTS:
            value, error = getattr(self, name)
            out |= {name: float(value), f"{name}_error": float(error)}
        growth = self.growth if math.isfinite(self.growth) else None
        return {**out, "growth": growth, "bound": self.bound, "converged": self.converged}

    def save(self, path: str | Path) -> Path:
        """Write the result to a file (npz, without pickled objects).

        Parameters
        ----------
        path : str or Path
            The file to write.

        Returns
        -------
        Path
            The file that was written.
        """
        arrays = {
            "values": np.array([getattr(self, name) for name in COUNTS], dtype=float),
            "numbers": np.array([self.growth, self.degree], dtype=float),
            "by_network": self.by_network,
            "origin": self.origin,
        }
        return save(path, "ExpectedFixedPoints", {"method": self.method, "facts": self.facts}, arrays)

    @classmethod
    def load(cls, path: str | Path) -> ExpectedFixedPoints:
        """Read expected numbers from a file that `save` wrote.

        Parameters
        ----------
        path : str or Path
            The file to read.

        Returns
        -------
        ExpectedFixedPoints
            The result.

        Raises
        ------
        ValueError
            If the file is damaged or holds something else.
        """

        def build(facts: dict[str, Any], arrays: dict[str, Any]) -> ExpectedFixedPoints:
            means = {name: Estimate(*map(float, row)) for name, row in zip(COUNTS, arrays["values"], strict=True)}
            growth, degree = map(float, arrays["numbers"])
            return cls(
                **means, growth=growth, method=facts["method"], by_network=arrays["by_network"], facts=facts["facts"],
                origin=arrays["origin"], degree=degree,
            )  # fmt: skip

        return restore(path, _SCHEMA, build)

    def table(self) -> str:
        """Return the numbers with their errors, as text."""
        lines = [repr(self)]
        lines += [f"expected {name}: {getattr(self, name)}" for name in COUNTS]
        if self.origin.size:
            _, stable, saddle, index = self.origin
            lines.append(f"of these the origin: stable {stable:.6g}, saddle {saddle:.6g}, index {index:.6g}")
        if math.isfinite(self.growth):
            lines.append(f"growth with depth: {self.growth:.6g}")
        lines.append(f"P(more than one fixed point) <= {self.bound:.6g}")
        if not self.converged:
            known = "" if math.isnan(self.degree) else f", which should be {self.degree:g}"
            lines.append(f"not converged: the errors are too large, or the index is wrong: {self.index}{known}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        ensemble = Ensemble.from_dict(self.facts["ensemble"]) if "ensemble" in self.facts else "unknown ensemble"
        doubt = "" if self.converged else "not converged, "
        return (
            f"ExpectedFixedPoints({self.total} fixed points, {self.stable} stable, {doubt}method={self.method!r}, "
            f"{ensemble!r})"
        )
