"""The law of the number of fixed points of a random network, from many networks.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rmtjac.archive.results import restore, save
from rmtjac.archive.schema import Schema
from rmtjac.ensemble import Ensemble
from rmtjac.estimate import Estimate
from rmtjac.fixed_points.find import METHODS, find_fixed_points
from rmtjac.fixed_points.proved.search import MOST_BOXES
from rmtjac.pool import run_in_threads
from rmtjac.provenance import provenance
from rmtjac.rng import RngLike, as_seed_sequence, seed_facts, stream
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
    """Hold the numbers of fixed points of many networks of one ensemble.

    Q is the number of stable fixed points of a network (spectral radius of J below 1). There are M networks.

    Attributes
    ----------
    stable : ndarray of int, shape (M,)
        The number of stable points of each network.
    saddles : ndarray of int, shape (M,)
        The number of saddles: some eigenvalues of J, and not all, are smaller than 1 in modulus.
    repellers : ndarray of int, shape (M,)
        The number of repellers: no eigenvalue of J is smaller than 1 in modulus.
    index_sum : ndarray of int, shape (M,)
        The sum of the fixed-point indices of each network.
    complete : ndarray of bool, shape (M,)
        Whether it is proved that all fixed points of the network were found.
    ends : ndarray of float, shape (M, 5) or (M, 0)
        With ``outcomes=True`` or ``method="grid"``: for each network, the shares of the starts of the grid that come to
        rest within the limits of the protocol, come to rest later, end in a cycle, stay bounded without a cycle that
        was found, or diverge.
    facts : dict
        The ensemble, the seed and the method.

    See Also
    --------
    count_fixed_points : Compute such a result.

    References
    ----------
    BS (7)-(9)
    docs/theory/fixed_points.md
    See docs/references.md.

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
        """The number of all fixed points of each network, shape (M,)."""
        return self.stable + self.saddles + self.repellers

    def probabilities(self) -> tuple[np.ndarray, np.ndarray]:
        """Return estimates of P(Q = k), k = 0, 1, ..., and their standard errors."""
        share = np.bincount(self.stable) / self.networks
        return share, np.sqrt(share * (1.0 - share) / self.networks)

    @property
    def means(self) -> dict[str, Estimate]:
        """The mean numbers of stable points, saddles, repellers and all points, each with its standard error."""
        names = ("stable", "saddles", "repellers", "total")
        return {name: Estimate.of(getattr(self, name)) for name in names}

    @property
    def outcomes(self) -> dict[Status, Estimate]:
        """The mean share of starts with each end, with its standard error over the networks."""
        return {status: Estimate.of(column) for status, column in zip(_ENDS, self.ends.T, strict=False)}

    def unsettled(self, late: bool = False) -> Estimate:
        """Return the share of networks with a start that never comes to rest, and its standard error.

        Parameters
        ----------
        late : bool, optional
            Whether a start that comes to rest after the limits of the protocol counts too.

        Returns
        -------
        Estimate
            The share and its standard error; NaN if the result has no `ends`.
        """
        if not self.ends.size:
            return Estimate(math.nan, math.nan)
        return Estimate.of((self.ends[:, 1 if late else 2 :].sum(axis=1) > 0.0).astype(float))

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
        names = ("stable", "saddles", "repellers", "index_sum", "complete", "ends")
        return save(path, "FixedPointCounts", {"facts": self.facts}, {name: getattr(self, name) for name in names})

    @classmethod
    def load(cls, path: str | Path) -> FixedPointCounts:
        """Read counts from a file that `save` wrote.

        Parameters
        ----------
        path : str or Path
            The file to read.

        Returns
        -------
        FixedPointCounts
            The result.

        Raises
        ------
        ValueError
            If the file is damaged or holds something else.
        """
        return restore(path, _SCHEMA, lambda facts, arrays: cls(**arrays, facts=facts["facts"]))

    def to_pandas(self) -> Any:
        """Return a table with one row for each network."""
        import pandas as pd

        columns = {"stable": self.stable, "saddles": self.saddles, "repellers": self.repellers, "total": self.total}
        columns |= {"index_sum": self.index_sum, "complete": self.complete}
        columns |= {status.name.lower(): column for status, column in zip(_ENDS, self.ends.T, strict=False)}
        return pd.DataFrame(columns)

    def table(self) -> str:
        """Return the estimated law of Q and the means, as text."""
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
    ensemble : Ensemble
        An ensemble of networks from R^n to R^n, e.g. `Ensemble.berlyand_slavin`.
    networks : int, optional
        The number of networks to draw.
    rng : int, SeedSequence or Generator, optional
        Seed; network i is drawn from its own stream ``rmtjac.rng.stream(root, i)``, so that the result does not depend
        on `threads`.
    method : {"auto", "exact", "interval", "grid", "newton"}, optional
        As in `find_fixed_points`. ``"grid"`` counts what the grid finds, also unstable points that an orbit passes by,
        which count as saddles or repellers.
    outcomes : bool, optional
        Whether to iterate the grid too, and report how its starts end.
    threads : int, optional
        The number of threads. By default all cores.
    progress : bool, optional
        Whether to show a progress bar on a terminal.
    **options : dict
        Further arguments of `find_fixed_points`.

    Returns
    -------
    FixedPointCounts
        The numbers of fixed points of each network.

    Raises
    ------
    TypeError
        If `ensemble` is not an `Ensemble`.
    ValueError
        If a setting is out of range, or for the reasons of `find_fixed_points`.

    See Also
    --------
    find_fixed_points : Find the fixed points of one network.

    Notes
    -----
    Cost: one call of `find_fixed_points` for each network, or two calls with `outcomes`.

    References
    ----------
    BS (7)-(9)
    docs/theory/fixed_points.md
    See docs/references.md.

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
