"""The limiting spectrum of an ensemble: how it is made, printed, written to a file and read again.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from rmtjac.archive.results import restore, save
from rmtjac.archive.schema import Schema
from rmtjac.ensemble import Ensemble
from rmtjac.propagation.mean_field import mean_field
from rmtjac.provenance import provenance
from rmtjac.theory.equation.layers_of_ensemble import layers_of_ensemble, weight_variances
from rmtjac.theory.finite_width.extreme_law import ExtremeLaw
from rmtjac.theory.finite_width.law_at_edge import checked_signal, extreme_law, forward_pass, soft_edge
from rmtjac.theory.limit.density import LimitDensity
from rmtjac.theory.limit.solution import Solution
from rmtjac.validate import choice, positive_int

__all__ = ["LimitSpectrum"]

_SCHEMA = Schema(
    "LimitSpectrum",
    arrays={"lam": "float points", "density": "float points"},
    facts={
        "ensemble": "object",
        "input_variance?": "any",
        "method?": "text",
        "digits?": "count",
        "certify?": "bool",
        "provenance": "object",
        "*": "any",
    },
)


@dataclass(frozen=True, eq=False)
class LimitSpectrum(LimitDensity):
    """The limiting law of the eigenvalues lambda = s^2 of M = J J^T: an atom at 0 and a density.

    Made by `limit_spectrum`, or from `Layers`. All functions broadcast over lambda; at negative lambda density and cdf
    are 0. If no layer has Gaussian weights there may be atoms off 0 (`atoms`). Every method raises an ArithmeticError
    if the mass on the support differs from 1 by more than 1e-7.

    Attributes
    ----------
    layers : Layers
        Laws of D^2, weight variances, widths and kinds of weights, one per layer.
    method : {"inverse", "continuation"}
        Route of the density.
    digits : int
        Working precision of the route ``"continuation"``, in decimal digits.
    certified : bool
        Whether `density` and `density_error` are proved (`certify`).
    facts : dict
        What the limit was made from (ensemble, input variance, options), for files; empty if it was made from layers.

    See Also
    --------
    rmtjac.limit_spectrum : The limit of an ensemble.
    rmtjac.compare : A sampled spectrum and its limit side by side.

    References
    ----------
    BS (14); docs/theory/limit_equation.md. See docs/references.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> lim = rj.limit_spectrum(rj.Ensemble.square(1000, 2, "relu"))
    >>> lim
    LimitSpectrum(depth 2, support (0, 2.77254], atom 0.5)
    >>> lim.cdf([0.0, 1.0, 3.0]).round(6)
    array([0.5     , 0.907648, 1.      ])
    >>> lim.edges
    (Edge(0, hard, exponent -0.5), Edge(2.77254, square-root, exponent 0.5))
    """

    facts: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_ensemble(
        cls,
        ensemble: Ensemble,
        *,
        input_variance: float | str = 1.0,
        method: str = "inverse",
        digits: int = 15,
        certify: bool = False,
    ) -> LimitSpectrum:
        """Return the limit of an ensemble, as `rmtjac.limit_spectrum` does, whose docstring explains the arguments.

        Parameters
        ----------
        ensemble : Ensemble
            The networks.
        input_variance : float or {"stationary"}
            The q_0 = |x^0|^2 / n_0 of the input.
        method : {"inverse", "continuation"}
            Route of the density.
        digits : int
            Working precision of the route ``"continuation"``.
        certify : bool
            Whether the density is proved.

        Returns
        -------
        LimitSpectrum
            The limit.

        Raises
        ------
        ValueError, NotImplementedError, ImportError
            For the same reasons as in `rmtjac.limit_spectrum`.
        """
        choice("method", method, ("inverse", "continuation"))
        positive_int("digits", digits)
        if certify:
            from rmtjac.theory.proof.arb import flint_module

            flint_module()
            if method != "inverse":
                raise ValueError(f"method={method!r} has no proof; certify=True needs method='inverse'")
        for one in ensemble.weights:
            if not one.finite_variance:
                raise ValueError(
                    f"weights={one!r} have no variance, and BS (14) does not hold for them; limit_spectrum returns "
                    "their limit as a HeavyTailedLimit"
                )
        weight_variances(ensemble)  # raises an error for weights without a limit, before their signal is propagated
        signal = mean_field(ensemble, input_variance)
        facts = {
            "ensemble": ensemble.to_dict(),
            "input_variance": signal.input_variance,
            "method": method,
            "digits": digits,
            "certify": certify,
        }
        lim = cls(layers_of_ensemble(ensemble, signal), method, digits, certify, facts)
        _ = lim.support  # raises an error for a support beyond the range of a float now, not at the first density
        if method == "continuation" and lim.layers.equal_law is None:
            lim.continuation([])  # raises its error now, not at the first density
        return lim

    @cached_property
    def solution(self) -> Solution:
        """The support, the atoms and the roots of the limit equation, on which all methods rest."""
        return Solution(self.layers, self.facts.get("ensemble"))

    def largest(self, width: float | None = None, *, signal: str | None = None) -> ExtremeLaw:
        """Return the law of the largest eigenvalue of M = J J^T at finite width.

        It is a Tracy-Widom law at the upper edge of the limit, convolved with the normal law that random masks D
        bring, and with the shift of order 1/N.

        Parameters
        ----------
        width : float, optional
            The number n_L of rows of J; the other widths keep their ratios to it. By default that of the ensemble.
        signal : {"network", "independent", "deterministic"}, optional
            Where D comes from: a forward pass; its mean-field law, independent of the weights; or given D whose laws
            are exactly those of the layers. The default is ``"network"`` for a limit that was made from an ensemble.

        Returns
        -------
        ExtremeLaw
            The law: cdf, density, quantiles, mean, P(norm of J < 1).

        Raises
        ------
        ValueError
            If the upper edge is not a square-root edge; if weights have no fourth moment; if an argument is out of
            range, or ``"network"`` is asked of a limit that was made from layers; or if the alignment of weights and
            masks puts an eigenvalue outside the support.
        TypeError
            If `width` is not a number.
        """
        return self._extreme(width, signal, upper=True)

    def smallest(self, width: float | None = None, *, signal: str | None = None) -> ExtremeLaw:
        """Return the law of the smallest eigenvalue off 0 of M = J J^T at finite width, at a soft lower edge.

        Parameters
        ----------
        width : float, optional
            As in `largest`.
        signal : {"network", "independent", "deterministic"}, optional
            As in `largest`.

        Returns
        -------
        ExtremeLaw
            The law.

        Raises
        ------
        ValueError
            If the lower edge is hard, at lambda = 0, or no square-root edge for another reason; and as in `largest`.
        TypeError
            If `width` is not a number.
        """
        return self._extreme(width, signal, upper=False)

    def _extreme(self, width: float | None, signal: str | None, *, upper: bool) -> ExtremeLaw:
        forward = forward_pass(self.facts["ensemble"], self.layers) if self.facts else None
        if forward is None and width is None:
            raise ValueError("width=None: this limit was made from layers, whose widths are only ratios; give a number")
        signal = checked_signal(signal, forward)
        edge = soft_edge(self.solution.ends, upper=upper)
        return extreme_law(self.layers, edge, width, signal, forward, upper=upper)

    def to_pandas(self, points: int = 400, scale: str = "log") -> Any:
        """Return the curve as a table (needs pandas).

        Parameters
        ----------
        points : int
            Number of points per interval of the support.
        scale : {"linear", "log"}
            As in `curve`.

        Returns
        -------
        DataFrame
            Columns ``lam``, ``density``, ``density_error`` and ``cdf``.
        """
        import pandas as pd

        lam, density = self.curve(points, scale=scale)
        return pd.DataFrame(
            {"lam": lam, "density": density, "density_error": self.density_error(lam), "cdf": self.cdf(lam)}
        )

    def save(self, path: str | Path) -> Path:
        """Write what defines the limit, and its curve, to a file (npz without pickles).

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
            If the limit was made from layers and not from an ensemble.
        OSError
            If the file cannot be written.
        """
        if not self.facts:
            raise ValueError(
                "this limit was made from layers, not from an ensemble; save its curve with to_pandas instead"
            )
        lam, density = self.curve(scale="log")
        return save(path, "LimitSpectrum", {**self.facts, "provenance": provenance()}, {"lam": lam, "density": density})

    @classmethod
    def load(cls, path: str | Path) -> LimitSpectrum:
        """Read a limit that `save` wrote, and build it again from its ensemble.

        Parameters
        ----------
        path : str or Path
            The file.

        Returns
        -------
        LimitSpectrum
            The limit.

        Raises
        ------
        ValueError
            If the file is damaged, or holds something else.
        """

        def build(facts: dict[str, Any], _: dict[str, np.ndarray]) -> LimitSpectrum:
            options = {name: facts[name] for name in ("input_variance", "method", "digits", "certify") if name in facts}
            return cls.from_ensemble(Ensemble.from_dict(facts["ensemble"]), **options)

        return restore(path, _SCHEMA, build)

    def __repr__(self) -> str:
        parts = [f"({a:.6g}, {b:.6g}]" if a == 0.0 else f"[{a:.6g}, {b:.6g}]" for a, b in self.support]
        parts += [f"{{{lam:.6g}}}" for lam, _ in self.atoms]
        more = "".join(f", {mass:.6g} at {lam:.6g}" for lam, mass in self.atoms)
        if self.hidden_gap > 1e-6:
            more += f", gaps of log lambda below {self.hidden_gap:.1g} may be hidden"
        return f"LimitSpectrum(depth {self.layers.depth}, support {' + '.join(parts)}, atom {self.atom:.6g}{more})"
