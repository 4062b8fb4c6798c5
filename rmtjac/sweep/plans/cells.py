"""The cells of a sweep, one ensemble each, and the units of work that they are cut into.

Network i of a cell is drawn from a stream that only the seed, the ensemble and i decide. So it is the same in every
plan, in any order, and with any number of workers.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from rmtjac.rng import RngLike, as_seed_sequence, child

__all__ = ["Cell", "Unit", "canonical"]


def canonical(value: Any) -> str:
    """Return a value as JSON with sorted keys and no spaces, so that equal values have equal texts."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


@dataclass(frozen=True)
class Cell:
    """Hold one ensemble of a sweep.

    Attributes
    ----------
    convention : str
        The name of the convention, for tables and pictures.
    width : int
        The width N, for tables and pictures.
    depth : int
        The depth L, for tables and pictures.
    ensemble : dict
        The ensemble, as `Ensemble.to_dict` describes it.
    block : int
        The number of networks in a unit.

    See Also
    --------
    Plan : All cells of a sweep, and what is measured.

    Examples
    --------
    >>> import rmtjac as rj, tempfile
    >>> plan = rj.sweep.plan(tempfile.mkdtemp(), widths=10, depths=2, seeds=50, block=25)
    >>> cell = plan.cells[0]
    >>> cell.convention, cell.width, cell.depth, cell.block
    ('cauchy, fan-in', 10, 2, 25)
    """

    convention: str
    width: int
    depth: int
    ensemble: dict[str, Any]
    block: int

    def root(self, seed: RngLike) -> np.random.SeedSequence:
        """Return the root of the random streams of this cell.

        As the argument `rng` of `rmtjac.count_fixed_points` it draws the networks of the cell again.

        Parameters
        ----------
        seed : int, SeedSequence or Generator
            The seed of the whole sweep, `Plan.seed`.

        Returns
        -------
        SeedSequence
            The root: network i is drawn from ``rmtjac.rng.stream(root, i)``.
        """
        digest = hashlib.sha256(canonical(self.ensemble).encode()).digest()
        return child(as_seed_sequence(seed), int.from_bytes(digest[:8], "big"))


@dataclass(frozen=True)
class Unit:
    """Hold a unit of work: the networks ``start`` to ``stop`` (exclusive) of one cell, and the key of its record."""

    key: str
    cell: Cell
    start: int
    stop: int
