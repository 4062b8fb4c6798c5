"""The limiting spectrum for heavy-tailed weights: how it is made, printed, written to a file and read again."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from rmtjac.archive.results import restore, save
from rmtjac.archive.schema import Schema
from rmtjac.ensemble import Ensemble
from rmtjac.provenance import provenance
from rmtjac.theory.heavy_tails.refused import HeavyTailedRefused
from rmtjac.theory.heavy_tails.solver import Tail, Values
from rmtjac.theory.heavy_tails.stored import StoredSolver, tabulate

__all__ = ["HeavyTailedLimit"]

_SCHEMA = Schema(
    "HeavyTailedLimit",
    arrays={"log_lam": "finite n", "densities": "finite 2 n", "cdfs": "finite 2 n"},
    facts={
        "method": "text",
        "smoothing": "finite",
        "atom": "[finite] two",
        "tail": "[float] three",
        "made_from": "object",
        "provenance": "object",
    },
)


@dataclass(frozen=True, eq=False)
class HeavyTailedLimit(HeavyTailedRefused):
    r"""The limiting law of the eigenvalues lambda = s^2 of M = J J^T for Cauchy, stable and mixed weights.

    `rmtjac.limit_spectrum` makes it. It has the methods of `LimitSpectrum`, and all functions broadcast over lambda. It
    is computed by scalar equations (``method="independent"``), for one HardTanh layer with D from its forward pass
    (``"coupled"``), or by population dynamics (``"population"``). If `smoothing` is positive, density and cdf are
    averages over a window of about that width in log lambda (`rmtjac.smoothing`);
    `rmtjac.EmpiricalSpectrum.smoothed_cdf` averages a sample in the same way.

    Attributes
    ----------
    solver : Solver
        What computes the law in log lambda (`rmtjac.theory.heavy_tails.solver`).
    facts : dict
        What the limit was made from (ensemble, input, method, options); empty if a user made it from a solver.

    See Also
    --------
    rmtjac.limit_spectrum : The limit of an ensemble.
    rmtjac.compare : A sampled spectrum and its limit side by side.
    LimitSpectrum : The limit for weights of finite variance.

    References
    ----------
    docs/theory/heavy_tails.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> lim = rj.limit_spectrum(rj.Ensemble.square(10, 1, "linear", rj.Cauchy()))
    >>> lim
    HeavyTailedLimit(depth 1, method 'independent', no smoothing, tail exponent 0.5, atom 0)
    >>> lim.cdf([0.0, 0.25, float("inf")]).round(4)
    array([0.    , 0.3592, 1.    ])
    >>> lim.moment(1)
    Traceback (most recent call last):
        ...
    ValueError: m1 does not exist (tail exponent 0.5)
    """

    facts: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_ensemble(cls, ensemble: Ensemble, **options: Any) -> HeavyTailedLimit:
        """Return the limit of an ensemble, as `rmtjac.limit_spectrum` does, whose docstring explains the options.

        Parameters
        ----------
        ensemble : Ensemble
            The networks; the weights of at least one layer have no variance.
        **options
            ``input_variance``, ``method``, ``masks``, ``inputs``, ``population``, ``seed``, ``threads``,
            ``progress``.

        Returns
        -------
        HeavyTailedLimit
            The limit.

        Raises
        ------
        ValueError, TypeError
            For the same reasons as in `rmtjac.limit_spectrum`; also if all weights have a variance.
        """
        from rmtjac.theory.heavy_tails.routes import solve

        return cls(*solve(ensemble, **options))

    def to_pandas(self, points: int = 400, scale: str = "log") -> Any:
        """Return the curve as a table (needs pandas).

        Parameters
        ----------
        points : int
            Number of points.
        scale : {"linear", "log"}
            As in `curve`.

        Returns
        -------
        DataFrame
            Columns ``lam``, ``density``, ``density_error``, ``cdf`` and ``cdf_error``.
        """
        import pandas as pd

        lam, density = self.curve(points, scale=scale)
        return pd.DataFrame(
            {
                "lam": lam,
                "density": density,
                "density_error": self.density_error(lam),
                "cdf": self.cdf(lam),
                "cdf_error": self.cdf_error(lam),
            }
        )

    def save(self, path: str | Path) -> Path:
        """Write the limit to a file as a table of values with their errors (npz without pickles).

        The table reaches from the quantile of order 1e-8 to that of order 1 - 1e-8 of the law off the atom.

        Parameters
        ----------
        path : str or Path
            The file.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        ValueError
            If the law is a point mass at 0.
        OSError
            If the file cannot be written.
        """
        table = tabulate(self.solver)
        facts = {
            "method": table.method,
            "smoothing": table.angle,
            "atom": [float(part) for part in table.atom],
            "tail": [float(part) for part in table.tail],
            "made_from": self.facts,
            "provenance": provenance(),
        }
        return save(
            path, _SCHEMA.kind, facts, {"log_lam": table.log_lam, "densities": table.densities, "cdfs": table.cdfs}
        )

    @classmethod
    def load(cls, path: str | Path) -> HeavyTailedLimit:
        """Read a limit that `save` wrote; nothing is computed again.

        Parameters
        ----------
        path : str or Path
            The file.

        Returns
        -------
        HeavyTailedLimit
            The limit as a table, whose errors contain those of the interpolation.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If the file is damaged, or holds something else.
        """

        def build(facts: dict[str, Any], arrays: dict[str, np.ndarray]) -> HeavyTailedLimit:
            if len(facts["atom"]) != 2 or len(facts["tail"]) != 3 or not 0.0 <= facts["smoothing"] < math.pi:
                raise ValueError("atom, tail or smoothing is not what a limit has")
            solver = StoredSolver(
                facts["method"], float(facts["smoothing"]), Tail(*map(float, facts["tail"])),
                Values(*(np.array(float(part)) for part in facts["atom"])), **arrays,
            )  # fmt: skip
            return cls(solver, facts["made_from"])

        return restore(path, _SCHEMA, build)

    @property
    def converged(self) -> bool:
        """Whether the errors of a population's cdf are at most its `target` (0.01 if none was given); else True."""
        return bool(self.facts.get("converged", True))

    def largest(self, width: float | None = None, *, signal: str | None = None) -> NoReturn:
        """Raise an error: under heavy tails the largest eigenvalue follows single weights and has no edge to lie at.

        Parameters
        ----------
        width : float, optional
            As in `rmtjac.LimitSpectrum.largest`.
        signal : str, optional
            As in `rmtjac.LimitSpectrum.largest`.

        Raises
        ------
        ValueError
            Always; `rmtjac.spectra.sample_largest` samples the largest eigenvalue.
        """
        raise ValueError(
            "weights without a fourth moment have no law of the largest eigenvalue at an edge: the limit reaches to "
            f"infinity (tail exponent {self.tail.exponent:.6g}), and single weights decide"
        )

    def __repr__(self) -> str:
        widths = self.facts.get("ensemble", {}).get("widths")
        depth = f"depth {len(widths) - 1}, " if widths else ""
        how = f"smoothed by the angle {self.smoothing:.4g}" if self.smoothing > 0.0 else "no smoothing"
        error = f" ± {self.atom_error:.1g}" if self.atom_error > 1e-6 else ""
        return (
            f"HeavyTailedLimit({depth}method {self.method!r}, {how}, tail exponent {self.tail.exponent:.6g}, "
            f"atom {self.atom:.6g}{error}{'' if self.converged else ', not converged: the pools are too small'})"
        )
