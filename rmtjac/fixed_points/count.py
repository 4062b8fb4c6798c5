"""The law of the number of fixed points of a random network: many networks, one table."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rmtjac.archive import provenance, restore, save
from rmtjac.ensemble import Ensemble
from rmtjac.estimate import Estimate
from rmtjac.fixed_points.find import METHODS, find_fixed_points
from rmtjac.fixed_points.proved.search import MOST_BOXES
from rmtjac.pool import run_in_threads
from rmtjac.rng import RngLike, as_seed_sequence, seed_facts, stream
from rmtjac.schema import Schema
from rmtjac.status import Status
from rmtjac.validate import choice, positive_int

__all__ = ["FixedPointCounts", "count_fixed_points"]

_ENDS = (Status.CONVERGED, Status.LATE, Status.CYCLE, Status.APERIODIC, Status.DIVERGED)


_SCHEMA = Schema(
    "FixedPointCounts",
    arrays={
        "stable": "count m",
        "saddles": "count m",
        "repellers": "count m",
        "index_sum": "int m",
        "complete": "bool m",
        "ends": "float m _",
    },
    facts={"facts": "object"},
)


@dataclass(frozen=True, eq=False)
class FixedPointCounts:
    """Fixed points of many networks of one ensemble.

    Q is the number of stable fixed points (spectral radius of J below 1).

    Attributes
    ----------
    stable, saddles, repellers
        Shape (M,): numbers of each kind for each network.
    index_sum
        Shape (M,).
    complete
        Shape (M,): whether all fixed points of the network were found, with proof.
    ends
        Shape (M, 5): with ``outcomes=True`` or ``method="grid"`` how the starts of the paper's grid end, as shares:
        at rest within the limits of the protocol, later, in a cycle, bounded without a cycle, diverged. Else (M, 0).
    facts
        Ensemble, seed, method.

    Examples
    --------
    >>> import rmtjac as rj
    >>> ens = rj.Ensemble.berlyand_slavin(10, 2, law="gaussian")
    >>> counts = rj.count_fixed_points(ens, networks=50, rng=0)
    >>> counts.probabilities()[0]
    array([0., 1.])
    """

    stable: np.ndarray
    saddles: np.ndarray
    repellers: np.ndarray
    index_sum: np.ndarray
    complete: np.ndarray
    ends: np.ndarray
    facts: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for array in (self.stable, self.saddles, self.repellers, self.index_sum, self.complete, self.ends):
            array.flags.writeable = False

    @property
    def networks(self) -> int:
        """The number of networks M."""
        return len(self.stable)

    @property
    def total(self) -> np.ndarray:
        """Shape (M,): all fixed points of each network."""
        return self.stable + self.saddles + self.repellers

    def probabilities(self) -> tuple[np.ndarray, np.ndarray]:
        """Return P(Q = k), k = 0, 1, ..., and standard errors."""
        share = np.bincount(self.stable) / self.networks
        return share, np.sqrt(share * (1.0 - share) / self.networks)

    @property
    def means(self) -> dict[str, Estimate]:
        """Mean numbers of stable points, saddles, repellers and all, each with its standard error."""
        names = ("stable", "saddles", "repellers", "total")
        return {name: Estimate.of(getattr(self, name)) for name in names}

    @property
    def outcomes(self) -> dict[Status, Estimate]:
        """Mean shares of the starts by how they end, each with its standard error over networks."""
        return {status: Estimate.of(column) for status, column in zip(_ENDS, self.ends.T, strict=False)}

    def unsettled(self, late: bool = False) -> Estimate:
        """Share of networks with a start that never comes to rest, and its standard error.

        With `late` also those that come to rest after the limits of the protocol.
        """
        if not self.ends.size:
            return Estimate(math.nan, math.nan)
        return Estimate.of((self.ends[:, 1 if late else 2 :].sum(axis=1) > 0.0).astype(float))

    def save(self, path: str | Path) -> Path:
        """Write the result to `path` (npz, no pickles)."""
        names = ("stable", "saddles", "repellers", "index_sum", "complete", "ends")
        return save(path, "FixedPointCounts", {"facts": self.facts}, {name: getattr(self, name) for name in names})

    @classmethod
    def load(cls, path: str | Path) -> FixedPointCounts:
        """Read what `save` wrote."""
        return restore(path, _SCHEMA, lambda facts, arrays: cls(**arrays, facts=facts["facts"]))

    def to_pandas(self) -> Any:
        """Return one row per network."""
        import pandas as pd

        columns = {"stable": self.stable, "saddles": self.saddles, "repellers": self.repellers, "total": self.total}
        columns |= {"index_sum": self.index_sum, "complete": self.complete}
        columns |= {status.name.lower(): column for status, column in zip(_ENDS, self.ends.T, strict=False)}
        return pd.DataFrame(columns)

    def table(self) -> str:
        """Return the law as text."""
        lines = [repr(self)]
        share, error = self.probabilities()
        lines += [f"P(Q = {k}) = {p:.3f} ± {e:.3f}" for k, (p, e) in enumerate(zip(share, error, strict=True))]
        lines += [f"mean {name}: {value:.3f} ± {spread:.3f}" for name, (value, spread) in self.means.items()]
        if self.ends.size:
            lines += [f"starts, {status}: {p:.3f} ± {e:.3f}" for status, (p, e) in self.outcomes.items()]
            lines.append("networks with a start that never comes to rest: {:.3f} ± {:.3f}".format(*self.unsettled()))
        lines.append(f"complete, with proof: {int(self.complete.sum())} of {self.networks} networks")
        return "\n".join(lines)

    def __repr__(self) -> str:
        mean, error = Estimate.of(self.stable)
        ensemble = Ensemble.from_dict(self.facts["ensemble"]) if "ensemble" in self.facts else "unknown ensemble"
        return (
            f"FixedPointCounts(E[Q] = {mean:.3f} ± {error:.3f} stable points, {self.networks} networks, {ensemble!r})"
        )


def count_fixed_points(
    ensemble: Ensemble,
    networks: int = 300,
    *,
    rng: RngLike = 0,
    method: str = "auto",
    outcomes: bool = False,
    threads: int | None = None,
    progress: bool = False,
    **options: Any,
) -> FixedPointCounts:
    """Count the fixed points of many networks of an ensemble.

    Parameters
    ----------
    ensemble
        From R^n to R^n, e.g. `Ensemble.berlyand_slavin`; its repr in the result spells out the convention.
    networks
        How many to draw.
    rng
        Seed; network i is drawn from its own stream, ``rmtjac.rng.stream(root, i)``.
    method
        As in `find_fixed_points`. ``"grid"`` counts what the grid finds, unstable points that an orbit passes by
        included among saddles and repellers.
    outcomes
        Whether to run the grid too, for how its starts end.
    threads
        Default: all cores.
    progress
        Whether to show a bar on a terminal.
    options
        Passed on to `find_fixed_points`.

    Returns
    -------
    FixedPointCounts

    Raises
    ------
    ValueError
        As `find_fixed_points`.

    Examples
    --------
    >>> import rmtjac as rj
    >>> rj.count_fixed_points(rj.Ensemble.berlyand_slavin(10, 2), networks=20, rng=0)
    FixedPointCounts(E[Q] = ... stable points, 20 networks, Ensemble(widths=[2, 10, 2], ...))
    """
    if not isinstance(ensemble, Ensemble):
        raise TypeError(f"ensemble={ensemble!r} must be an Ensemble")
    count = positive_int("networks", networks)
    choice("method", method, METHODS)
    workers = (os.cpu_count() or 1) if threads is None else positive_int("threads", threads)
    root = as_seed_sequence(rng)
    numbers = np.zeros((count, 5), dtype=np.int64)
    ends = np.zeros((count, len(_ENDS) if outcomes or method == "grid" else 0))
    protocol = {name: options[name] for name in ("step", "tol", "max_iter", "follow") if name in options}

    def work(chunk: range) -> int:
        for i in chunk:
            net = ensemble.draw(stream(root, i))
            found = find_fixed_points(net, method, **options)
            kinds = list(found.kinds)
            kind_counts = (kinds.count("stable"), kinds.count("saddle"), kinds.count("repeller"))
            numbers[i] = (*kind_counts, found.index_sum, found.complete)
            if ends.shape[1]:
                grid = found if found.method == "grid" else find_fixed_points(net, "grid", **protocol)
                shares = grid.outcomes
                ends[i] = [shares[status] for status in _ENDS]
                ends[i] /= ends[i].sum()
        return len(chunk)

    run_in_threads(work, int, (range(i, i + 1) for i in range(count)), count, workers, progress, "network")
    facts = provenance(
        ensemble=ensemble.to_dict(),
        seed=seed_facts(root),
        method=method,
        max_boxes=options.get("max_boxes", MOST_BOXES),
    )
    stable, saddles, repellers, index_sum, complete = numbers.T.copy()
    return FixedPointCounts(stable, saddles, repellers, index_sum, complete.astype(bool), ends, facts)
