"""The ends of orbits: labels of what an orbit ends in, and cycles."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np

__all__ = ["FIRST_CYCLE", "Cycle", "Label", "pack_cycles", "renumbered", "unpack_cycles"]

# Q, the number of fixed points, may still grow while orbits are followed. Until it is known, cycle j has the label
# FIRST_CYCLE - j; `renumbered` turns it into Q + j.
FIRST_CYCLE = -10


class Label(IntEnum):
    """Name the negative labels of starts, grid points and cells.

    The other labels are numbers of attractors: i < Q for fixed point i, and Q + j for cycle j, Q being the number of
    fixed points. Arrays of labels hold plain integers, so ``labels == Label.DIVERGED`` selects those that diverged.

    Attributes
    ----------
    APERIODIC : Label
        -1: the orbit stays bounded, and no cycle was found.
    DIVERGED : Label
        -2: the orbit diverged.
    OPEN : Label
        -3: nothing is proved of this cell (only in `Basins.cells`).
    UNSTABLE : Label
        -4: the orbit ends in an unstable fixed point or cycle, for example because the start lies on an axis of
        symmetry (only in `Basins`).

    See Also
    --------
    Basins : Its fields `labels` and `cells` use these labels.
    FixedPoints : Its field `labels` uses them.
    rmtjac.status.Status : The same outcomes, as texts.

    References
    ----------
    docs/theory/fixed_points.md

    Examples
    --------
    >>> import rmtjac as rj
    >>> found = rj.find_fixed_points(rj.Network([[[2.0]]], activation="linear"), method="grid", step=0.5)
    >>> found.labels == rj.fixed_points.Label.DIVERGED
    array([ True,  True, False,  True,  True])
    """

    APERIODIC = -1
    DIVERGED = -2
    OPEN = -3
    UNSTABLE = -4


@dataclass(frozen=True, eq=False)
class Cycle:
    """Hold a periodic orbit.

    Attributes
    ----------
    points : ndarray of float, shape (p, n)
        The points of the orbit, in the order in which F visits them.
    spectral_radius : float
        Spectral radius of the Jacobian of F^p at a point of the orbit; the cycle attracts if it is below 1.

    See Also
    --------
    find_basins : Find the cycles that attract, and their basins.
    find_fixed_points : Find the cycles in which starts end, with ``method="grid"``.

    References
    ----------
    docs/theory/fixed_points.md

    Examples
    --------
    >>> import rmtjac as rj
    >>> found = rj.find_fixed_points(rj.Network([[[-3.0]]], activation="hardtanh"), method="grid", step=0.5)
    >>> found.cycles
    (Cycle(period 2, spectral radius 0),)
    """

    points: np.ndarray
    spectral_radius: float

    def __post_init__(self) -> None:
        self.points.flags.writeable = False

    @property
    def period(self) -> int:
        """The number of points p."""
        return len(self.points)

    @property
    def stable(self) -> bool:
        """Whether the spectral radius is below 1, so that the cycle attracts its neighbourhood."""
        return self.spectral_radius < 1.0

    def __repr__(self) -> str:
        return f"Cycle(period {self.period}, spectral radius {self.spectral_radius:.4g})"


def pack_cycles(cycles: tuple[Cycle, ...]) -> tuple[list[float], dict[str, np.ndarray]]:
    """Return the spectral radii and the named arrays under which cycles are stored in a file."""
    radii = [cycle.spectral_radius for cycle in cycles]
    return radii, {f"cycle_{i}": cycle.points for i, cycle in enumerate(cycles)}


def unpack_cycles(radii: list[float], arrays: dict[str, Any]) -> tuple[Cycle, ...]:
    """Return the cycles that a file stores, and remove their arrays from `arrays`."""
    return tuple(Cycle(arrays.pop(f"cycle_{i}"), radius) for i, radius in enumerate(radii))


def renumbered(labels: np.ndarray, places: np.ndarray, count: int) -> np.ndarray:
    """Return labels with final numbers: fixed point i becomes places[i], and cycle j becomes `count` + j."""
    points = places[np.maximum(labels, 0)] if places.size else labels
    cycles = count + FIRST_CYCLE - labels
    return np.where(labels <= FIRST_CYCLE, cycles, np.where(labels >= 0, points, labels))
