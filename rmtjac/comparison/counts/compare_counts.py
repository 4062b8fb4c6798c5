"""Counted fixed points beside their expected numbers.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rmtjac.comparison.counts.counted import Cell, counted_cells
from rmtjac.comparison.counts.matching import matched
from rmtjac.comparison.counts.result import QUANTITIES, CountsComparison
from rmtjac.estimate import Estimate
from rmtjac.fixed_points.expected.identity import identity
from rmtjac.fixed_points.expected.result import ExpectedFixedPoints

__all__ = ["compare_counts", "least_variance"]

_ROUNDING = 1e-12  # relative differences below it are no differences


def least_variance(mean: np.ndarray, step: int = 1, first: int = 0) -> np.ndarray:
    """Return the least variance that a number out of first, first + step, first + 2 step, ... with this mean can have.

    It is step^2 f (1 - f), with f the distance of the mean from the number of the lattice below it, in steps.
    """
    fraction = np.mod((np.asarray(mean) - first) / step, 1.0)
    return step * step * fraction * (1.0 - fraction)


def compare_counts(counted: Any, theory: Any) -> CountsComparison:
    """Compare counts with expected numbers, as `rmtjac.compare` says.

    Raises
    ------
    TypeError
        If `counted` is none of the types that are compared.
    ValueError
        If an ensemble was counted that has no expected numbers.
    """
    cells = counted_cells(counted)
    found = matched(cells, theory)
    means = np.array([[Estimate.of(numbers) for numbers in cell.numbers] for cell in cells])
    expected = np.array([[getattr(one, name) for name in QUANTITIES] for one in found], dtype=float)
    networks = np.array([cell.numbers.shape[1] for cell in cells])
    return CountsComparison(
        names=tuple(cell.name for cell in cells),
        conventions=tuple(cell.convention for cell in cells),
        ensembles=tuple(cell.ensemble.to_dict() for cell in cells),
        methods=tuple(one.method for one in found),
        counted=means,
        expected=expected,
        errors=_errors(means, expected, networks, found),
        more_than_one=np.array([_more_than_one(cell.numbers[0]) for cell in cells]),
        bound=np.array([one.bound for one in found], dtype=float),
        networks=networks,
        unproved=np.array([int(np.sum(~cell.complete)) for cell in cells]),
        widths=np.array([cell.width for cell in cells]),
        repeated=_repeated(cells),
    )


def _errors(
    means: np.ndarray, expected: np.ndarray, networks: np.ndarray, found: list[ExpectedFixedPoints]
) -> np.ndarray:
    """Return the errors of the differences of counted and expected numbers."""
    odd = np.array([one.degree == 1.0 for one in found])  # the number of all fixed points is odd
    least = least_variance(expected[..., 0])
    least[odd, 0] = least_variance(expected[odd, 0, 0], step=2, first=1)
    sampled = np.fmax(means[..., 1] ** 2, least / networks[:, None])
    rounding = _ROUNDING * np.maximum(1.0, np.abs(expected[..., 0]))
    return np.sqrt(sampled + np.nan_to_num(expected[..., 1]) ** 2 + rounding**2)


def _more_than_one(total: np.ndarray) -> tuple[float, float]:
    """Return the share of networks with more than one fixed point, and its standard error."""
    if np.isnan(total).any():
        return np.nan, np.nan
    share = float(np.mean(total > 1.0))
    return share, float(np.sqrt(share * (1.0 - share) / total.size))


def _repeated(cells: list[Cell]) -> np.ndarray:
    """Return for each cell whether an earlier one has the same ensemble and the same seed, and so the same networks."""
    seen: set[Any] = set()
    out = []
    for cell in cells:
        key = (identity(cell.ensemble), cell.seed)
        out.append(cell.seed is not None and key in seen)
        seen.add(key)
    return np.array(out)
