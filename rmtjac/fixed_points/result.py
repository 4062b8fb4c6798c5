"""The result of a search for fixed points: the points, what is proved about them, and whether any can be missing.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from rmtjac.archive.results import restore, save
from rmtjac.archive.schema import Schema
from rmtjac.fixed_points.clusters import Cluster
from rmtjac.fixed_points.ends import Cycle, Label, pack_cycles, unpack_cycles
from rmtjac.fixed_points.points import placed, radius_below_one, spectral_radii
from rmtjac.status import Status

__all__ = ["FixedPoints"]


_SCHEMA = Schema(
    "FixedPoints",
    arrays={
        "points": "float q n",
        "errors": "float q n",
        "jacobians": "float q n n",
        "proved": "bool q",
        "index": "int q",
        "domain": "float 2 n",
        "undecided": "float _ 2 n",
        "starts?": "float k n",
        "labels?": "int k",
        "settled?": "bool k",
        "continuum_{continua}": "float _ n",
        "cycle_{cycles}": "float _ n",
    },
    facts={"complete": "bool", "reason": "text", "method": "text", "cycles": "[float] cycles", "facts": "object"},
)


_LARGE = 64  # from this n on, stability is first decided by norms, which cost less than eigenvalues
_SHOWN = 8  # of more coordinates than this, only the first ones are printed


@dataclass(frozen=True, eq=False)
class FixedPoints:
    """Hold fixed points of a network from R^n to itself, and what is proved about them.

    The points are in ascending order of their coordinates.

    Attributes
    ----------
    points : ndarray of float, shape (Q, n)
        The isolated fixed points that were found.
    errors : ndarray of float, shape (Q, n)
        Bounds of the errors of the coordinates; they are proved where `proved` is True.
    jacobians : ndarray of float, shape (Q, n, n)
        The Jacobian J at each point; at a kink the mean of the one-sided values.
    proved : ndarray of bool, shape (Q,)
        Whether it is proved that a box around the point contains exactly one fixed point.
    index : ndarray of int, shape (Q,)
        The fixed-point index, sign det(I - J). At a kink it is the number of turns of x - F(x) around the point. For a
        point on a face of the domain these are turns in R^n, not only inside the domain.
    complete : bool
        Whether it is proved that `domain` holds no other fixed point. If False, this is open.
    reason : str
        Why the result is complete, or why not.
    method : {"exact", "interval", "grid", "newton", "contraction"}
        How it was found. ``"contraction"`` means that a certificate proves exactly one fixed point, on all of R^n if
        `domain` is infinite.
    domain : ndarray of float, shape (2, n)
        The corners of the box that was searched. The faces of a box that the caller gave belong to it.
    undecided : ndarray of float, shape (U, 2, n)
        Boxes that may hold more fixed points. Each of the `clusters` has one box, the box around it.
    continua : tuple of ndarray of float, shapes (k, n)
        Fixed points that are not isolated: the vertices of polygons or segments of them.
    cycles : tuple of Cycle
        Periodic orbits in which starts ended, with ``method="grid"``.
    starts : ndarray of float, shape (K, n), or None
        The starts, with ``method="grid"``.
    labels : ndarray of int, shape (K,), or None
        The end of each start: i < Q for fixed point i, Q + j for cycle j, or a negative `rmtjac.fixed_points.Label`:
        `APERIODIC` or `DIVERGED`.
    settled : ndarray of bool, shape (K,), or None
        Whether the start came to rest within the limits of the protocol, with ``method="grid"``.
    facts : dict
        The settings, and numbers that the method reports, such as the number of boxes.

    See Also
    --------
    find_fixed_points : Compute such a result.
    count_fixed_points : Count the fixed points of many networks.
    rmtjac.fixed_points.Label : The negative labels.

    References
    ----------
    BS (7)-(9)
    docs/theory/fixed_points.md
    See docs/references.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> fps = rj.find_fixed_points(rj.Network([[[0.0, 3.0], [3.0, 0.0]]], activation="hardtanh"))
    >>> fps
    FixedPoints(3: 2 stable, 1 repellers; complete)
    >>> fps.points[fps.stable]
    array([[-1., -1.],
           [ 1.,  1.]])
    >>> fps.statement
    '3 proved to exist; there is no other: complete, by proof; the indices add up to +1'
    """

    points: np.ndarray
    errors: np.ndarray
    jacobians: np.ndarray
    proved: np.ndarray
    index: np.ndarray
    complete: bool
    reason: str
    method: str
    domain: np.ndarray
    undecided: np.ndarray
    continua: tuple[np.ndarray, ...] = ()
    cycles: tuple[Cycle, ...] = ()
    starts: np.ndarray | None = None
    labels: np.ndarray | None = None
    settled: np.ndarray | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for value in vars(self).values():
            if isinstance(value, np.ndarray):
                value.flags.writeable = False
        for piece in self.continua:
            piece.flags.writeable = False

    def __len__(self) -> int:
        return len(self.points)

    @property
    def count(self) -> int:
        """The number of (isolated) fixed points found."""
        return len(self.points)

    @cached_property
    def spectral_radius(self) -> np.ndarray:
        """The spectral radius of J at each point, shape (Q,); the point attracts if it is below 1."""
        radii = spectral_radii(self.jacobians)
        radii.flags.writeable = False
        return radii

    @cached_property
    def stable(self) -> np.ndarray:
        """Whether the spectral radius of J is below 1, shape (Q,)."""
        found = np.ones(len(self), dtype=bool)
        if self.points.shape[1] < _LARGE or not all(map(radius_below_one, self.jacobians)):
            found = self.spectral_radius < 1.0
        found.flags.writeable = False
        return found

    @property
    def kinds(self) -> np.ndarray:
        """The kind of each point: ``"stable"``, ``"saddle"`` (some moduli of eigenvalues < 1) or ``"repeller"``."""
        if self.stable.all():
            return np.full(len(self), "stable", dtype="<U8")
        smallest = np.abs(np.linalg.eigvals(self.jacobians)).min(axis=-1, initial=np.inf)
        return np.where(self.stable, "stable", np.where(smallest < 1.0, "saddle", "repeller"))

    @property
    def places(self) -> np.ndarray:
        """The place of each point: ``"inside"`` the domain, ``"outside"``, or on a ``"face"`` to within its error."""
        return placed(self.points, self.errors, self.domain)

    @property
    def clusters(self) -> tuple[Cluster, ...]:
        """Groups of fixed points that floats cannot tell apart, each with its index if that is proved."""
        return tuple(Cluster.from_dict(one) for one in self.facts.get("clusters", ()))

    @property
    def index_sum(self) -> int:
        """The sum of the indices; it is +1 for all fixed points of a map of a box into itself (Brouwer degree)."""
        return int(self.index.sum())

    @property
    def outcomes(self) -> Mapping[Status, int]:
        """The number of starts with each end, with ``method="grid"``."""
        if self.labels is None or self.settled is None:
            return {}
        fixed = (self.labels >= 0) & (self.labels < len(self))
        shares = {
            Status.CONVERGED: fixed & self.settled,
            Status.LATE: fixed & ~self.settled,
            Status.CYCLE: self.labels >= len(self),
            Status.APERIODIC: self.labels == Label.APERIODIC,
            Status.DIVERGED: self.labels == Label.DIVERGED,
        }
        return {status: int(those.sum()) for status, those in shares.items()}

    @property
    def statement(self) -> str:
        """What is proved to exist, whether there are others, and why, as text."""
        known = int(self.proved.sum())
        parts = [f"{known} proved to exist"]
        if known < len(self):
            parts.append(f"{len(self) - known} found without a proof")
        others = "there is no other" if self.complete else "whether there are others is open"
        return f"{', '.join(parts)}; {others}: {self.reason}"

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
        radii, rings = pack_cycles(self.cycles)
        facts = {
            "complete": self.complete,
            "reason": self.reason,
            "method": self.method,
            "cycles": radii,
            "facts": self.facts,
        }
        names = (
            "points", "errors", "jacobians", "proved", "index", "domain", "undecided", "starts", "labels", "settled",
        )  # fmt: skip
        arrays = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        arrays |= {f"continuum_{i}": piece for i, piece in enumerate(self.continua)}
        return save(path, "FixedPoints", facts, arrays | rings)

    @classmethod
    def load(cls, path: str | Path) -> FixedPoints:
        """Read fixed points from a file that `save` wrote.

        Parameters
        ----------
        path : str or Path
            The file to read.

        Returns
        -------
        FixedPoints
            The result.

        Raises
        ------
        ValueError
            If the file is damaged or holds something else.
        """

        def build(facts: dict[str, Any], arrays: dict[str, Any]) -> FixedPoints:
            cycles = unpack_cycles(facts.pop("cycles"), arrays)
            count = sum(name.startswith("continuum_") for name in arrays)
            pieces = tuple(arrays.pop(f"continuum_{i}") for i in range(count))
            new = cls(**facts, **arrays, cycles=cycles, continua=pieces)
            if new.labels is not None and new.labels.max(initial=-1) >= len(new) + len(cycles):
                raise ValueError(f"labels do not belong to {len(new)} points and {len(cycles)} cycles")
            return new

        return restore(path, _SCHEMA, build)

    def to_pandas(self) -> Any:
        """Return a table with one row for each point."""
        import pandas as pd

        columns: dict[str, Any] = {f"x{i}": self.points[:, i] for i in range(self.points.shape[1])}
        columns |= {"kind": self.kinds, "spectral_radius": self.spectral_radius, "index": self.index}
        columns |= {"proved": self.proved, "error": self.errors.max(axis=1, initial=0.0)}
        return pd.DataFrame(columns)

    def table(self) -> str:
        """Return a table of the points, as text."""
        n = self.points.shape[1]
        shown = n if n <= _SHOWN else _SHOWN // 2
        rest = f"  ... x{n - 1}" if shown < n else ""
        head = "".join(f"{f'x{i}':>20}" for i in range(shown)) + rest
        lines = [f"{head}{'kind':>10}{'radius':>12}{'index':>7}{'proved':>8}{'error':>10}"]
        rows = zip(self.points, self.kinds, self.spectral_radius, self.index, self.proved, self.errors, strict=True)
        for point, kind, radius, index, proved, error in rows:
            place = "".join(f"{x:20.15f}" for x in point[:shown]) + " " * len(rest)
            size = error.max(initial=0.0)
            lines.append(f"{place}{kind:>10}{radius:12.6g}{index:+7d}{'yes' if proved else 'no':>8}{size:10.1e}")
        lines += [f"continuum of fixed points through {piece.tolist()}" for piece in self.continua]
        lines += [repr(cycle) for cycle in self.cycles]
        if self.outcomes:
            total = sum(self.outcomes.values())
            ends = (f"{status}: {count / total:.1%}" for status, count in self.outcomes.items() if count)
            lines.append(f"{total} starts; " + "; ".join(ends))
        return "\n".join([*lines, self.reason if self.complete else self.statement])

    def __repr__(self) -> str:
        kinds = list(self.kinds)
        names = {"stable": "stable", "saddle": "saddles", "repeller": "repellers"}
        parts = [f"{kinds.count(kind)} {name}" for kind, name in names.items() if kinds.count(kind)]
        text = f"{len(self)}: {', '.join(parts)}" if parts else "none" if self.complete else "none found"
        extra = [f"{len(self.continua)} continua"] if self.continua else []
        extra += [f"{len(self.cycles)} cycles"] if self.cycles else []
        extra.append("complete" if self.complete else "not proved complete")
        return f"FixedPoints({text}; {'; '.join(extra)})"
