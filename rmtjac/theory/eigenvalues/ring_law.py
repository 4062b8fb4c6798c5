"""The limiting law of the complex eigenvalues of a square Jacobian.

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
from rmtjac.propagation.mean_field import mean_field
from rmtjac.provenance import provenance
from rmtjac.theory.eigenvalues.circles import Circles
from rmtjac.theory.equation.layers import Layers
from rmtjac.theory.equation.layers_of_ensemble import layers_of_ensemble, weight_variances
from rmtjac.validate import positive_int

__all__ = ["RingLaw"]

_SCHEMA = Schema(
    "RingLaw",
    arrays={"r": "float points", "cdf": "float points", "density": "float points"},
    facts={"ensemble": "object", "input_variance": "any", "provenance": "object"},
)
_ORDERS = (0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


@dataclass(frozen=True, eq=False)
class RingLaw(Circles):
    r"""The limiting law of the eigenvalues of a square J: a ring around 0, and an atom at 0.

    Made by `limit_eigenvalues`, or from `Layers` with equal first and last widths. The law does not depend on the
    angle. Its radial cdf :math:`F(r) = P(|z| \le r)` follows from the explicit
    :math:`r^2 = m \lambda(m) / (1 + m)`, m = F - 1, with lambda(m) of `rmtjac.theory.equation.roots`.

    Attributes
    ----------
    layers : Layers
        Laws of D^2, weight variances, widths and kinds of weights, one per layer.
    facts : dict
        What the law was made from (ensemble, input variance), for files; empty if it was made from layers.

    See Also
    --------
    limit_eigenvalues : The law of an ensemble.
    sample_eigenvalues : Sampled eigenvalues.
    rmtjac.plotting.plot_ring : Draw the ring.

    Notes
    -----
    The first call of a method builds a table, in 5 to 300 ms (some seconds for many layers with different laws). Then
    1000 values of `cdf`, `density` or `quantile` take 0.1 to 0.5 ms.

    References
    ----------
    docs/theory/eigenvalues.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> law = rj.limit_eigenvalues(rj.Ensemble.square(1000, 3, "hardtanh", rj.Gaussian(1.2)))
    >>> law
    RingLaw(depth 3, |z| <= 0.9..., atom 0.404657)
    >>> law = rj.limit_eigenvalues(rj.Ensemble.square(1000, 4, "linear"))  # F = r^(2/L)
    >>> law.cdf([0.0, 0.25, 1.0, 3.0]), law.quantile(0.5)
    (array([0. , 0.5, 1. , 1. ]), array(0.25))
    """

    layers: Layers
    facts: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        widths = self.layers.widths
        assert widths is not None
        if widths[0] != widths[-1]:
            raise ValueError(
                f"widths n_0={widths[0]:g} and n_L={widths[-1]:g} differ: J is not square and has no eigenvalues; "
                "limit_spectrum gives its singular values"
            )

    @classmethod
    def from_ensemble(cls, ensemble: Ensemble, *, input_variance: float | str = 1.0) -> RingLaw:
        """Return the law of an ensemble, as `rmtjac.limit_eigenvalues` does, whose docstring explains the arguments.

        Parameters
        ----------
        ensemble : Ensemble
            The networks.
        input_variance : float or {"stationary"}
            The q_0 = |x^0|^2 / n_0 of the input.

        Returns
        -------
        RingLaw
            The law.

        Raises
        ------
        ValueError, TypeError
            For the same reasons as in `rmtjac.limit_eigenvalues`.
        """
        for one in ensemble.weights:
            if not one.finite_variance:
                raise ValueError(
                    f"weights={one!r} have no variance: J is not R-diagonal with a finite variance in the limit, and "
                    "the single ring theorem does not hold; sample_eigenvalues samples its eigenvalues"
                )
        first, last = ensemble.widths[0], ensemble.widths[-1]
        if first != last:
            raise ValueError(f"{ensemble!r}: J is {last} x {first}; eigenvalues need a square Jacobian")
        weight_variances(ensemble)  # raises an error for weights without a limit, before their signal is propagated
        signal = mean_field(ensemble, input_variance)
        facts = {"ensemble": ensemble.to_dict(), "input_variance": signal.input_variance}
        return cls(layers_of_ensemble(ensemble, signal), facts)

    def curve(self, points: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return radii from the inner to the outer circle, at equal steps of probability, with cdf and density.

        Parameters
        ----------
        points : int
            How many.

        Returns
        -------
        r : ndarray of float, shape (points,)
            The radii, ascending.
        cdf : ndarray of float, shape (points,)
            The cdf there.
        density : ndarray of float, shape (points,)
            The radial density there.

        Raises
        ------
        ValueError, TypeError
            If `points` is not a positive whole number.
        """
        # At equal steps of (i/n)^2 the curve has points where F is small too.
        points = positive_int("points", points)
        share = np.linspace(0.0, 1.0, points) ** 2
        share[0] = 1e-6 / points**2
        with np.errstate(over="ignore", under="ignore"):
            r = np.exp(self.log_quantile_nonzero(share))
        return r, self.cdf(r), self.density(r)

    def to_pandas(self, points: int = 400) -> Any:
        """Return the curve as a table (needs pandas).

        Parameters
        ----------
        points : int
            Number of radii.

        Returns
        -------
        DataFrame
            Columns ``r``, ``cdf``, ``density`` and ``planar_density``.
        """
        import pandas as pd

        r, cdf, density = self.curve(points)
        return pd.DataFrame({"r": r, "cdf": cdf, "density": density, "planar_density": self.planar_density(r)})

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers of the table as a dict that JSON can hold."""
        quantiles = {str(p): float(self.log_quantile_nonzero(p)) for p in _ORDERS}
        return {
            "log_spectral_radius": self.log_spectral_radius,
            "inner_radius": self.inner_radius,
            "atom": self.atom,
            "log_mean": self.log_mean(),
            "stable": self.log_spectral_radius < 0.0,
            "log_quantiles_nonzero": quantiles,
            "cdf_error": self.cdf_error,
        }

    def table(self) -> str:
        """Return the numbers of the law as a text table."""
        numbers = self.to_dict()
        state = "below" if numbers["stable"] else "not below"
        lines = [
            repr(self),
            f"spectral radius {math.exp(min(self.log_spectral_radius, 709.0)):.10g} ({state} 1), "
            f"inner radius {self.inner_radius:.10g}, atom at 0 {self.atom:.10g}",
            f"mean of log|z| over z != 0: {numbers['log_mean']:.10g}",
            "quantiles of |z| over z != 0",
            f"{'order':>8}{'|z|':>16}{'log|z|':>14}",
        ]
        lines += [
            f"{float(p):8.2f}{math.exp(min(x, 709.0)):16.8g}{x:14.6g}"
            for p, x in numbers["log_quantiles_nonzero"].items()
        ]
        return "\n".join(lines)

    def save(self, path: str | Path) -> Path:
        """Write what defines the law, and its curve, to a file (npz without pickles).

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
            If the law was made from layers and not from an ensemble.
        OSError
            If the file cannot be written.
        """
        if not self.facts:
            raise ValueError("this law was made from layers, not from an ensemble; save its curve with to_pandas")
        r, cdf, density = self.curve()
        return save(
            path, "RingLaw", {**self.facts, "provenance": provenance()}, {"r": r, "cdf": cdf, "density": density}
        )

    @classmethod
    def load(cls, path: str | Path) -> RingLaw:
        """Read a law that `save` wrote, and build it again from its ensemble.

        Parameters
        ----------
        path : str or Path
            The file.

        Returns
        -------
        RingLaw
            The law.

        Raises
        ------
        ValueError
            If the file is damaged, or holds something else.
        """

        def build(facts: dict[str, Any], _: dict[str, np.ndarray]) -> RingLaw:
            return cls.from_ensemble(Ensemble.from_dict(facts["ensemble"]), input_variance=facts["input_variance"])

        return restore(path, _SCHEMA, build)

    def __repr__(self) -> str:
        top = self.log_spectral_radius
        outer = f"{math.exp(top):.6g}" if abs(top) < 700.0 else f"exp({top:.6g})"
        if self.circle:
            return f"RingLaw(depth {self.layers.depth}, |z| = {outer})"
        inner = f"{self.inner_radius:.6g} <= " if self.inner_radius > 0.0 else ""
        return f"RingLaw(depth {self.layers.depth}, {inner}|z| <= {outer}, atom {self.atom:.6g})"
